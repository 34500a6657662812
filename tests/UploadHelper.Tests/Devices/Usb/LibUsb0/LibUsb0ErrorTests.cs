using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb.LibUsb0;

namespace UploadHelper.Tests.Devices.Usb.LibUsb0;

public sealed class LibUsb0ErrorTests
{
    [Theory]
    [InlineData(-116, UsbFault.Timeout)]
    [InlineData(-5, UsbFault.Stall)]
    [InlineData(-22, UsbFault.Stall)]
    [InlineData(-12, UsbFault.Io)]
    [InlineData(-1, UsbFault.Io)]
    public void A_number_is_a_fault(int code, UsbFault fault)
    {
        var e = LibUsb0Error.Exception(code, "The transfer", UsbFault.Stall);

        Assert.Equal(fault, e.Fault);
        Assert.Contains($"{code}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_negative_is_no_error() => LibUsb0Error.Check(3, "Looking");

    [Fact]
    public void What_is_negative_is_one() => Assert.Equal(UsbFault.Io, Assert.Throws<UsbException>(() => LibUsb0Error.Check(-5, "Looking")).Fault);
}
