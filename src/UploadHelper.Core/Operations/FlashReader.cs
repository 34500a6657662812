using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>Reads the flash of a board.</summary>
/// <param name="session">The board's bootloader.</param>
/// <param name="events">Receives progress.</param>
public sealed class FlashReader(BootloaderSession session, Action<UploadEvent> events)
{
    /// <summary>Reads a range.</summary>
    /// <param name="address">Address of the first byte; a sector must begin there.</param>
    /// <param name="length">Number of bytes, above zero; null up to the end of the memory. More than that is refused: bootloaders crash there.</param>
    /// <param name="alternate">The alternate setting, or null for the one whose memory contains the address.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotSupported"/>: the bootloader does not allow reading. <see cref="UploadError.NotInMemory"/>,
    /// <see cref="UploadError.NotASectorStart"/>.
    /// </exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused, or returned too few bytes.</exception>
    public Segment Read(uint address, long? length, byte? alternate) => Read(Ranges(address, length, alternate).From(address, length).OutsideOptions());

    /// <summary>Reads a range that may begin anywhere, and also in option bytes or OTP: reading changes nothing there.</summary>
    /// <param name="address">Address of the first byte.</param>
    /// <param name="length">Number of bytes, above zero; null up to the end of the memory.</param>
    /// <param name="alternate">The alternate setting, or null for the one whose memory contains the address.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>, <see cref="UploadError.NotInMemory"/>.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused, or returned too few bytes.</exception>
    public Segment ReadAnywhere(uint address, long? length, byte? alternate) => Read(Ranges(address, length, alternate).Within(address, length));

    private MemoryRanges Ranges(uint address, long? length, byte? alternate)
    {
        session.Reach(address + (length ?? uint.MaxValue));
        return new MemoryRanges(session.Memories, alternate);
    }

    private Segment Read(MemoryRange range)
    {
        var bootloader = session.Readable(range.Memory);
        var data = new byte[range.Length];
        events(new FlashProgress(FlashPhase.Read, 0, data.Length));
        bootloader.Read(range.Address, range.Length, (from, read) =>
        {
            var at = (int)(from - range.Address);
            read.CopyTo(data.AsMemory(at));
            events(new FlashProgress(FlashPhase.Read, at + read.Length, data.Length));
            return true;
        });
        return new Segment(range.Address, data);
    }
}

/// <summary>Compares the flash of a board with an image. Writes nothing.</summary>
/// <param name="session">The board's bootloader.</param>
/// <param name="events">Receives progress and the first difference.</param>
public sealed class ImageVerifier(BootloaderSession session, Action<UploadEvent> events)
{
    /// <summary>Compares every byte of an image, up to the first that differs.</summary>
    /// <param name="image">The image.</param>
    /// <param name="alternate">The alternate setting that the user selects, or null to go by the file or the addresses.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.VerifyFailed"/>: the board contains something else. <see cref="UploadError.NotInMemory"/>: it has no
    /// such memory. <see cref="UploadError.NotASectorStart"/>: no sector begins where the image does. <see cref="UploadError.NotSupported"/>: its bootloader does not allow reading.
    /// </exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused, or returned too few bytes.</exception>
    public void Verify(FirmwareImage image, byte? alternate)
    {
        session.Reach(image.End);

        // Find all memories before the first byte is read.
        var parts = image.Targets.SelectMany(t => t.Segments.Select(s => (Segment: s, RangeOf(image, s, alternate ?? t.Alternate).Memory))).ToList();
        long done = 0;
        foreach (var (segment, memory) in parts)
        {
            // The board keeps its own words there, which do not belong to the sketch.
            var onBoard = session.Info.KeptVectors?.Cleared(segment) ?? segment;
            var difference = Comparison.FirstDifference(
                session.Readable(memory), onBoard, same => events(new FlashProgress(FlashPhase.Verify, done += same, image.Size)));
            if (difference is { } found)
            {
                events(new DifferenceFound(found));
                throw new UploadException(
                    UploadError.VerifyFailed,
                    $"The board does not contain {image.Name}: at 0x{found.Address:X8} the file has 0x{found.Expected:X2}, but the board has 0x{found.Found:X2}. "
                        + ErrorMessages.Unchanged,
                    "If this sketch should be on the board, upload it again. A sketch that stores data in its own flash area differs there.");
            }
        }
    }

    // A sketch must begin at the start of a sector.
    private MemoryRange RangeOf(FirmwareImage image, Segment segment, byte? alternate)
    {
        var ranges = new MemoryRanges(session.Memories, alternate);
        var range = image.IsProgram && segment.Address == image.Start
            ? ranges.From(segment.Address, segment.Data.Length)
            : ranges.Within(segment.Address, segment.Data.Length);
        return range.OutsideOptions();
    }
}

