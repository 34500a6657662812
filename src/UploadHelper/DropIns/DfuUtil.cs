using UploadHelper.Commands;
using UploadHelper.Configuration;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.DropIns;

/// <summary>
/// dfu-util 0.11: its arguments, its exit statuses, and the lines that its callers read. What is done on the board is what
/// <c>upload</c> does: checked before, verified afterwards. Variables UPLOADHELPER_* apply where they do not name the board or the address.
/// </summary>
/// <param name="context">The surroundings.</param>
/// <param name="call">The arguments.</param>
/// <param name="settings">The settings from the environment.</param>
/// <param name="reporter">Shows it.</param>
/// <param name="devices">Where the board is.</param>
internal sealed class DfuUtil(CommandContext context, DfuUtilCall call, Settings settings, IReporter reporter, DeviceEnvironment devices)
{
    // Without an address, dfu-util reads this much from where the bootloader begins by itself.
    private const int UnboundRead = 0x4000;

    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(5);

    public static DropIn Tool { get; } = new("dfu-util", "dfu-util [-l] [-d VID:PID[,VID:PID]] [-a ALT] [-s ADDRESS[:leave]] [-D FILE | -U FILE]") { Run = Run };

    private static int Run(CommandContext context, IReadOnlyList<string> arguments)
    {
        var (call, wrong) = Read(arguments);
        context = context.Saying(InWordsOfDfuUtil);
        var typed = new Dictionary<string, string?>();
        if (call.Verbose)
        {
            typed[SettingKeys.Verbose] = "true";
        }

        return context.Run(typed, null, Work, error => call.Mode == DfuUtilMode.Upload && error == UploadError.Configuration ? SysExits.CannotCreate : SysExits.Of(error));

        int Work(Settings settings, IReporter reporter)
        {
            if (wrong is not null || call.Mode is DfuUtilMode.Help or DfuUtilMode.Version)
            {
                return wrong is null ? Print(context.Streams.Out, call.Mode) : throw wrong;
            }

            if (call.Mode == DfuUtilMode.Upload && File.Exists(call.File))
            {
                throw new UploadException(UploadError.Configuration, $"{call.File} exists, and dfu-util never overwrites a file. {ErrorMessages.Unchanged}", "Give another name, or delete the file.");
            }

            IReadOnlyList<string> lines;
            using (var devices = context.Open(settings, reporter, StartState.Bootloader))
            {
                reporter.Begin(devices.Time);
                lines = new DfuUtil(context, call, settings, reporter, devices).Run();
                if (call.Mode != DfuUtilMode.List && devices.Summary is { } board)
                {
                    reporter.Simulated(board);
                }
            }

            foreach (var line in lines)
            {
                context.Streams.Out.WriteLine(Ascii.Of(line));
            }

            return 0;
        }
    }

    private static (DfuUtilCall Call, UploadException? Wrong) Read(IReadOnlyList<string> arguments)
    {
        try
        {
            return (DfuUtilCall.Read(Tool, arguments), null);
        }
        catch (UploadException e)
        {
            return (new DfuUtilCall(DfuUtilMode.Help), e);
        }
    }

    private static int Print(TextWriter output, DfuUtilMode mode)
    {
        output.WriteLine(mode == DfuUtilMode.Help ? DfuUtilCall.Help : Tool.VersionOfDfuUtil);
        return 0;
    }

    // The lines to print when everything is done.
    private IReadOnlyList<string> Run()
    {
        var finder = new DfuUtilDevices(call, devices, reporter.Event, context.CancellationToken);
        if (call.Mode == DfuUtilMode.List)
        {
            return [.. finder.All().Select(f => f.ToString())];
        }

        var file = call is { Mode: DfuUtilMode.Download, File: { } path } ? path == "-" ? ImageFiles.ReadInput(context.Streams.OpenBytesIn) : ImageFiles.Read(path) : null;
        var ids = file is null || call.Runtime is not null ? null : ImageReader.MadeFor(file);
        if (call.Mode == DfuUtilMode.Detach)
        {
            return Detach(finder);
        }

        var board = finder.One(ids);
        var request = new BootloaderRequest(new DeviceFilter([board.Device.Id], board.Device.Path.Length > 0 ? board.Device.Path : null))
        {
            Alternate = board.Setting,
            Timeout = Answer,
            StrictPolling = settings.Switch(SettingKeys.StrictPolling),
            SupplyVoltage = settings.Volts(SettingKeys.SupplyVoltage),
        };
        if (call.TransferSize is { } size && size != board.TransferSize)
        {
            reporter.Event(new UploadWarning(
                WarningCode.DeviceLimit,
                $"-t {size} is not used: blocks have {board.TransferSize} bytes, as the device says.",
                "Other sizes are refused or written wrongly by some bootloaders. The result is the same."));
        }

        if (call.Mode == DfuUtilMode.Upload)
        {
            return Upload(board, request);
        }

        if (call.Dfuse is { } dfuse && !board.IsDfuSe && dfuse is { MassErase: true } or { Unprotect: true })
        {
            throw Tool.Error("\"mass-erase\" and \"unprotect\" are commands of DfuSe, which this device does not speak.");
        }

        if (call.Dfuse is { Unprotect: true })
        {
            return Unprotect(request);
        }

        if (file is not null)
        {
            return Download(board, request, file);
        }

        if (call.Dfuse is { MassErase: true })
        {
            EraseAll(request);
        }

        return Command(board, request);
    }

