using UploadHelper.Core.Usb;
using UploadHelper.Devices.Linux;
using UploadHelper.Devices.Usb.LibUsb;

namespace UploadHelper.Devices;

// UsbLayer LibUsb: libusb-1.0 without a package in between.
public sealed partial class SystemDevices
{
    // Where sysfs is hidden, as it can be in a container, libusb lists the devices.
    private static partial IUsbBus OpenUsb() =>
        OperatingSystem.IsLinux() && new Sysfs("/sys") is var sysfs && (sysfs.HasUsb || !Directory.Exists(Sysfs.Nodes))
            ? new LinuxUsbBus(sysfs, Sysfs.Nodes)
            : WithLibUsb0(new LibUsbBus());
}
