using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb;

namespace UploadHelper.Tests.Devices.Usb;

public sealed class LibUsbErrorTests
{
    [Theory]
    [InlineData(-1, UsbFault.Io, "LIBUSB_ERROR_IO")]
    [InlineData(-3, UsbFault.AccessDenied, "LIBUSB_ERROR_ACCESS")]
    [InlineData(-4, UsbFault.Gone, "LIBUSB_ERROR_NO_DEVICE")]
    [InlineData(-5, UsbFault.WrongDriver, "LIBUSB_ERROR_NOT_FOUND")]
    [InlineData(-6, UsbFault.Busy, "LIBUSB_ERROR_BUSY")]
    [InlineData(-7, UsbFault.Timeout, "LIBUSB_ERROR_TIMEOUT")]
    [InlineData(-8, UsbFault.Io, "libusb error -8")]
    [InlineData(-9, UsbFault.Stall, "LIBUSB_ERROR_PIPE")]
    [InlineData(-12, UsbFault.WrongDriver, "LIBUSB_ERROR_NOT_SUPPORTED")]
    [InlineData(-99, UsbFault.Io, "libusb error -99")]
    public void Each_code_has_its_name_and_its_fault(int code, UsbFault fault, string name)
    {
        var e = Assert.Throws<UsbException>(() => LibUsbError.Check(code, "The transfer"));
        Assert.Equal(fault, e.Fault);
        Assert.StartsWith("The transfer failed: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_that_is_not_negative_is_returned() => Assert.Equal(18, LibUsbError.Check(18, "The transfer"));
}

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
    public void Windows_resets_a_port_only_with_some_drivers(bool expected, params string[] drivers) =>
        Assert.Equal(expected, UsbPortReset.CanReset(drivers));
}
