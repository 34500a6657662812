using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Serial.Posix;
using UploadHelper.Devices.Serial.Windows;
using UploadHelper.Devices.Usb.Kernel;
using UploadHelper.Devices.Usb.LibUsb;

namespace UploadHelper.Devices;

/// <summary>This machine's devices. Nothing native is loaded before it is used.</summary>
/// <param name="time">The clock for the time limits of serial lines.</param>
public sealed class SystemDevices(TimeProvider time)
{
    /// <summary>The USB devices.</summary>
    public IUsbBus Usb { get; } = new LibUsbBus();

    /// <summary>The serial ports.</summary>
    public ISerialPorts SerialPorts { get; } =
        OperatingSystem.IsWindows() ? new WindowsSerialPorts() : new PosixSerialPorts(PortCatalogue(), time);

    /// <summary>Has the system tell when something comes to the USB or leaves it.</summary>
    /// <param name="changed">Called on any thread; events may get lost.</param>
    /// <returns>The end of it, or null where this system does not tell.</returns>
    public static IDisposable? WatchUsb(Action changed) => OperatingSystem.IsLinux() ? KernelUsbEvents.Listen(changed) : null;

    private static Func<IReadOnlyList<SerialPortInfo>> PortCatalogue() =>
        OperatingSystem.IsMacOS() ? MacPortCatalogue.List : new LinuxPortCatalogue("/sys").List;
}