    private IReadOnlyList<string> Download(DfuUtilBoard board, BootloaderRequest request, ImageFile file)
    {
        var hasAddress = !ImageReader.NeedsAddress(file);
        if (board.IsDfuSe && call.Dfuse?.Address is null && !hasAddress)
        {
            throw Tool.Error($"The address is missing: {file.Name} does not contain it. Add -s ADDRESS, for example -s 0x08000000:leave.");
        }

        var leave = !board.IsDfuSe || call.Dfuse is { Leave: true };
        var upload = new UploadRequest(file, call.Dfuse?.Address, request.Filter)
        {
            Alternate = request.Alternate,
            Timeout = request.Timeout,
            StrictPolling = request.StrictPolling,
            SupplyVoltage = request.SupplyVoltage,
            HasOneStart = !board.IsDfuSe,
            Processor = settings.Processor() ?? board.OtherProcessor,
            Verify = settings.Switch(SettingKeys.Verify),
            Full = settings.Switch(SettingKeys.Full),
            EraseAll = call.Dfuse is { MassErase: true },
            EraseBelow = true,
            Overridden = call.Dfuse is { Force: true } ? Enum.GetValues<Override>() : [],
            Leave = leave,
            WaitPort = WaitPort.No,
        };
        var result = new Uploader(devices.Usb, devices.SerialPorts, devices.Time, reporter.Event).Run(upload, context.CancellationToken);
        if (!result.Left && call.Reset)
        {
            ResetBus(board.Device);
        }

        return
        [
            "Download done.",
            board.IsDfuSe ? "File downloaded successfully" : "Done!",
            TextReporter.Text(result),
        ];
    }

    // "-s :leave" and the like, without a file.
    private IReadOnlyList<string> Command(DfuUtilBoard board, BootloaderRequest request)
    {
        if (call.Dfuse is { Leave: true } dfuse)
        {
            OnBoard(request with { MemoryStart = dfuse.Address }, session =>
                new BootloaderLeaver(devices.Usb, devices.SerialPorts, devices.Time, reporter.Event).Leave(session, dfuse.Address ?? session.SketchStart, call.Alternate is null ? null : request.Alternate, context.CancellationToken));
            return ["Done: the board has left DFU mode."];
        }

        if (call.Reset)
        {
            ResetBus(board.Device);
        }

        return ["Done!"];
    }

    private IReadOnlyList<string> Upload(DfuUtilBoard board, BootloaderRequest request)
    {
        using var dump = DumpFile.Raw(call.File!, context.CreateFile);
        var segment = OnBoard(request with { MemoryStart = call.Dfuse?.Address }, session =>
        {
            var (from, length) = ReadRange(session, board);
            var read = new FlashReader(session, reporter.Event).ReadAnywhere(from, length, call.Alternate is null ? null : request.Alternate);
            if (call.Dfuse is { Leave: true } || (call.Reset && !board.IsDfuSe))
            {
                session.Leave(call.Dfuse?.Address);
            }

            return read;
        });
        dump.Save(segment);
        if (call.UploadSize is { } expected && expected != segment.Data.Length)
        {
            reporter.Event(new UploadWarning(
                WarningCode.DeviceLimit, $"{segment.Data.Length} bytes were read, but -Z expects {expected}.", "The memory of the board has that size. Check that it is the right board."));
        }

        return ["Upload done.", $"Done: {segment.Data.Length} bytes from 0x{segment.Address:X8} written to {call.File}."];
    }

