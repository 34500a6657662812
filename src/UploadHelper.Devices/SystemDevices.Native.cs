using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Serial.Posix;
using UploadHelper.Devices.Serial.Windows;
using UploadHelper.Devices.Usb.Catalogues;
using UploadHelper.Devices.Usb.LibUsb;

namespace UploadHelper.Devices;

// DeviceLayer Native: libusb-1.0 and the operating system, without a package.
public sealed partial class SystemDevices
{
    private static partial IUsbBus OpenUsb() =>
        OperatingSystem.IsLinux() && new LinuxBusView("/sys") is { Exists: true } view ? new LinuxUsbBus(view, LinuxBusView.Nodes) : WithLibUsb0(new LibUsbBus());

    private static partial ISerialPorts OpenSerialPorts(Func<IReadOnlyList<SerialPortInfo>> catalogue, TimeProvider time) =>
        OperatingSystem.IsWindows() ? new WindowsSerialPorts(catalogue) : new PosixSerialPorts(catalogue, time);
}
