using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>What to upload, and to which board; every option is resolved.</summary>
/// <param name="File">The image file.</param>
/// <param name="Address">Where the image begins; null if the file contains it.</param>
/// <param name="Filter">Which bootloader.</param>
public sealed record UploadRequest(ImageFile File, uint? Address, DeviceFilter Filter) : BootloaderRequest(Filter)
{
    /// <summary>The processor that the image is for; null if the file tells, or if it is an ARM.</summary>
    public Processor? Processor { get; init; }

    /// <summary>How many bytes the board's core allows for a sketch, or null if that is not known.</summary>
    public int? MaximumSize { get; init; }

    /// <summary>Whether to read back and compare.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Whether to write everything, without comparing with the board first.</summary>
    public bool Full { get; init; }

    /// <summary>Whether to erase first everything that a sketch may use, and not only the sectors that this one needs.</summary>
    public bool EraseAll { get; init; }

    /// <summary>Whether <see cref="EraseAll"/> includes what is below the sketch where the bootloader in ROM writes, although another bootloader may be there.</summary>
    public bool EraseBelow { get; init; }

    /// <summary>Whether the board is known to write from one address on, which only it can tell (plain DFU).</summary>
    public bool HasOneStart { get; init; }

    /// <summary>The checks of the image that only warn.</summary>
    public IReadOnlyList<Override> Overridden { get; init; } = [];

    /// <summary>Whether to start the sketch afterwards.</summary>
    public bool Leave { get; init; } = true;

    /// <summary>Whether to wait for the sketch's port afterwards.</summary>
    public WaitPort WaitPort { get; init; }

    /// <summary>
    /// Whether the board places the image: no address is given, the file has none, and every device that is meant writes from one
    /// address on, which only its descriptors or the alternate setting tell. Parsing the file can throw.
    /// </summary>
    public bool PlacedByBoard => Address is null
        && (HasOneStart || (Alternate is not null && Filter.Ids.Contains(MapleFamily.Id)) || (Filter.Ids.Count > 0 && Filter.Ids.All(id => id == HidFamily.Id)))
        && ImageReader.NeedsAddress(File);
}

/// <summary>The result of a successful upload.</summary>
/// <param name="Device">The bootloader.</param>
/// <param name="Address">Where the image begins.</param>
/// <param name="Size">Size of the image in bytes.</param>
/// <param name="Unchanged">How many of them were already on the board: compared byte by byte, and skipped.</param>
/// <param name="Verified">Whether every byte was read back and is correct.</param>
/// <param name="Left">Whether the bootloader accepted the request to start the sketch.</param>
/// <param name="Port">The serial port of the running sketch, or null if none was seen.</param>
/// <param name="Elapsed">The time since the search for the board began.</param>
public sealed record UploadResult(DfuDescription Device, uint Address, int Size, int Unchanged, bool Verified, bool Left, string? Port, TimeSpan Elapsed)
{
    /// <summary>How long the bootloader still takes to start the sketch; zero if it starts at once, or has been waited for.</summary>
    public TimeSpan StartsAfter { get; init; }

    /// <summary>Whether the bootloader comes back at the next reset unless the user sets BOOT0 low.</summary>
    public bool NeedsBoot0Low { get; init; }
}