/// <summary>Finds ranges in the memories of a board, and refuses those outside them.</summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="alternate">The alternate setting that the user selects, or null for the one whose memory contains the address.</param>
public sealed class MemoryRanges(IReadOnlyList<DfuMemory> memories, byte? alternate)
{
    /// <summary>The range from an address on, which must be the start of a sector.</summary>
    /// <param name="address">Address of the first byte.</param>
    /// <param name="length">Number of bytes, above zero; null up to the next gap or the end of the memory.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotInMemory"/> or <see cref="UploadError.NotASectorStart"/>.</exception>
    public MemoryRange From(uint address, long? length)
    {
        var range = Within(address, length);
        var sector = range.Memory.Map.SectorAt(address)!.Value;
        return sector.Address == address
            ? range
            : throw new UploadException(
                UploadError.NotASectorStart,
                $"0x{address:X8} is not the start of a sector: it is inside the sector 0x{sector.Address:X8} to 0x{sector.End - 1:X8}. "
                    + $"{ErrorMessages.Unchanged} Memory map: {range.Memory.Map}",
                $"Did you mean 0x{sector.Address:X8}{(range.Memory.Map.Contains(sector.End) ? $" or 0x{sector.End:X8}" : "")}?");
    }

    /// <summary>The range from any address on.</summary>
    /// <param name="address">Address of the first byte.</param>
    /// <param name="length">Number of bytes, above zero; null up to the next gap or the end of the memory.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotInMemory"/>.</exception>
    public MemoryRange Within(uint address, long? length)
    {
        var memory = MemoryAt(address);
        var available = memory.Map.EndOfRegion(address) - address;
        return length is null || length <= available
            ? new MemoryRange(memory, address, checked((int)(length ?? available)))
            : throw new UploadException(
                UploadError.NotInMemory,
                $"The memory has only {available} bytes from 0x{address:X8} to its end, but {length} were requested. "
                    + $"{ErrorMessages.Unchanged} Memory map: {memory.Map}",
                $"Use a length of at most 0x{available:X} ({available}).");
    }

    private DfuMemory MemoryAt(uint address)
    {
        var allowed = memories.Where(m => alternate is null || m.Alternate.Setting == alternate).ToList();
        return allowed.FirstOrDefault(m => m.Map.Contains(address)) ?? throw new UploadException(
            UploadError.NotInMemory,
            $"0x{address:X8} is not in {(alternate is null ? "any memory of this board" : $"the memory of alternate setting {alternate}")}. "
                + $"{ErrorMessages.Unchanged} Memory map: {string.Join(", ", (allowed.Count == 0 ? memories : allowed).Select(m => $"alternate setting {m.Alternate.Setting}: {m.Map}"))}",
            memories.FirstOrDefault(m => m.Map.Contains(address)) is { } other
                ? $"It is in alternate setting {other.Alternate.Setting} (--alt {other.Alternate.Setting})."
                : "Check the address. `upload-helper list` (with a serial adapter: `upload-helper info --uart`) shows the memories.");
    }
}

/// <summary>Consecutive bytes in one memory of a board.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Address">Address of the first byte.</param>
/// <param name="Length">Number of bytes; above zero.</param>
public sealed record MemoryRange(DfuMemory Memory, uint Address, int Length)
{
    /// <summary>Address after the last byte.</summary>
    public long End => Address + (long)Length;

    /// <summary>The range, if it is in memory for sketches or data.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.AddressInvalid"/>: it is in option bytes, OTP or similar memory.</exception>
    public MemoryRange OutsideOptions() => OptionArea.Holds(Memory.Map, Address)
        ? throw new UploadException(
            UploadError.AddressInvalid,
            $"0x{Address:X8} is in {Memory.Map.Name}, {OptionArea.NotTouched}. {ErrorMessages.Unchanged}",
            "To read option bytes, use STM32CubeProgrammer.")
        : this;
}

/// <summary>The sectors of a board that may hold a sketch.</summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="info">The bootloader's entry in the catalogue.</param>
/// <param name="alternate">The alternate setting that the user selects, or null for any.</param>
internal sealed class SketchArea(IReadOnlyList<DfuMemory> memories, BootloaderInfo info, byte? alternate)
{
    /// <summary>The start of the first sector.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.NotWritable"/>: there is no such sector.</exception>
    public uint Start => memories
        .Where(m => alternate is null || m.Alternate.Setting == alternate)
        .OrderBy(m => m.FixedStart ?? 0)
        .SelectMany(m => m.Map.Groups.SelectMany(Starts).Where(a => WhyExcluded(m, m.Map.SectorAt(a)!.Value) is null))
        .Select(a => (uint?)a)
        .FirstOrDefault() ?? throw new UploadException(
            UploadError.NotWritable,
            $"This board has no writable sectors{(alternate is null ? "" : $" in alternate setting {alternate}")}. {ErrorMessages.Unchanged}",
            "`upload-helper list` shows its descriptors.");

    /// <summary>Why a sector does not belong to the area: "is read-only ..."; null if it does.</summary>
    public string? WhyExcluded(DfuMemory memory, Sector sector)
    {
        if (OptionArea.Holds(memory.Map, sector.Address))
        {
            return $"contains option bytes, OTP or similar memory ({memory.Map.Name}), which can lock a chip forever";
        }

        if (!sector.IsWritable)
        {
            return "is read-only: the bootloader protects it";
        }

        return info is { IsCertain: true, Writable: { } writable } && writable.Objection(sector) is { } why ? $"must not be erased: {why}" : null;
    }

    // A group can begin with sectors that no sketch uses.
    private IEnumerable<uint> Starts(SectorGroup group) =>
        info.Sketch?.Address is { } sketch && sketch >= group.Address && sketch < group.End ? [sketch]
        : info.Writable is { } writable && writable.Start > group.Address && writable.Start < group.End ? [group.Address, writable.Start]
        : [group.Address];
}