    // As dfu-util reads: to the end of the run of equal sectors that contains the address.
    private (uint From, long? Length) ReadRange(BootloaderSession session, DfuUtilBoard board)
    {
        var memory = session.Memories.FirstOrDefault(m => m.Alternate.Setting == board.Setting) ?? session.Memories[0];
        if (!board.IsDfuSe)
        {
            return (memory.FixedStart ?? session.SketchStart, null);
        }

        if (call.Dfuse?.Address is not { } address)
        {
            return (memory.Map.Groups[0].Address, call.Dfuse?.Length ?? UnboundRead);
        }

        var end = memory.Map.Groups.Where(g => g.Address <= address && address < g.End).Select(g => (long?)g.End).FirstOrDefault();
        return (address, call.Dfuse.Length ?? end - address);
    }

    private IReadOnlyList<string> Detach(DfuUtilDevices finder)
    {
        if (finder.Runtime() is { } running)
        {
            finder.Detach(running);
            return ["Done: the device was told to start its bootloader."];
        }

        var board = finder.One(null);
        if (call.Reset)
        {
            ResetBus(board.Device);
        }

        return [$"Done: {ErrorMessages.Place(board.Device)} is in DFU mode already."];
    }

    private IReadOnlyList<string> Unprotect(BootloaderRequest request)
    {
        ReadProtection? protection = null;
        var outcome = OnBoard(
            request,
            session =>
            {
                protection = new ReadProtection(session, reporter.Event);
                return protection.Remove(writeOnly: false, () => { });
            },
            () => protection?.State ?? ErrorMessages.NothingErased);
        return
        [
            outcome switch
            {
                UnprotectOutcome.WasNotProtected => "Done: the board is not read-protected. Nothing was erased.",
                UnprotectOutcome.Verified => "Done: the read protection is removed, and the whole flash is erased, verified.",
                _ => "Device disconnects, erases flash and resets now",
            },
        ];
    }

    private void EraseAll(BootloaderRequest request)
    {
        FlashEraser? eraser = null;
        OnBoard(
            request,
            session =>
            {
                eraser = new FlashEraser(session, reporter.Event);
                return eraser.RunAll(request.Alternate);
            },
            () => eraser?.State ?? ErrorMessages.Unchanged);
    }

    private T OnBoard<T>(BootloaderRequest request, Func<BootloaderSession, T> job, Func<string>? state = null) =>
        new BoardOperation(devices.Usb, devices.SerialPorts, devices.Time, reporter.Event).Run(request, job, state, context.CancellationToken);

    // -R: "Issue USB Reset signalling once we're finished". What the board makes of it is its own affair, as with dfu-util.
    private void ResetBus(UsbDeviceInfo device)
    {
        try
        {
            using var open = devices.Usb.Open(device);
            if (open.CanReset)
            {
                open.Reset();
                return;
            }

            Warn(ErrorMessages.ResetNotPossible);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            // It has left by itself.
        }
        catch (UsbException e)
        {
            Warn(ErrorMessages.Short(e));
        }

        void Warn(string why) => reporter.Event(new UploadWarning(
            WarningCode.DetachFailed, $"-R had no effect: a USB bus reset failed: {why}", "Press RESET on the board to start its sketch."));
    }

    /// <summary>Names the options in a message as dfu-util has them.</summary>
    internal static string InWordsOfDfuUtil(string text)
    {
        text = text.Replace("upload-helper leave ADDRESS", "-s ADDRESS:leave", StringComparison.Ordinal).Replace("--full", "UPLOADHELPER_FULL=1", StringComparison.Ordinal)
            .Replace("--chip ", "UPLOADHELPER_CHIP=", StringComparison.Ordinal).Replace("--usb-path", "-p", StringComparison.Ordinal).Replace("--usb-id ", "-d ,", StringComparison.Ordinal)
            .Replace("--alt", "-a", StringComparison.Ordinal).Replace("--serial", "-S", StringComparison.Ordinal);
        text = WithValue(text, "--force ", _ => "-s ADDRESS:force");
        return WithValue(text, "--offset ", offset => $"-s {Address(offset)}");
    }

    // An offset as the address that -s takes.
    private static string Address(string offset)
    {
        try
        {
            return $"0x{FlashAddress.Parse(offset):X8}";
        }
        catch (UploadException)
        {
            return "ADDRESS";
        }
    }

    private static string WithValue(string text, string option, Func<string, string> write)
    {
        for (var at = text.IndexOf(option, StringComparison.Ordinal); at >= 0; at = text.IndexOf(option, at, StringComparison.Ordinal))
        {
            var end = at + option.Length;
            while (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
            {
                end++;
            }

            text = $"{text[..at]}{write(text[(at + option.Length)..end])}{text[end..]}";
        }

        return text;
    }
}
