using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Linux;
using UploadHelper.Devices.Serial.Posix;
using UploadHelper.Devices.Serial.Windows;
using UploadHelper.Devices.Usb.LibUsb;

namespace UploadHelper.Devices;

// DeviceLayer Native: libusb-1.0 and the operating system, without a package.
public sealed partial class SystemDevices
{
    private static partial IUsbBus OpenUsb() =>
        OperatingSystem.IsLinux() && new Sysfs("/sys") is { HasUsb: true } sysfs ? new LinuxUsbBus(sysfs, Sysfs.Nodes) : WithLibUsb0(new LibUsbBus());

    private static partial ISerialPorts OpenSerialPorts(Func<IReadOnlyList<SerialPortInfo>> list, TimeProvider time) =>
        OperatingSystem.IsWindows() ? new WindowsSerialPorts(list) : new PosixSerialPorts(list, time);
}
