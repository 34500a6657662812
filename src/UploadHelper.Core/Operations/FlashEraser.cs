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

/// <summary>
/// Carries out an erase, the lowest sector first: a sketch loses its vector table before anything else.
/// </summary>
/// <param name="session">The board's bootloader.</param>
/// <param name="events">Receives progress.</param>
public sealed class FlashEraser(BootloaderSession session, Action<UploadEvent> events)
{
    /// <summary>The state of the board, in a sentence.</summary>
    public string State { get; private set; } = ErrorMessages.Unchanged;

    /// <summary>Reports what will be erased, and warns if the device has a limitation that matters.</summary>
    public void Announce(ErasePlan plan)
    {
        events(new ErasePlanned(plan));

        // Of all limitations, only this one matters if no sketch is written.
        if (session.Info is { SharesVectorPage: true, Limit: { } limit } && plan.Address == FlashAddress.FlashBase)
        {
            events(new UploadWarning(WarningCode.DeviceLimit, limit.Message, limit.Hint));
        }
    }

    /// <summary>Erases everything that a sketch may use, and reads it back.</summary>
    /// <param name="alternate">The alternate setting, or null for any.</param>
    /// <param name="from">The start of a sector from which on to erase, or null: from the first that a sketch may use.</param>
    /// <returns>As <see cref="Run"/>.</returns>
    /// <exception cref="UploadException">As <see cref="Run"/>, or <see cref="UploadError.NotWritable"/>: there is no such memory.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public bool RunAll(byte? alternate, uint? from = null)
    {
        var plan = new ErasePlanner(session.Memories, session.Info, alternate).Plan(from, null);
        Announce(plan);
        return Run(plan);
    }

    /// <summary>Erases and reads back: a write-protected sector reports no failure (AN3156).</summary>
    /// <returns>Whether every byte was read back and is erased; false if the device cannot be read.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.VerifyFailed"/>.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public bool Run(ErasePlan plan)
    {
        session.PrepareToChange();
        var bootloader = session.Select(plan.Memory);
        var (unconfirmed, touched) = States(plan);
        events(new FlashProgress(FlashPhase.Erase, 0, plan.Size));
        foreach (var sector in plan.Sectors)
        {
            State = session.Info.SharesVectorPage && sector.Address == FlashAddress.FlashBase ? InterruptedUpload.InSharedPage(session.Info)
                : State == touched ? touched
                : unconfirmed;
            bootloader.Erase(sector);
            State = bootloader.IsSequential ? State : touched;
            events(new FlashProgress(FlashPhase.Erase, sector.End - plan.Address, plan.Size));
        }

        bootloader.Flush();
        State = touched;
        return bootloader.CanRead && IsErased(bootloader, plan);
    }

    // Only an erase of the vector table is known to keep the old sketch from being started. Elsewhere there may be data.
    private (string Unconfirmed, string Touched) States(ErasePlan plan) => plan.Address <= session.SketchStart && session.SketchStart < plan.End
        ? (InterruptedUpload.EraseUnconfirmed, InterruptedUpload.SketchIncomplete)
        : ($"The board did not confirm the first erase: 0x{plan.Address:X8} to 0x{plan.End - 1:X8} is either unchanged or partly erased.",
            $"The bootloader is intact; 0x{plan.Address:X8} to 0x{plan.End - 1:X8} is erased, at least in part.");

    private bool IsErased(IBootloader bootloader, ErasePlan plan)
    {
        var difference = FirstNotErased(bootloader, plan.Address, plan.Size, session.Info.ErasedValue, events);
        return difference is not { } found
            ? true
            : throw new UploadException(
                UploadError.VerifyFailed,
                $"0x{found.Address:X8} is not erased: it contains 0x{found.Found:X2}. {State}",
                "The sector may be write-protected (option bytes) or worn out. Through a serial adapter, `upload-helper unprotect --uart --write-only` removes a write protection.");
    }

    /// <summary>Reads a range up to its first byte that is not erased, and reports the progress.</summary>
    /// <returns>That byte, or null if all are erased.</returns>
    internal static Difference? FirstNotErased(IBootloader bootloader, uint address, int size, byte erased, Action<UploadEvent> events)
    {
        var blank = new byte[size];
        blank.AsSpan().Fill(erased);
        long done = 0;
        return Comparison.FirstDifference(bootloader, new Segment(address, blank), same => events(new FlashProgress(FlashPhase.Verify, done += same, size)));
    }
}

