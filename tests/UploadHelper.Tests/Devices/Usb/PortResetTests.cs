using UploadHelper.Devices.Usb;

namespace UploadHelper.Tests.Devices.Usb;

public class PortResetTests
{
    [Theory]
    [InlineData(true, "libusbK")]
    [InlineData(true, "libusb0")]
    [InlineData(true, "LIBUSB0", "libusbK")]
    [InlineData(false, "WinUSB")]
    [InlineData(false, "libusbK", "WINUSB")]
    [InlineData(false, "STTub30")]
    [InlineData(false)]
    public void Windows_resets_a_port_with_some_drivers_only(bool expected, params string[] drivers) =>
        Assert.Equal(expected, UsbPortReset.CanReset(drivers));
}
