using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>The walk of an upload: image, reset, bootloader, plan, flash, leave, and the sketch's port again.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Told what goes on, on the caller's thread.</param>
public sealed class Uploader(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    private readonly SketchStart _sketchStart = new(ports, time, events);

    /// <summary>Carries one upload out.</summary>
    /// <exception cref="UploadException">It failed; the exception tells how, and how the board is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; a transfer in flight was finished.</exception>
    public UploadResult Run(UploadRequest request, CancellationToken cancellationToken) => Run(Read(request), request, cancellationToken);

    /// <summary>Reads and checks the image; null if that has to wait for a board that tells its place.</summary>
    /// <exception cref="UploadException">It is no good.</exception>
    public FirmwareImage? Read(UploadRequest request)
    {
        // A raw binary whose place an alternate setting names can only be looked at when the board has told it.
        return IsPlacedByBoard(request) ? null : Image(request, request.Address);
    }

    /// <summary>Carries an upload out whose image was read before.</summary>
    /// <param name="image">What <see cref="Read"/> returned.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Looked at before each transfer and in each wait.</param>
    /// <exception cref="UploadException">It failed; the exception tells how, and how the board is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; a transfer in flight was finished.</exception>
    public UploadResult Run(FirmwareImage? image, UploadRequest request, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var state = new UploadState();
        try
        {
            var sketchPort = request.Port is null ? null : PortNames.Find(ports.List(), request.Port);
            var connector = new BootloaderConnector(bus, ports, time, events);
            using var found = connector.Connect(request, cancellationToken);
            var plan = OrLeave(found, () => Plan(image ??= Image(request, AddressOf(found, request)), found, request));
            _sketchStart.Warn(found, request);
            var session = NeedsRestart(found, image!.Start) ? connector.Restart(found, request, cancellationToken) : found;
            using var job = new FlashJob(session, request, new BootloaderConnector(bus, ports, time, _ => { }), events);

            int? unchanged = null;
            var writes = false;
            var verified = job.Run(
                again => again == session ? plan : Plan(image, again, request),
                todo =>
                {
                    events(new PlanMade(todo, todo.Unchanged(image)));
                    if (todo.Memories.Count > 0 && !writes)
                    {
                        writes = true;
                        Warn(image, session, request);
                    }

                    unchanged ??= todo.Unchanged(image);
                    state.Begin(image, session.Info);
                },
                (phase, done, total) =>
                {
                    state.Progress(phase, done);
                    events(new FlashProgress(phase, done, total));
                },
                cancellationToken);
            state.End(verified);

            var program = image.HasVectorTable ? image.Start : job.Session.SketchStart;
            var (left, port, after) = request.Leave
                ? _sketchStart.Run(job.Session, request, program, writes, sketchPort, cancellationToken)
                : (false, null, TimeSpan.Zero);
            return new UploadResult(job.Session.Description, image.Start, image.Size, unchanged ?? 0, verified, left, port, time.GetElapsedTime(start))
            {
                StartsAfter = after,
            };
        }
        catch (UsbException e)
        {
            throw ErrorMessages.Explain(e, state.Text);
        }
        catch (DfuException e)
        {
            throw ErrorMessages.Explain(e, state.Text);
        }
        catch (OperationCanceledException)
        {
            events(new UploadCancelled(state.Text));
            throw;
        }
    }

    private static bool IsPlacedByBoard(UploadRequest request) =>
        request is { Address: null, Alternate: not null } && request.Filter.Ids.Contains(DfuDescription.MapleId) && ImageReader.NeedsAddress(request.File);

    private static uint? AddressOf(BootloaderSession session, UploadRequest request) =>
        session.Memories.FirstOrDefault(m => m.Alternate.Setting == request.Alternate)?.FixedStart;

    // A refused board must not be left in a bootloader that stays for ever once it was asked something.
    private static T OrLeave<T>(BootloaderSession session, Func<T> check)
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
        var image = Named(() => ImageReader.Read(request.File, address));
        var size = image.Segments.Where(s => FlashAddress.IsInternalFlash(s.Address)).Sum(s => s.Data.Length);
        if (size > request.MaximumSize)
        {
            throw new UploadException(
                UploadError.ImageTooLarge,
                $"{image.Name} has {size} bytes; the board takes sketches of up to {request.MaximumSize} bytes. Nothing was erased.",
                "Make the sketch smaller, or check that the right board and bootloader are chosen.");
        }

        var fit = image.HasVectorTable ? Named(() => VectorTable.Check(image)) : null;
        events(new ImageChecked(image, fit));
        if (fit is { IsSure: false })
        {
            events(new UploadWarning(
                WarningCode.AddressUnproven,
                $"{image.Name} holds too few code pointers ({fit.Pointers}) to tell which address it was linked for; 0x{image.Start:X8} is taken as right.",
                "If the sketch does not start, check that it was compiled for this offset."));
        }

        return image;
    }

    // A sketch for another address was most likely compiled for another bootloader.
    private static T Named<T>(Func<T> check)
    {
        try
        {
            return check();
        }
        catch (UploadException e) when (e.LinkedFor is { } address && KnownBootloaders.NamesAt(address) is { } names)
        {
            throw new UploadException(e.Error, e.Message, $"It was made for {names}. {e.Hint}", e);
        }
    }

    private static FlashPlan Plan(FirmwareImage image, BootloaderSession session, UploadRequest request)
    {
        var planner = new FlashPlanner(session.Memories, session.Description.Functional.TransferSize, session.Info.ErasedValue)
        {
            ProgramUnit = session.Info.ProgramUnit,
            LastWrite = session.Info.SharesVectorPage ? null : session.Info.LastWrite,
            SketchStart = session.Info.Writable?.Start ?? 0,
            VectorsLast = !session.Info.WritesInOneGo,
        };
        var plan = planner.Plan(image, request.Alternate);
        Preflight.Check(image, plan, session.Description, session.Info);
        return plan;
    }

    // Once its boot window is used up, it would start the sketch as soon as its vector table is written, and be gone
    // before that can be compared.
    private static bool NeedsRestart(BootloaderSession session, uint address)
    {
        if (!session.Info.StartsSketchByItself || session.Memories.FirstOrDefault(m => m.Map.Contains(address)) is not { } memory)
        {
            return false;
        }

        var hasSketch = false;
        session.Select(memory).Read(address, sizeof(uint), (_, word) =>
        {
            hasSketch = RamMap.FitsStack(BinaryPrimitives.ReadUInt32LittleEndian(word.Span));
            return false;
        });
        return !hasSketch;
    }

    private void Warn(FirmwareImage image, BootloaderSession session, UploadRequest request)
    {
        if (session.Info.Limit is { } limit)
        {
            events(new UploadWarning(WarningCode.DeviceLimit, limit.Message, limit.Hint));
        }

        if (InterruptedUpload.StartedAt(image, session.Info) is { } second && second != image.Start)
        {
            events(new UploadWarning(
                WarningCode.DeviceLimit,
                $"The word at 0x{second:X8} looks like a stack pointer to this bootloader: interrupted before its end, the upload leaves an incomplete sketch that is started there.",
                "If that happens, press RESET and run the same upload again at once."));
        }

        if (request.Verify && !session.Description.Functional.CanUpload)
        {
            events(new UploadWarning(
                WarningCode.NotVerifiable,
                "This bootloader lets its flash not be read: what is written is not verified.",
                "If the sketch does not run, upload it again."));
        }
    }
}

