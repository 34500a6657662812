using UploadHelper.Configuration;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices;
using UploadHelper.Devices.Usb.UsbIp;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Host;

/// <summary>Where the boards of a run are: on this machine, behind a USB/IP server, or in software.</summary>
internal sealed class DeviceEnvironment : IDisposable
{
    private readonly Action<UploadEvent> _events;
    private (string Path, OutputFile File, TraceWriter Writer)? _trace;
    private bool _isClosed;

    private DeviceEnvironment(IUsbBus usb, ISerialPorts serialPorts, TimeProvider time, Action<UploadEvent> events) =>
        (Usb, SerialPorts, Time, _events) = (usb, serialPorts, time, events);

    public IUsbBus Usb { get; private set; }

    public ISerialPorts SerialPorts { get; private set; }

    public TimeProvider Time { get; }

    /// <summary>The port to use if none is given, or null.</summary>
    public string? DefaultPortFor(BootloaderRequest request) =>
        Simulation is null ? null : request.Uart is null ? SerialPorts.List().FirstOrDefault()?.Name : InProcessSerialPorts.FirstAdapterName;

    /// <summary>The state of each virtual board and what was done to it; none where boards are real.</summary>
    public IReadOnlyList<SimulationSummary> Summaries => Simulation?.Summaries ?? [];

    /// <summary>That of the first virtual board; null where boards are real.</summary>
    public SimulationSummary? Summary => Summaries.Count > 0 ? Summaries[0] : null;

    /// <summary>The drivers bound to a device; null where that is unknown.</summary>
    public IReadOnlyList<string>? DriversOf(UsbDeviceInfo device) => IsThisMachine ? SystemDevices.DriversOf(device) : null;

    private bool IsThisMachine { get; init; }

    private SimulatedSystem? Simulation { get; init; }