/// <summary>What an erase erases. It touches nothing else.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Sectors">Its sectors, ascending and without a gap; at least one.</param>
public sealed record ErasePlan(DfuMemory Memory, IReadOnlyList<Sector> Sectors)
{
    /// <summary>Address of the first byte.</summary>
    public uint Address => Sectors[0].Address;

    /// <summary>Address after the last byte.</summary>
    public long End => Sectors[^1].End;

    /// <summary>Number of bytes.</summary>
    public int Size => (int)(End - Address);
}

/// <summary>Plans an erase, or refuses it: never read-only sectors, option bytes, or sectors that a bootloader would erase wrongly.</summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="info">The bootloader's entry in the catalogue.</param>
/// <param name="alternate">The alternate setting that the user selects, or null for the one whose memory contains the address.</param>
public sealed class ErasePlanner(IReadOnlyList<DfuMemory> memories, BootloaderInfo info, byte? alternate)
{
    private readonly SketchArea _area = new(memories, info, alternate);

    /// <summary>Plans an erase.</summary>
    /// <param name="address">Where it begins, at the start of a sector; null for the first sector that may hold a sketch.</param>
    /// <param name="length">Number of bytes, in whole sectors; null up to the end of the area for sketches.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotInMemory"/>, <see cref="UploadError.NotASectorStart"/>, <see cref="UploadError.NotWritable"/> or <see cref="UploadError.NotSupported"/>.
    /// </exception>
    public ErasePlan Plan(uint? address, long? length)
    {
        if (info.TakesWholeImages)
        {
            throw new UploadException(
                UploadError.NotSupported,
                $"This bootloader ({info.Name}) has no request that erases. {ErrorMessages.Unchanged}",
                "Upload another sketch in its place.");
        }

        if (length is null && info.HidesFlashSize)
        {
            throw new UploadException(
                UploadError.NotWritable,
                $"The size of this board's flash cannot be queried, and beyond its end this bootloader fails ({info.Name}). {ErrorMessages.Unchanged}",
                "Give the first byte and the number of bytes. `upload-helper erase 0x800 0x800`, for example, erases the first 2 KiB of a sketch at 0x800: it is not started any more.");
        }

        var range = new MemoryRanges(memories, alternate).From(address ?? _area.Start, length);
        if (range.Memory.FixedStart is { } start && range.Address != start)
        {
            throw NotFromStart(range.Memory, start);
        }

        var sectors = new List<Sector>();
        for (long at = range.Address; at < range.End; at = sectors[^1].End)
        {
            var sector = range.Memory.Map.SectorAt(at)!.Value;
            if (_area.WhyExcluded(range.Memory, sector) is { } why)
            {
                // The area for sketches ends here. An explicit length that goes beyond it is refused.
                if (length is null && sectors.Count > 0)
                {
                    break;
                }

                throw Refused(range.Memory, sector, why);
            }

            sectors.Add(sector);
        }

        return length is null || sectors[^1].End == range.End
            ? new ErasePlan(range.Memory, sectors)
            : throw EndsInsideSector(range, sectors[^1]);
    }

    private UploadException Refused(DfuMemory memory, Sector sector, string why) => new(
        UploadError.NotWritable,
        $"The sector 0x{sector.Address:X8} to 0x{sector.End - 1:X8} {why}. {ErrorMessages.Unchanged} Memory map: {memory.Map}",
        $"On this board, a sketch can begin at 0x{_area.Start:X8}. Without an address, `erase` erases the whole area for sketches.");

    private static UploadException NotFromStart(DfuMemory memory, uint start) => new(
        UploadError.NotWritable,
        $"Through alternate setting {memory.Alternate.Setting} this bootloader erases only from 0x{start:X8} on (\"{memory.Alternate.Name}\"). {ErrorMessages.Unchanged}",
        $"Use 0x{start:X8}, or omit the address.");

    private static UploadException EndsInsideSector(MemoryRange range, Sector last) => new(
        UploadError.NotASectorStart,
        $"{range.Length} bytes from 0x{range.Address:X8} end inside the sector 0x{last.Address:X8} to 0x{last.End - 1:X8}, which can only be erased as a whole. "
            + $"{ErrorMessages.Unchanged} Memory map: {range.Memory.Map}",
        (last.Address > range.Address ? $"Use 0x{last.Address - range.Address:X} to leave that sector out, or " : "Use ")
            + $"0x{last.End - range.Address:X} to erase it too.");
}
