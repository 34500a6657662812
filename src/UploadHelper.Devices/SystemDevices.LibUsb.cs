using UploadHelper.Core.Usb;
using UploadHelper.Devices.Linux;
using UploadHelper.Devices.Usb.LibUsb;

namespace UploadHelper.Devices;

// UsbLayer LibUsb: libusb-1.0 without a package in between.
public sealed partial class SystemDevices
{
    private static partial IUsbBus OpenUsb() =>
        OperatingSystem.IsLinux() && new Sysfs("/sys") is { HasUsb: true } sysfs ? new LinuxUsbBus(sysfs, Sysfs.Nodes) : WithLibUsb0(new LibUsbBus());
}