/// <summary>Whether to wait until the sketch's serial port is there again.</summary>
public enum WaitPort
{
    /// <summary>Wait if a port was named; it is a warning if it does not come.</summary>
    Auto,

    /// <summary>Wait; it is a failure if no port comes.</summary>
    Yes,

    /// <summary>Do not wait.</summary>
    No,
}

/// <summary>What is to be done, all options resolved.</summary>
/// <param name="File">The image file.</param>
/// <param name="Address">Where the image begins; null if the file says it.</param>
/// <param name="Filter">Which bootloader is wanted.</param>
public sealed record UploadRequest(ImageFile File, uint? Address, DeviceFilter Filter) : BootloaderRequest(Filter)
{
    /// <summary>How many bytes the board's core grants a sketch, or null if that is not known.</summary>
    public int? MaximumSize { get; init; }

    /// <summary>Whether to read back and compare.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Whether to write all of it, without a look at what is on the board already.</summary>
    public bool Full { get; init; }

    /// <summary>Whether to start the sketch afterwards.</summary>
    public bool Leave { get; init; } = true;

    /// <summary>Whether to wait for the sketch's port afterwards.</summary>
    public WaitPort WaitPort { get; init; }
}

/// <summary>How an upload ended that did not fail.</summary>
/// <param name="Device">The bootloader that was written through.</param>
/// <param name="Address">Where the image begins.</param>
/// <param name="Size">Size of the image in bytes.</param>
/// <param name="Unchanged">How many of them were on the board already: compared byte by byte, and left alone.</param>
/// <param name="Verified">Whether every byte was read back and is right.</param>
/// <param name="Left">Whether the bootloader took the request to start the sketch.</param>
/// <param name="Port">The serial port with which the sketch was seen to run, or null if it was not seen.</param>
/// <param name="Elapsed">How long it took, from the first look at the bus.</param>
public sealed record UploadResult(
    DfuDescription Device,
    uint Address,
    int Size,
    int Unchanged,
    bool Verified,
    bool Left,
    string? Port,
    TimeSpan Elapsed)
{
    /// <summary>How long the bootloader still takes to start the sketch; zero if it does so at once, or was waited for.</summary>
    public TimeSpan StartsAfter { get; init; }
}
