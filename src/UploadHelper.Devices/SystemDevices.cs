using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Diagnosis;
using UploadHelper.Devices.Serial.Catalogues;
using UploadHelper.Devices.Usb.Catalogues;
using UploadHelper.Devices.Usb.Kernel;
using UploadHelper.Devices.Usb.LibUsb0;
using UploadHelper.Devices.Usb.Windows;

namespace UploadHelper.Devices;

/// <summary>This machine's devices, through the device layer that the build chose. Nothing native is loaded before it is used.</summary>
/// <param name="time">The clock for the time limits of serial lines.</param>
public sealed partial class SystemDevices(TimeProvider time)
{
    /// <summary>The USB devices.</summary>
    public IUsbBus Usb { get; } = OpenUsb();

    /// <summary>The serial ports.</summary>
    public ISerialPorts SerialPorts { get; } = OpenSerialPorts(Catalogue(), time);

    /// <summary>Has the system tell when something comes to the USB or leaves it.</summary>
    /// <param name="changed">Called on any thread; events may get lost.</param>
    /// <returns>The end of it, or null where this system does not tell.</returns>
    public static IDisposable? WatchUsb(Action changed) => OperatingSystem.IsLinux() ? KernelUsbEvents.Listen(changed) : null;

    /// <summary>The drivers that hold a device; null where they are not known.</summary>
    public static IReadOnlyList<string>? DriversOf(UsbDeviceInfo device) =>
        OperatingSystem.IsLinux() ? new LinuxUsbCatalogue("/sys").List().FirstOrDefault(d => d.Path == device.Path)?.Drivers
        : OperatingSystem.IsWindows() ? WindowsDrivers(device.Id)
        : null;

    [System.Runtime.Versioning.SupportedOSPlatform("windows")]
    private static List<string> WindowsDrivers(UsbId id) =>
        [.. new WindowsUsbCatalogue(new WindowsRegistry(), WindowsPresence.IsPresent).List().Where(d => d.Id == id).SelectMany(d => d.Drivers).Distinct()];

    private static partial IUsbBus OpenUsb();

    private static IUsbBus WithLibUsb0(IUsbBus libusb) =>
        OperatingSystem.IsWindows() ? new WindowsUsbBus(libusb, new LibUsb0Bus(), LibUsb0Bus.BusNumber) : libusb;

    private static partial ISerialPorts OpenSerialPorts(Func<IReadOnlyList<SerialPortInfo>> catalogue, TimeProvider time);

    private static Func<IReadOnlyList<SerialPortInfo>> Catalogue() =>
        OperatingSystem.IsWindows() ? WindowsPortCatalogue.List
        : OperatingSystem.IsMacOS() ? MacPortCatalogue.List
        : new LinuxPortCatalogue("/sys").List;
}
