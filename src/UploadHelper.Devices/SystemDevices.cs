using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Linux;
using UploadHelper.Devices.Serial;
using UploadHelper.Devices.Usb.Windows;
using UploadHelper.Devices.Windows;

namespace UploadHelper.Devices;

/// <summary>The devices of this machine, through the USB layer that the build selected. Native libraries are loaded at their first use.</summary>
/// <param name="time">The clock for the time limits of serial lines.</param>
public sealed partial class SystemDevices(TimeProvider time)
{
    /// <summary>The USB devices.</summary>
    public IUsbBus Usb { get; } = OpenUsb();

    /// <summary>The serial ports.</summary>
    public ISerialPorts SerialPorts { get; } = WithoutTerminals(Terminals(), time);

    /// <summary>The drivers that are bound to a device; null where this is unknown.</summary>
    public static IReadOnlyList<string>? DriversOf(UsbDeviceInfo device) =>
        OperatingSystem.IsLinux() ? new Sysfs("/sys").DevicesWithDrivers().FirstOrDefault(d => d.Path == device.Path)?.Drivers
        : OperatingSystem.IsWindows() ? [.. WindowsCatalogue.OfThisMachine.Devices().Where(d => d.Id == device.Id).SelectMany(d => d.Drivers).Distinct()]
        : null;

    private static partial IUsbBus OpenUsb();

    private static IUsbBus WithLibUsb0(IUsbBus libusb) =>
        OperatingSystem.IsWindows() ? new WindowsUsbBus(libusb, new LibUsb0Bus(), LibUsb0Bus.BusNumber) : libusb;

    /// <summary>The serial ports, each opened through the system's serial driver.</summary>
    internal static ISerialPorts Terminals() => new SystemSerialPorts(PortList());

    private static ISerialPorts WithoutTerminals(ISerialPorts ports, TimeProvider time) =>
        OperatingSystem.IsLinux() && new Sysfs("/sys") is { HasUsb: true } sysfs ? new UsbSerialPorts(ports, sysfs, "/proc", time) : ports;

    private static Func<IReadOnlyList<SerialPortInfo>> PortList() =>
        OperatingSystem.IsWindows() ? WindowsCatalogue.OfThisMachine.SerialPorts
        : OperatingSystem.IsMacOS() ? MacPorts
        : new Sysfs("/sys").SerialPorts;

    // "cu." is the side of a port that opens without waiting for a carrier. macOS shows no USB ids with these names.
    private static IReadOnlyList<SerialPortInfo> MacPorts() =>
        [.. Directory.EnumerateFiles("/dev", "cu.*").Order(StringComparer.Ordinal).Select(p => new SerialPortInfo(p, null, null, null, null))];
}
