using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>
/// Reads the ELF files that a linker writes. Bytes go to their physical addresses (p_paddr), because initial values of
/// variables are stored in flash and copied to RAM. Within a segment only sections count: if there is room, linkers put
/// the file's own headers into the first segment, before the vector table, which is where the bootloader is.
/// </summary>
internal static class ElfReader
{
    /// <summary>Reads what belongs in flash, and lists what does not.</summary>
    /// <exception cref="UploadException">The file is damaged (the message gives the byte), or it is for another processor.</exception>
    public static FileParts Read(ImageFile file)
    {
        var errors = new FileErrors(file.Name, "ELF file", isText: false);
        var headers = new ElfHeaders(file.Content, errors);
        headers.Check();

        var builder = new SegmentBuilder(errors);
        var leftOut = new List<LeftOutSegment>();
        var total = 0L;
        foreach (var (name, load, offset, size) in Parts(headers))
        {
            // In a malicious file all headers can claim the same bytes; limit the memory use to the size of the file.
            total += size;
            if (total > file.Content.Length)
            {
                throw errors.At(load.Position, $"the segments are larger than the file ({file.Content.Length} bytes)");
            }

            var part = new Segment(load.Physical + (offset - load.Offset), file.Content.Slice((int)offset, (int)size));
            if (RamMap.IsVolatile(part.Address, part.End))
            {
                leftOut.Add(new LeftOutSegment(part.Address, part.Data.Length, name));
            }
            else
            {
                builder.Add(part.Address, part.Data, (int)offset);
            }
        }

        return FileParts.Of(builder.Build()) with { LeftOut = leftOut, Processor = headers.Processor };
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

/// <summary>A program header that loads bytes (PT_LOAD).</summary>
/// <param name="Position">Offset of this header in the file.</param>
/// <param name="Offset">p_offset: where its bytes begin in the file.</param>
/// <param name="Size">p_filesz.</param>
/// <param name="Virtual">p_vaddr: where the program finds the bytes.</param>
/// <param name="Physical">p_paddr: where they are stored, in flash.</param>
internal readonly record struct ElfLoad(int Position, uint Offset, uint Size, uint Virtual, uint Physical);

/// <summary>A section that is loaded (SHF_ALLOC) and has bytes in the file.</summary>
/// <param name="Position">Offset of its header in the file.</param>
/// <param name="Name">Its name, or null if the file has no names.</param>
/// <param name="Address">sh_addr: where the program finds it.</param>
/// <param name="Offset">sh_offset: where its bytes begin in the file.</param>
/// <param name="Size">sh_size.</param>
internal readonly record struct ElfSection(int Position, string? Name, uint Address, uint Offset, uint Size);

/// <summary>The tables of an ELF file for a 32-bit ARM or RISC-V (System V ABI, "Object Files"; ELF for the ARM Architecture; RISC-V ELF psABI).</summary>
/// <param name="content">The file.</param>
/// <param name="errors">Makes the error messages.</param>
internal sealed class ElfHeaders(ReadOnlyMemory<byte> content, FileErrors errors)
{
    private const int HeaderSize = 52;
    private const int ProgramHeaderSize = 32;
    private const int SectionHeaderSize = 40;
    private const int LongestName = 64;
    private const int MostProgramHeaders = 256;

    private const byte Class32 = 1;
    private const byte LittleEndian = 1;
    private const ushort Arm = 40;
    private const ushort RiscV = 243;
    private const ushort Executable = 2;
    private const uint Load = 1;
    private const uint NoBits = 8;
    private const uint Alloc = 2;

    /// <summary>End of the headers at the start of the file; a linker can include them in the first segment.</summary>
    public long End => Math.Max(HeaderSize, ProgramHeaders.At == HeaderSize ? ProgramHeaders.At + (long)ProgramHeaders.Count * ProgramHeaderSize : 0);

    private (uint At, ushort Count) ProgramHeaders => (Word(0x1C), Half(0x2C));

    private (uint At, ushort Count) SectionHeaders => (Word(0x20), Half(0x30));

    /// <summary>The processor that it is for.</summary>
    public Processor Processor => Half(0x12) == RiscV ? Processor.RiscV : Processor.Arm;

    /// <summary>Checks that it is an executable for a 32-bit ARM or RISC-V.</summary>
    public void Check()
    {
        if (content.Length < HeaderSize)
        {
            throw errors.At(content.Length, $"the file ends inside its header ({HeaderSize} bytes)");
        }

        if (content.Span[4] != Class32)
        {
            throw errors.Foreign(content.Span[4] == 2 ? "it is for a 64-bit processor" : $"its ELF class is {content.Span[4]}", "32-bit code");
        }

        if (content.Span[5] != LittleEndian)
        {
            throw errors.Foreign(content.Span[5] == 2 ? "it is big-endian" : $"its byte order is unknown ({content.Span[5]})", "little-endian code");
        }

        if (Half(0x12) is not (Arm or RiscV) and var machine)
        {
            throw errors.Foreign($"it is for {Machine(machine)}", "ARM code");
        }

        if (Half(0x10) is not Executable and var type)
        {
            throw errors.Foreign(
                type switch
                {
                    1 => "it is compiled but not linked",
                    3 => "it is a shared library or a position-independent program",
                    4 => "it is the memory image of a crashed program (core dump, ELF type 4)",
                    _ => $"it is not an executable (ELF type {type})",
                },
                "a linked program");
        }
    }

    /// <summary>The program headers that load bytes.</summary>
    public IEnumerable<ElfLoad> Loads()
    {
        var (table, count) = ProgramHeaders;
        CheckTable("program headers", 0x1C, table, count, Half(0x2A), ProgramHeaderSize);
        if (count > MostProgramHeaders)
        {
            // Every section is searched for in every program header.
            throw errors.At(0x2C, $"it has {count} program headers; the maximum is {MostProgramHeaders}");
        }

        for (var i = 0; i < count; i++)
        {
            var at = (int)table + i * ProgramHeaderSize;
            var load = new ElfLoad(at, Word(at + 4), Word(at + 16), Word(at + 8), Word(at + 12));
            if (Word(at) == Load && load.Size > 0)
            {
                CheckRange($"the segment for 0x{load.Physical:X8}", at, load.Offset, load.Size);
                yield return load;
            }
        }
    }

    /// <summary>The sections that are loaded and have bytes; none if the section headers were stripped.</summary>
    public IEnumerable<ElfSection> Sections()
    {
        var (table, count) = SectionHeaders;
        CheckTable("section headers", 0x20, table, count, Half(0x2E), SectionHeaderSize);
        for (var i = 0; i < count; i++)
        {
            var at = (int)table + i * SectionHeaderSize;
            var size = Word(at + 20);
            if ((Word(at + 8) & Alloc) != 0 && Word(at + 4) != NoBits && size > 0)
            {
                var section = new ElfSection(at, Name(at), Word(at + 12), Word(at + 16), size);
                CheckRange($"the section for 0x{section.Address:X8}", at, section.Offset, size);
                yield return section;
            }
        }
    }

    private string? Name(int section)
    {
        var (table, count) = SectionHeaders;
        var names = Half(0x32);
        var at = names < count ? Word((int)table + names * SectionHeaderSize + 16) + (long)Word(section) : content.Length;
        if (at >= content.Length)
        {
            return null;
        }

        var text = content.Span[(int)at..];
        text = text[..Math.Min(text.Length, LongestName)];
        var end = text.IndexOf((byte)0);
        return end == 0 ? null : System.Text.Encoding.Latin1.GetString(end < 0 ? text : text[..end]);
    }

    private void CheckTable(string what, int position, uint table, ushort count, ushort entry, int expected)
    {
        if (count > 0 && entry != expected)
        {
            throw errors.At(position, $"the {what} have {entry} bytes each instead of {expected}");
        }

        CheckRange($"the table of {count} {what}", position, table, (long)count * expected);
    }

    private void CheckRange(string what, int position, uint offset, long size)
    {
        if (size > 0 && offset + size > content.Length)
        {
            throw errors.At(position, $"{what} occupies bytes 0x{offset:X} to 0x{offset + size - 1:X}, but the file ends at 0x{content.Length - 1:X}");
        }
    }

    private uint Word(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(content.Span[offset..]);

    private ushort Half(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(content.Span[offset..]);

    private static string Machine(ushort machine) => machine switch
    {
        2 or 43 => "SPARC",
        3 => "x86",
        4 => "Motorola 68000",
        8 => "MIPS",
        20 or 21 => "PowerPC",
        42 => "SuperH",
        62 => "x86-64",
        83 => "AVR",
        94 => "Xtensa",
        105 => "MSP430",
        183 => "AArch64",
        _ => $"machine {machine}",
    };
}
