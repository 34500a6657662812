using System.Text;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices;
using UploadHelper.Devices.Usb.UsbIp;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Host;

/// <summary>Where the boards of a run are: on this machine, behind a USB/IP server, or in software.</summary>
internal sealed class DeviceEnvironment : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    private DeviceEnvironment(IUsbBus usb, ISerialPorts serialPorts, TimeProvider time) => (Usb, SerialPorts, Time) = (usb, serialPorts, time);

    public IUsbBus Usb { get; private set; }

    public ISerialPorts SerialPorts { get; }

    public TimeProvider Time { get; }

    /// <summary>The port to use if none is given, or null.</summary>
    public string? DefaultPort { get; private init; }

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
    /// <param name="time">The clock of real boards.</param>
    /// <param name="start">What a virtual board does at first, unless --simulate says otherwise.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public static DeviceEnvironment Open(Settings settings, TimeProvider time, StartState start)
    {
        var environment = settings.Text(SettingKeys.Simulate) is { } simulate ? Simulated(simulate, start) : Real(settings, time);
        if (settings.Text(SettingKeys.Trace) is { } file)
        {
            environment.Trace(file);
        }

        return environment;
    }

    public void Dispose()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }
    }

    private static DeviceEnvironment Simulated(string text, StartState start)
    {
        try
        {
            var system = new SimulatedSystem(SimulationOptions.Parse(text, start), _ => { });
            var environment = new DeviceEnvironment(system.Usb, system.SerialPorts, system.Clock)
            {
                Simulation = system,
                DefaultPort = system.SerialPorts.List().FirstOrDefault()?.Name,
            };
            environment._owned.Add(system);
            return environment;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.Configuration, e.Message, "For example: --simulate f4boot", e);
        }
    }

    private static DeviceEnvironment Real(Settings settings, TimeProvider time)
    {
        var devices = new SystemDevices(time);
        return settings.Text(SettingKeys.UsbIp) is { } server
            ? new DeviceEnvironment(RemoteBus(server, time), devices.SerialPorts, time)
            : new DeviceEnvironment(devices.Usb, devices.SerialPorts, time) { IsThisMachine = true };
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

    private void Trace(string file)
    {
        try
        {
            var writer = new StreamWriter(file);
            _owned.Add(writer);
            Usb = new TracingUsbBus(Usb, Time, new TraceWriter(writer, Time));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.Configuration, $"Cannot write the trace: {e.Message}", "Check --trace.", e);
        }
    }
}

/// <summary>Reads image files from the disk: at most <see cref="ImageFile.LargestSize"/> bytes.</summary>
internal static class ImageFiles
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.ImageMissing"/>, <see cref="UploadError.ImageUnreadable"/>, or <see cref="UploadError.ImageTooLarge"/>:
    /// it is larger than anything that an STM32 can hold.
    /// </exception>
    public static ImageFile Read(string path)
    {
        try
        {
            return new ImageFile(Path.GetFileName(path), BoundedFile.Read(path, ImageFile.LargestSize));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UploadException(UploadError.ImageMissing, $"File {path} not found.", "Check the path, and whether the sketch was compiled.", e);
        }
        catch (FileTooLargeException e)
        {
            throw new UploadException(
                UploadError.ImageTooLarge,
                $"{path} is larger than anything that an STM32 can hold. {e.Message}",
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

/// <summary>
/// A file for data read from a board: raw binary or Intel HEX, by its name. It is written under another name and renamed
/// when it is complete, so that a failure leaves an earlier file of that name as it was.
/// </summary>
internal sealed class DumpFile : IDisposable
{
    private readonly string _path;
    private readonly string _partial;
    private readonly FileStream _stream;

    /// <summary>Creates the file, before the board is opened.</summary>
    /// <param name="path">Its path; ends with .bin or .hex.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/> or <see cref="UploadError.Configuration"/>.</exception>
    public DumpFile(string path)
    {
        (_path, _partial) = (path, path + ".part");
        IsHex = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".bin" => false,
            ".hex" => true,
            _ => throw new UploadException(
                UploadError.Usage, $"Unknown output format for \"{path}\": the name must end in .bin or .hex.", "A .bin file holds bytes only; a .hex file (Intel HEX) also holds their addresses."),
        };
        try
        {
            _stream = new FileStream(_partial, FileMode.Create, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(e);
        }
    }

    /// <summary>Whether it is Intel HEX, else a raw binary.</summary>
    public bool IsHex { get; }

    /// <summary>Writes it.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it cannot be written.</exception>
    public void Save(Segment segment)
    {
        try
        {
            if (IsHex)
            {
                using var text = new StreamWriter(_stream, Encoding.ASCII, leaveOpen: true);
                IntelHexWriter.Write(text, [segment]);
            }
            else
            {
                _stream.Write(segment.Data.Span);
            }

            _stream.Dispose();
            File.Move(_partial, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(e);
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        File.Delete(_partial);
    }

    private UploadException NotWritten(Exception e) => new(
        UploadError.Configuration, $"Cannot write {_path}: {e.Message}", "Check the path, its permissions and the free space on the disk.", e);
}
