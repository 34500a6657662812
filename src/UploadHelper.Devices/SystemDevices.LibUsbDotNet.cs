using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb.LibUsbDotNet;

namespace UploadHelper.Devices;

// UsbLayer LibUsbDotNet: the package LibUsbDotNet 3, on the same libusb-1.0.
public sealed partial class SystemDevices
{
    private static partial IUsbBus OpenUsb() => WithLibUsb0(new LibUsbDotNetBus());
}
