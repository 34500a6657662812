using UploadHelper.Devices.Usb.Kernel;

namespace UploadHelper.Tests.Devices.Usb.Kernel;

public class KernelUsbEventsTests
{
    [Fact]
    public void Events_of_the_usb_are_told_from_others()
    {
        Assert.True(KernelUsbEvents.IsOfUsb("add@/devices/x/usb1/1-1\0ACTION=add\0SUBSYSTEM=usb\0DEVTYPE=usb_device\0"u8));
        Assert.False(KernelUsbEvents.IsOfUsb("add@/devices/x/usb1/1-1/tty/ttyACM0\0ACTION=add\0SUBSYSTEM=tty\0"u8));
        Assert.False(KernelUsbEvents.IsOfUsb("add@/bus/usbmon\0ACTION=add\0SUBSYSTEM=usbmon\0"u8));
        Assert.False(KernelUsbEvents.IsOfUsb(default));
    }
}