/// <summary>The steps of an upload: image, reset, bootloader, plan, flash, leave, and the return of the sketch's port.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress, on the caller's thread.</param>
public sealed class Uploader(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>Runs one upload.</summary>
    /// <exception cref="UploadException">It failed; the exception says how, and in what state the board is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; a transfer in progress was completed.</exception>
    public UploadResult Run(UploadRequest request, CancellationToken cancellationToken) => Run(Read(request), request, cancellationToken);

    /// <summary>Reads and checks the image; null if only the board can tell where it belongs.</summary>
    /// <exception cref="UploadException">It cannot be read, or cannot run at its address.</exception>
    public FirmwareImage? Read(UploadRequest request) => request.PlacedByBoard ? null : Image(request, request.Address);

    /// <summary>Runs an upload whose image has already been read.</summary>
    /// <param name="image">The result of <see cref="Read"/>.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Checked before each transfer and in each wait.</param>
    /// <exception cref="UploadException">It failed; the exception says how, and in what state the board is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; a transfer in progress was completed.</exception>
    public UploadResult Run(FirmwareImage? image, UploadRequest request, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var sketchPort = request.Port is null ? null : PortNames.Find(ports.List(), request.Port);
        FlashJob? flash = null;
        FlashEraser? eraser = null;
        request = request with { Filter = request.Filter.For(image?.MadeFor), SketchStart = image?.Start };
        return new BoardOperation(bus, ports, time, events).Run(
            request,
            session =>
            {
                var (sketch, plan) = LeaveIfRefused(session, () => PlanFor(image ?? Image(request, AddressOf(session, request)), session, request, events));
                var sketchStart = new SketchStart(session, ports, time, events);
                if (request.Leave)
                {
                    sketchStart.Warn();
                }

                WarnIfNothingStarts(session, sketch);
                if (NeedsRestart(session, sketch.Start))
                {
                    session.Restart();
                    plan = PlanFor(sketch, session, request, _ => { }).Plan;
                }

                if (request.EraseAll)
                {
                    eraser = new FlashEraser(session, events);
                    eraser.RunAll(request.Alternate, session.Info.IsInRom && !request.EraseBelow ? SectorOf(session, sketch.Start) : null);
                }

                flash = new FlashJob(session, request.Full, request.Verify, events);
                var result = flash.Run(sketch, plan, () => PlanFor(sketch, session, request, _ => { }).Plan);
                var started = request.Leave
                    ? sketchStart.Run(sketch.IsProgram ? sketch.Start : session.SketchStart, result.HasWritten, sketchPort, request.WaitPort, cancellationToken)
                    : new StartResult(false, null, TimeSpan.Zero);
                return new UploadResult(
                    session.Description, sketch.Start, sketch.Size, result.Unchanged, result.Verified, started.Left, started.Port, time.GetElapsedTime(start))
                {
                    NeedsBoot0Low = session.Info.NeedsBoot0Low,
                    StartsAfter = IsKnownToStart(session, sketch, plan, request.Overridden) ? started.After : TimeSpan.Zero,
                };
            },
            () => eraser is not null && flash is not { State.HasChanged: true } ? eraser.State : flash?.State.Text ?? ErrorMessages.NothingErased,
            cancellationToken);
    }

    private static (FirmwareImage Image, FlashPlan Plan) PlanFor(FirmwareImage image, BootloaderSession session, UploadRequest request, Action<UploadEvent> events)
    {
        session.Reach(image.End);
        return (image, Preflight.Plan(image, session.Description, session.Memories, session.Info, request.Alternate, request.Overridden, events));
    }

    // Whether the catalogue's time until the start of a sketch holds: not for a bootloader that only resembles the entry, and
    // not for a sketch that was refused, but for --force.
    private static bool IsKnownToStart(BootloaderSession session, FirmwareImage image, FlashPlan plan, IReadOnlyList<Override> overridden) =>
        session.Info.IsCertain
        && !Preflight.Refusals(image, plan, session.Description, session.Info).Any(r => r.Error.Override is Override.Stack or Override.Address)
        && (overridden.Count == 0 || !image.IsProgram || !ImageCheck.Of(image).Refusals.Any());

    // A board that could write to either of two addresses (HID bootloader 2.0, or of January 2019) does not tell to which: the sketch does.
    private static uint? AddressOf(BootloaderSession session, UploadRequest request)
    {
        var starts = session.Memories
            .Where(m => request.Alternate is null || m.Alternate.Setting == request.Alternate)
            .Select(m => m.FixedStart)
            .OfType<uint>()
            .ToList();
        return starts is [] or [_] || ImageReader.WithoutAddress(request.File) is not { } content
            ? starts.Cast<uint?>().FirstOrDefault()
            : starts.Cast<uint?>().FirstOrDefault(start => LinkAddress.Of(new Segment(start!.Value, content)).LinkedFor == start);
    }

    private static uint? SectorOf(BootloaderSession session, uint address) =>
        session.Memories.FirstOrDefault(m => m.Map.Contains(address))?.Map.SectorAt(address)?.Address;

    // A chip starts what is at the start of its flash. The bootloader in ROM starts a sketch anywhere, but only once.
    private void WarnIfNothingStarts(BootloaderSession session, FirmwareImage image)
    {
        if (!session.Info.IsInRom || !image.IsProgram || !FlashAddress.IsInternalFlash(image.Start) || image.Start == FlashAddress.FlashBase
            || session.Memories.FirstOrDefault(m => m.Map.Contains(FlashAddress.FlashBase)) is not { } memory || !session.Select(memory).CanRead
            || BeginsWithStack(session, memory, FlashAddress.FlashBase))
        {
            return;
        }

        events(new UploadWarning(
            WarningCode.NoBootloader,
            $"The sketch is for 0x{image.Start:X8}, but there is no bootloader at 0x{FlashAddress.FlashBase:X8} that would start it after a reset.",
            "Install its bootloader (`upload-helper install-bootloader`), or compile the sketch for the start of the flash."));
    }

    // A refused board must not remain in a bootloader that stays forever once a host has sent it a request.
    private static T LeaveIfRefused<T>(BootloaderSession session, Func<T> check)
    {
        try
        {
            return check();
        }
        catch (UploadException) when (session is { Info.StaysOnceAsked: true, CanLeave: true })
        {
            session.Leave();
            throw;
        }
    }

    private FirmwareImage Image(UploadRequest request, uint? address)
    {
        var overridden = new List<UploadEvent>();
        var (image, check) = NamingBootloaders(() =>
        {
            var read = ImageReader.Read(request.File, address, request.Processor);
            CheckSize(read, request.MaximumSize);
            var found = read.IsProgram ? ImageCheck.Of(read) : null;
            Preflight.Pass((found?.Refusals ?? []).Select(r => new Refusal(r, null)), request.Overridden, overridden.Add);
            return (read, found);
        });
        events(new ImageChecked(image, check?.Fit));
        overridden.ForEach(events);
        foreach (var finding in check?.Findings ?? [])
        {
            if (finding.Warning is { } code)
            {
                events(new UploadWarning(code, finding.Message, finding.Hint));
            }
        }

        if (image.MadeFor is { IsIncomplete: true } ids)
        {
            events(new UploadWarning(
                WarningCode.FileIds,
                $"{image.Name} says that it was made for {new UsbId(ids.Vendor, ids.Product)}. No device has the id 0, so this is taken for {ids}.",
                "Check that it is the right file for this board."));
        }

        if (!image.IsProgram && image.Targets.Any(t => t.Alternate is null))
        {
            events(new UploadWarning(
                WarningCode.WrittenAsData,
                $"{image.Name} is for 0x{image.Start:X8}, outside the internal flash, and does not begin with a vector table for that address. It is written as data.",
                $"If it should be a program, compile it for 0x{image.Start:X8}."));
        }

        return image;
    }

    private static void CheckSize(FirmwareImage image, int? maximum)
    {
        var size = image.Segments.Where(s => FlashAddress.IsInternalFlash(s.Address)).Sum(s => s.Data.Length);
        if (size > maximum)
        {
            throw new UploadException(
                UploadError.ImageTooLarge,
                $"{image.Name} is too large: it has {size} bytes, but the board accepts sketches of at most {maximum} bytes. Nothing was erased.",
                "Make the sketch smaller, or check that the right board and bootloader are selected.");
        }
    }

    /// <summary>Reads or checks an image; if that fails, the error names the bootloaders for which the image was made.</summary>
    /// <param name="check">Reads or checks it.</param>
    /// <exception cref="UploadException">As <paramref name="check"/> throws it.</exception>
    public static T NamingBootloaders<T>(Func<T> check)
    {
        try
        {
            return check();
        }
        catch (UploadException e) when (e.LinkedFor is { } address && BootloaderCatalogue.NamesAt(address) is { } names)
        {
            throw new UploadException(e.Error, e.Message, $"The sketch was probably made for {names}. {e.Hint}", e);
        }
    }

    // Once its boot window is over, the bootloader would start the sketch as soon as the vector table is written, and
    // disconnect before the table can be verified.
    private static bool NeedsRestart(BootloaderSession session, uint address)
    {
        if (!session.Info.StartsSketchByItself || session.Memories.FirstOrDefault(m => m.Map.Contains(address)) is not { } memory)
        {
            return false;
        }

        return !BeginsWithStack(session, memory, address);
    }

    // Whether a program may begin there: its first word is an initial stack pointer.
    private static bool BeginsWithStack(BootloaderSession session, DfuMemory memory, uint address)
    {
        var isStack = false;
        session.Select(memory).Read(address, sizeof(uint), (_, word) =>
        {
            isStack = RamMap.FitsStack(BinaryPrimitives.ReadUInt32LittleEndian(word.Span));
            return false;
        });
        return isStack;
    }
}