    /// <summary>Opens the devices that the settings name.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="command">The command, for the trace.</param>
    /// <param name="time">The clock of real boards.</param>
    /// <param name="start">What a virtual board does at first, unless --simulate says otherwise.</param>
    /// <param name="createFile">Creates a file on the disk.</param>
    /// <param name="events">Receives warnings: a file that cannot be kept does not end the work on a board.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public static DeviceEnvironment Open(
        Settings settings, string command, TimeProvider time, StartState start, Func<string, Stream> createFile, Action<UploadEvent> events)
    {
        var environment = settings.Text(SettingKeys.Simulate) is { } simulate ? Simulated(simulate, start, settings.Switch(SettingKeys.Uart), createFile, events) : Real(settings, time, events);
        if (settings.Text(SettingKeys.Trace) is { } file)
        {
            environment.Trace(file, createFile);
            environment._trace?.Writer.Request(command, typeof(DeviceEnvironment).Assembly.GetName().Version?.ToString(3) ?? "", Called(settings));
        }

        return environment;
    }

    /// <summary>Runs an upload; in the trace stands what it was given, and how it ended, so that it can be repeated against the trace.</summary>
    /// <param name="request">The upload.</param>
    /// <param name="work">Runs it.</param>
    public T Traced<T>(UploadRequest request, Func<T> work)
    {
        if (_trace is not var (_, _, writer))
        {
            return work();
        }

        try
        {
            if (Described(request) is { } file)
            {
                writer.File(file);
            }

            var result = work();
            writer.Outcome("");
            return result;
        }
        catch (Exception e)
        {
            writer.Outcome(e is OperationCanceledException ? "cancelled" : (e as UploadException)?.Error.Code() ?? UploadError.Internal.Code());
            throw;
        }
    }

    /// <summary>Completes the trace and the files of virtual boards; warns of each that cannot be kept. Throws nothing.</summary>
    public void Dispose()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        if (_trace is var (path, file, writer))
        {
            Keeping("trace", path, _events, () =>
            {
                using (file)
                {
                    if (writer.Failure is { } failure)
                    {
                        throw new IOException(failure.Message, failure);
                    }

                    file.Keep();
                }
            });
        }

        Simulation?.Dispose();
    }

    // A board's entry is in the settings that come from it. How a run is shown makes no difference to it.
    private static Dictionary<string, string> Called(Settings settings)
    {
        var called = new Dictionary<string, string>();
        foreach (var row in OptionTable.Rows)
        {
            if (row.IsSetting && settings.Text(row.Name) is { } value
                && row.Name is not (SettingKeys.Board or SettingKeys.Hardware or SettingKeys.Trace or SettingKeys.Json or SettingKeys.Verbose or SettingKeys.Quiet or SettingKeys.Color))
            {
                called[row.Name] = value;
            }
        }

        return called;
    }

    // What goes to the board, and not the file itself: an ELF file contains the names of folders. Null for a file that the upload refuses.
    private static TracedFile? Described(UploadRequest request)
    {
        var file = request.File;
        try
        {
            return new TracedFile(
                file.Name,
                file.Content.Length,
                ImageReader.NeedsAddress(file)
                    ? [new(null, file.Content)]
                    : [.. ImageReader.Read(file, null, request.Processor).Segments.Select(s => new TracedSegment(s.Address, s.Data))],
                request.Port,
                request.WaitPort.ToString().ToLowerInvariant());
        }
        catch (UploadException)
        {
            return null;
        }
    }

    private static void Keeping(string what, string path, Action<UploadEvent> events, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (OutputFile.IsFault(e))
        {
            events(new UploadWarning(
                WarningCode.FileNotKept,
                $"Cannot write the {what} to {path}: {OutputFile.Reason(e)}. upload-helper continues without it.",
                "Check the path, its permissions and the free space on the disk."));
        }
    }

    private static DeviceEnvironment Simulated(string text, StartState start, bool uart, Func<string, Stream> createFile, Action<UploadEvent> events)
    {
        try
        {
            var options = SimulationOptions.Parse(text, start) with
            {
                SaveFile = (path, content) => Keeping("flash of the virtual board", path, events, () => OutputFile.Write(path, content, createFile)),
            };
            if (uart && options.Faults.Count > 0)
            {
                throw new FormatException("fault= makes transfers over USB fail; with --uart there are none.");
            }

            var system = new SimulatedSystem(options with { HasAdapter = options.HasAdapter || uart }, _ => { });
            return new DeviceEnvironment(system.Usb, system.SerialPorts, system.Clock, events)
            {
                Simulation = system,
            };
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.Configuration, e.Message, uart ? "For example: --uart --simulate bluepill,boot0=1" : "For example: --simulate f4boot", e);
        }
    }

    private static DeviceEnvironment Real(Settings settings, TimeProvider time, Action<UploadEvent> events)
    {
        var devices = new SystemDevices(time);
        return settings.Text(SettingKeys.UsbIp) is { } server
            ? new DeviceEnvironment(RemoteBus(server, time), devices.SerialPorts, time, events)
            : new DeviceEnvironment(devices.Usb, devices.SerialPorts, time, events) { IsThisMachine = true };
    }

    private static UsbIpBus RemoteBus(string server, TimeProvider time)
    {
        try
        {
            return new UsbIpBus(UsbIpEndpoint.Parse(server), time);
        }
        catch (FormatException e)
        {
            throw new UploadException(UploadError.Configuration, e.Message, "For example: --usbip 127.0.0.1:3240", e);
        }
    }

    // A path that is wrong is a mistake in the settings; anything else is a fault of the disk, which does not stop the work on the board.
    private void Trace(string path, Func<string, Stream> createFile)
    {
        Keeping("trace", path, _events, () =>
        {
            try
            {
                var file = new OutputFile(path, createFile);
                var writer = new TraceWriter(new StreamWriter(file.Content), Time);
                _trace = (path, file, writer);
                Usb = new TracingUsbBus(Usb, Time, writer);
                SerialPorts = new TracingSerialPorts(SerialPorts, Time, writer);
            }
            catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                throw new UploadException(UploadError.Configuration, $"Cannot write the trace: {e.Message}", "Check the path that --trace gives.", e);
            }
        });
    }
}

/// <summary>Reads image files from the disk: at most <see cref="ImageFile.LargestSize"/> bytes.</summary>
internal static class ImageFiles
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.ImageMissing"/>, <see cref="UploadError.ImageUnreadable"/>, or <see cref="UploadError.ImageTooLarge"/>:
    /// it is larger than <see cref="ImageFile.LargestSize"/>.
    /// </exception>
    public static ImageFile Read(string path) => Read(path, () => new ImageFile(Path.GetFileName(path), BoundedFile.Read(path, ImageFile.LargestSize)));

    /// <summary>Reads a file from standard input, to its end.</summary>
    /// <param name="open">Opens standard input.</param>
    /// <exception cref="UploadException"><see cref="UploadError.ImageUnreadable"/> or <see cref="UploadError.ImageTooLarge"/>.</exception>
    public static ImageFile ReadInput(Func<Stream> open) => Read("standard input", () =>
    {
        using var stream = open();
        return new ImageFile("standard input", BoundedReader.Read(stream, ImageFile.LargestSize));
    });

    private static ImageFile Read(string path, Func<ImageFile> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UploadException(UploadError.ImageMissing, $"File {path} not found.", BoundedFile.Missing(path, "Check the path, and whether the sketch was compiled."), e);
        }
        catch (FileTooLargeException e)
        {
            throw new UploadException(
                UploadError.ImageTooLarge,
                $"{path} is too large. {e.Message}",
                "Check that it is the right file. A large .bin file probably includes data for RAM, and padding between flash and RAM: use the .hex or .elf file. "
                    + "Remove the debug information from a large .elf file (arm-none-eabi-strip).",
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.ImageUnreadable, $"Cannot read {path}: {e.Message}", "Check the path and its permissions.", e);
        }
    }
}

