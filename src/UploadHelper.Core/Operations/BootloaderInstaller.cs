using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>Writes a bootloader to the start of the flash, through the bootloader in the chip's ROM.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress, on the caller's thread.</param>
public sealed class BootloaderInstaller(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>How long a bootloader may take to appear on USB once it has been started: a hub and Windows are slow.</summary>
    public static readonly TimeSpan AppearsWithin = TimeSpan.FromSeconds(3);

    /// <summary>Installs a bootloader, and starts it.</summary>
    /// <param name="file">The file with it.</param>
    /// <param name="request">Which board, and how to reach the bootloader in its ROM.</param>
    /// <param name="overridden">The checks that only warn.</param>
    /// <param name="confirm">Asks the user before what is on the board is overwritten: called with what that is, and throws to stop. Not called for an erased flash.</param>
    /// <param name="cancellationToken">Checked before each transfer and in each wait.</param>
    /// <exception cref="UploadException">It failed; the exception says how, and in what state the board is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the user said no.</exception>
    public InstallResult Run(
        BootloaderFile file, BootloaderRequest request, IReadOnlyList<Override> overridden, Action<string> confirm, CancellationToken cancellationToken)
    {
        CheckWay(file.Bootloader, request);
        FlashJob? flash = null;
        FlashEraser? eraser = null;
        try
        {
            return new BoardOperation(bus, ports, time, events).Run(
                request with { SketchStart = FlashAddress.FlashBase },
                session =>
                {
                    CheckBoard(session, file.Bootloader);
                    var plan = Plan(session, events);
                    AskUnlessEmpty(session, file, confirm);
                    eraser = new FlashEraser(session, events);
                    RemoveFalseSketches(session, file.Bootloader, eraser);
                    flash = new FlashJob(session, full: false, verify: true, events);
                    var written = flash.Run(file.Image, plan, () => Plan(session, _ => { }));
                    var before = Listed();
                    events(new StartingBootloader(file.Bootloader.Installation!.Id, AppearsWithin));
                    var started = new SketchStart(session, ports, time, _ => { })
                        .Run(FlashAddress.FlashBase, written.HasWritten, null, WaitPort.No, cancellationToken);
                    return new InstallResult(
                        file, written.Unchanged, written.Verified, started.Left, started.Left ? Appeared(file.Bootloader.Installation!.Id, before, cancellationToken) : null);
                },
                () => OfBootloader(flash is { State.HasChanged: true } || eraser is null or { State: ErrorMessages.Unchanged }
                    ? flash?.State.Text ?? ErrorMessages.NothingErased
                    : eraser.State),
                cancellationToken);
        }
        catch (UploadException e) when (flash is { State.HasChanged: true })
        {
            throw new UploadException(e.Error, OfBootloader(e.Message), e.Hint, e);
        }

        FlashPlan Plan(BootloaderSession session, Action<UploadEvent> events) =>
            Preflight.Plan(file.Image, session.Description, session.Memories, session.Info, request.Alternate, overridden, events);
    }

    // Everything below speaks of sketches, since it writes those. The bootloader that survives is the ROM.
    private static string OfBootloader(string text) => text
        .Replace("The bootloader is intact", "The bootloader in the chip's ROM is intact", StringComparison.Ordinal)
        .Replace("the old sketch", "what was there", StringComparison.Ordinal)
        .Replace("sketch", "bootloader", StringComparison.Ordinal);

    // Waiting for a device that cannot come helps nobody. Some clones of the STM32F103 have USB in their ROM, and are on the bus then.
    private void CheckWay(BootloaderInfo wanted, BootloaderRequest request)
    {
        if (request.Uart is null && wanted.Installation!.Series == Stm32Series.F1 && !Listed().Any(request.Filter.Matches))
        {
            throw new UploadException(
                UploadError.NoDevice,
                $"The ROM of an STM32F1 has no USB, so {wanted.Name} must be written through a serial adapter. {PortChoice.Sentence(ports.List(), "")} {ErrorMessages.Unchanged}",
                "Connect the adapter's TX to PA10, its RX to PA9, and GND to GND. Set BOOT0 high, press RESET, and add --uart --port PORT with the adapter's port.");
        }
    }

    private static void CheckBoard(BootloaderSession session, BootloaderInfo wanted)
    {
        var installation = wanted.Installation!;
        if (!session.Info.IsInRom)
        {
            if (session is { Info.StaysOnceAsked: true, CanLeave: true })
            {
                session.Leave();
            }

            throw new UploadException(
                UploadError.NotSupported,
                $"The board runs a bootloader in its flash ({session.Info.Name}). Only the one in the chip's ROM can write another in its place. {ErrorMessages.NothingErased}",
                "Set BOOT0 high and press RESET, which starts the one in ROM. "
                    + "That of an STM32F1 has no USB: connect a serial adapter, and add --uart and --port with its port.");
        }

        if (session.Info is { Part: { } part } ? !installation.Parts.Contains(part.ProductId) : session.Info.Series?.Any(s => s.Source == installation.Series.Source) == false)
        {
            throw new UploadException(
                UploadError.NotForThisDevice,
                $"{wanted.Name} is for {installation.Chips}, but the board has the {session.Info.Name}. {ErrorMessages.NothingErased}",
                "`upload-helper install-bootloader` lists the bootloaders, and the chips that each is for.");
        }
    }

    private void AskUnlessEmpty(BootloaderSession session, BootloaderFile file, Action<string> confirm)
    {
        var content = Read(session, FlashAddress.FlashBase, file.Bootloader.Installation!.Area);
        var isEmpty = content?.AsSpan().ContainsAnyExcept(session.Info.ErasedValue) == false;
        var what = content is null ? "something that cannot be read" : isEmpty ? "nothing, it is empty" : Described(content);
        events(new FlashHolds(FlashAddress.FlashBase, what));
        var same = content is not null && file.Image.Segments.All(s => content.AsSpan((int)(s.Address - FlashAddress.FlashBase), s.Data.Length).SequenceEqual(s.Data.Span));
        if (!isEmpty && !same)
        {
            confirm(what);
        }
    }

    private static string Described(byte[] content) =>
        BootloaderCatalogue.Installable.FirstOrDefault(b => b.Installation!.IsIn(content)) is { } known ? known.Name
        : UsbDescriptors.DeviceIdsIn(content) is [var id, ..] ? $"a program that appears on USB as {id}"
        : VectorTable.BeginsProgram(new Segment(FlashAddress.FlashBase, content)) ? "a program"
        : "data that is no program";

    // A new bootloader starts whatever looks like a sketch where it looks for one. What the old program has left there must not.
    private static void RemoveFalseSketches(BootloaderSession session, BootloaderInfo wanted, FlashEraser eraser)
    {
        foreach (var place in wanted.Places.Where(p => p.Address > FlashAddress.FlashBase && (wanted.Sketch?.Address ?? p.Address) == p.Address))
        {
            if (IsFalseSketch(session, place.Address, wanted) && IsFalseSketch(session, place.Address, wanted))
            {
                var sector = MemoryAt(session, place.Address).Map.SectorAt(place.Address)!.Value;
                var plan = new ErasePlanner(session.Memories, session.Info, null).Plan(sector.Address, sector.Size);
                eraser.Announce(plan);
                eraser.Run(plan);
            }
        }
    }

    private static bool IsFalseSketch(BootloaderSession session, uint address, BootloaderInfo wanted)
    {
        if (Read(session, address, VectorTable.Smallest) is not { } read || !read.AsSpan().ContainsAnyExcept(session.Info.ErasedValue))
        {
            return false;
        }

        var vectors = VectorTable.Read(read);
        var isProgram = vectors.Reset % 2 == 1 && vectors.Reset > address && MemoryAt(session, address).Map.Contains(vectors.Reset);
        return !isProgram && wanted.Sketch?.Accepts(vectors.StackPointer) == true;
    }

    private static DfuMemory MemoryAt(BootloaderSession session, uint address) => session.Memories.First(m => m.Map.Contains(address));

    // Null if the board does not allow reading. A read changes nothing, so it is repeated after a fault.
    private static byte[]? Read(BootloaderSession session, uint address, int length)
    {
        const int Attempts = 3;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var content = new byte[length];
                var bootloader = session.Select(MemoryAt(session, address));
                if (!bootloader.CanRead)
                {
                    return null;
                }

                bootloader.Read(address, length, (from, data) =>
                {
                    data.Span.CopyTo(content.AsSpan((int)(from - address)));
                    return from + (long)data.Length;
                });
                return content;
            }
            catch (UsbException e) when (attempt < Attempts)
            {
                if (!session.Recover(e.Fault))
                {
                    throw;
                }
            }
        }
    }

    private UsbDeviceInfo? Appeared(UsbId id, IReadOnlyList<UsbDeviceInfo> before, CancellationToken cancellationToken)
    {
        for (var start = time.GetTimestamp(); ; time.Wait(Waiting.PollInterval, cancellationToken))
        {
            var isLast = time.GetElapsedTime(start) >= AppearsWithin;
            var found = Listed().FirstOrDefault(d => d.Id == id && !before.Contains(d));
            if (found is not null || isLast)
            {
                return found;
            }
        }
    }

    // Without access to USB, nothing appears.
    private IReadOnlyList<UsbDeviceInfo> Listed()
    {
        try
        {
            return bus.List();
        }
        catch (UsbException)
        {
            return [];
        }
    }
}

/// <summary>What is in the flash where the bootloader will be written.</summary>
/// <param name="Address">Where.</param>
/// <param name="What">What it is: "nothing, it is empty", or the name of a bootloader.</param>
public sealed record FlashHolds(uint Address, string What) : UploadEvent;

/// <summary>The new bootloader is started, and awaited on USB.</summary>
/// <param name="Id">Its ids.</param>
/// <param name="Timeout">The longest time to wait.</param>
public sealed record StartingBootloader(UsbId Id, TimeSpan Timeout) : UploadEvent;

/// <summary>The result of a successful installation.</summary>
/// <param name="File">What was installed.</param>
/// <param name="Unchanged">How many bytes of it were on the board already.</param>
/// <param name="Verified">Whether every byte was read back and is correct.</param>
/// <param name="Left">Whether the bootloader in ROM accepted the request to start it.</param>
/// <param name="Seen">The new bootloader on USB; null if it was not seen there.</param>
public sealed record InstallResult(BootloaderFile File, int Unchanged, bool Verified, bool Left, UsbDeviceInfo? Seen);
