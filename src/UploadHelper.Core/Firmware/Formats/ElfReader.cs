using UploadHelper.Core.Boards;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>
/// Reads the ELF files that a linker makes. Bytes go to their physical addresses (p_paddr), since initial values of
/// variables are stored in flash and copied to RAM. Within a segment only sections count: linkers put the file's own
/// headers into the first segment if there is room, and so before the vector table, where the bootloader is.
/// </summary>
internal static class ElfReader
{
    /// <summary>Reads what belongs into flash, and what was left out.</summary>
    /// <exception cref="Uploading.UploadException">The file is broken, and the byte is named; or it is for another processor.</exception>
    public static FileParts Read(ImageFile file)
    {
        var trouble = new FileTrouble(file.Name, "an ELF file", isText: false);
        var headers = new ElfHeaders(file.Content, trouble);
        headers.Check();

        var builder = new SegmentBuilder(trouble);
        var leftOut = new List<LeftOutSegment>();
        var total = 0L;
        foreach (var (name, load, offset, size) in Parts(headers))
        {
            // Headers may all claim the same bytes; that must not take more memory than the file has.
            total += size;
            if (total > file.Content.Length)
            {
                throw trouble.At(load.Position, $"its segments take more bytes than the file has ({file.Content.Length})");
            }

            var part = new Segment(load.Physical + (offset - load.Offset), file.Content.Slice((int)offset, (int)size));
            if (RamMap.IsVolatile(part))
            {
                leftOut.Add(new LeftOutSegment(part.Address, part.Data.Length, name));
            }
            else
            {
                builder.Add(part.Address, part.Data, (int)offset);
            }
        }

        return FileParts.Of(builder.Build()) with { LeftOut = leftOut };
    }

    private static IEnumerable<(string? Name, ElfLoad Load, uint Offset, uint Size)> Parts(ElfHeaders headers)
    {
        var loads = headers.Loads().ToList();
        var sections = headers.Sections().ToList();
        if (sections.Count > 0)
        {
            return from section in sections
                   let load = loads.FirstOrDefault(l => Holds(l, section))
                   where load.Size > 0
                   select (section.Name, load, section.Offset, section.Size);
        }

        return from load in loads
               let start = load.Offset == 0 ? (uint)Math.Min(headers.End, load.Size) : load.Offset
               where start - load.Offset < load.Size
               select ((string?)null, load, start, load.Size - (start - load.Offset));
    }

    private static bool Holds(ElfLoad load, ElfSection section) =>
        section.Offset >= load.Offset
        && section.Offset + (long)section.Size <= load.Offset + (long)load.Size
        && section.Address - load.Virtual == section.Offset - load.Offset;
}
