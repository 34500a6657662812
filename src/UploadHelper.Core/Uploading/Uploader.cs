using System.Buffers.Binary;
using UploadHelper.Core.Boards;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>The walk of an upload: image, reset, bootloader, plan, flash, leave, and the sketch's port again.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Told what goes on, on the caller's thread.</param>
public sealed class Uploader(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>Carries one upload out.</summary>
    /// <exception cref="UploadException">It failed; the exception tells how, and how the board is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; a transfer in flight was finished.</exception>
    public UploadResult Run(UploadRequest request, CancellationToken cancellationToken)
    {
        var image = ImageReader.Read(request.File, request.Address);
        Check(image, request.MaximumSize);

        var start = time.GetTimestamp();
        var state = DeviceTrouble.Untouched;
        try
        {
            var sketchPort = request.Port is null ? null : PortNames.Find(ports.List(), request.Port);
            var connector = new BootloaderConnector(bus, ports, time, events);
            using var found = connector.Connect(request, cancellationToken);
            var plan = Plan(image, found, request);
            using var session = NeedsRestart(found, image.Start) ? connector.Restart(found, request, cancellationToken) : found;

            plan = request.Full ? plan : Comparison(session).Reduce(plan);
            var unchanged = plan.Unchanged(image);
            events(new PlanMade(plan, unchanged));
            var flasher = new Flasher(session.Select, (phase, done, total) =>
            {
                state = phase == FlashPhase.Vectors ? DeviceTrouble.LastBlock : DeviceTrouble.Incomplete;
                events(new FlashProgress(phase, done, total));
            });
            var verified = flasher.Run(plan, request.Verify);
            state = DeviceTrouble.Written;

            var port = request.Leave ? Start(session, request, image.Start, sketchPort, cancellationToken) : null;
            return new UploadResult(session.Description, image.Start, image.Size, unchanged, verified, request.Leave, port, time.GetElapsedTime(start));
        }
        catch (UsbException e)
        {
            throw DeviceTrouble.Explain(e, state);
        }
        catch (DfuException e)
        {
            throw DeviceTrouble.Explain(e, state);
        }
        catch (OperationCanceledException)
        {
            events(new UploadCancelled(state));
            throw;
        }
    }

    private void Check(FirmwareImage image, int? maximumSize)
    {
        var size = image.Segments.Where(s => FlashAddress.IsInternalFlash(s.Address)).Sum(s => s.Data.Length);
        if (size > maximumSize)
        {
            throw new UploadException(
                UploadError.ImageTooLarge,
                $"{image.Name} has {size} bytes; the board takes sketches of up to {maximumSize} bytes. Nothing was erased.",
                "Make the sketch smaller, or check that the right board and bootloader are chosen.");
        }

        var fit = image.HasVectorTable ? VectorTable.Check(image) : null;
        events(new ImageChecked(image, fit));
        if (fit is { IsSure: false })
        {
            events(new UploadWarning(
                "address-unproven",
                $"{image.Name} holds too few code pointers ({fit.Pointers}) to tell which address it was linked for; 0x{image.Start:X8} is taken as right.",
                "If the sketch does not start, check that it was compiled for this offset."));
        }
    }

    private FlashPlan Plan(FirmwareImage image, BootloaderSession session, UploadRequest request)
    {
        var planner = new FlashPlanner(session.Memories, session.Description.Functional.TransferSize, session.Quirks.ErasedValue)
        {
            ProgramUnit = session.Quirks.ProgramUnit,
            SketchStart = session.Quirks.Writable?.Start ?? 0,
        };
        var plan = planner.Plan(image, request.Alternate);
        Preflight.Check(image, plan, session.Description, session.Quirks);
        Warn(session, request);
        return plan;
    }

    private SectorComparison Comparison(BootloaderSession session) =>
        new(session.Select, session.Quirks.ErasedValue, (phase, done, total) => events(new FlashProgress(phase, done, total)));

    // Once its boot window is used up, it would start the sketch as soon as its vector table is written, and be gone
    // before that can be compared.
    private static bool NeedsRestart(BootloaderSession session, uint address)
    {
        if (!session.Quirks.StartsSketchByItself || session.Memories.FirstOrDefault(m => m.Map.Contains(address)) is not { } memory)
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

    private void Warn(BootloaderSession session, UploadRequest request)
    {
        if (session.Quirks.Limit is { } limit)
        {
            events(new UploadWarning("device-limit", limit.Message, limit.Hint));
        }

        if (request.Verify && !session.Description.Functional.CanUpload)
        {
            events(new UploadWarning(
                "not-verifiable",
                "This bootloader lets its flash not be read: what is written is not verified.",
                "If the sketch does not run, upload it again."));
        }
    }

    private string? Start(
        BootloaderSession session, UploadRequest request, uint address, SerialPortInfo? sketchPort, CancellationToken cancellationToken)
    {
        var arrival = new SketchArrival(ports, time, sketchPort, session.Description.Device.Path);
        events(new LeavingBootloader(address));
        session.Leave(address);
        session.Dispose();
        if (request.WaitPort == WaitPort.No || (request.WaitPort == WaitPort.Auto && sketchPort is null))
        {
            return null;
        }

        var limit = session.Quirks.StartsSketchAfter + SketchArrival.Enumeration;
        events(new WaitingForSketch(limit));
        var port = arrival.WaitFor(limit, cancellationToken);
        if (port is not null)
        {
            return port;
        }

        const string Unseen = "The sketch's serial port did not come back";
        const string Hint = "Press RESET on the board. Does the sketch use USB serial at all?";
        if (request.WaitPort == WaitPort.Yes)
        {
            throw new UploadException(
                UploadError.NotStarted, $"{Unseen} in {limit.TotalSeconds:0} s: the sketch was not seen to start. {DeviceTrouble.Written}", Hint);
        }

        events(new UploadWarning("port-not-back", $"{Unseen} in {limit.TotalSeconds:0} s. {DeviceTrouble.Written}", Hint));
        return null;
    }
}
