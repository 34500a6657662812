using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
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
