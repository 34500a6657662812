using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb;
using UploadHelper.Devices.Usb.Kernel;
using UploadHelper.Devices.Usb.LibUsb0;

namespace UploadHelper.Tests.Devices.Usb;

/// <summary>What the system and its libraries say of USB, in our own terms.</summary>
public class SystemTermsTests
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
    public void Each_code_of_libusb_is_told_and_has_its_fault(int code, UsbFault fault, string name)
    {
        var e = Assert.Throws<UsbException>(() => LibUsbError.Check(code, "The transfer"));
        Assert.Equal(fault, e.Fault);
        Assert.StartsWith("The transfer failed: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_negative_is_the_result() => Assert.Equal(18, LibUsbError.Check(18, "The transfer"));

    [Theory]
    [InlineData(-116, UsbFault.Timeout)]
    [InlineData(-5, UsbFault.Stall)]
    [InlineData(-22, UsbFault.Stall)]
    [InlineData(-12, UsbFault.Io)]
    [InlineData(-1, UsbFault.Io)]
    public void A_number_of_libusb0_is_a_fault(int code, UsbFault fault)
    {
        var e = LibUsb0Error.Exception(code, "The transfer", UsbFault.Stall);

        Assert.Equal(fault, e.Fault);
        Assert.Contains($"{code}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_negative_is_no_error_of_libusb0() => LibUsb0Error.Check(3, "Looking");

    [Fact]
    public void What_is_negative_is_one_of_libusb0() => Assert.Equal(UsbFault.Io, Assert.Throws<UsbException>(() => LibUsb0Error.Check(-5, "Looking")).Fault);

    public static TheoryData<string, string[]> Systems => new()
    {
        { nameof(LibUsbLocation.Linux), ["apt install libusb-1.0-0", "dnf install libusb1"] },
        { nameof(LibUsbLocation.Mac), ["brew install libusb"] },
        { nameof(LibUsbLocation.Windows), ["libusb-1.0.dll beside upload-helper.exe"] },
    };

    [Theory]
    [MemberData(nameof(Systems))]
    public void A_missing_library_is_explained_in_the_terms_of_the_system(string system, string[] advice)
    {
        var location = system switch
        {
            nameof(LibUsbLocation.Mac) => LibUsbLocation.Mac,
            nameof(LibUsbLocation.Windows) => LibUsbLocation.Windows,
            _ => LibUsbLocation.Linux,
        };
        var absent = location with { Names = ["libusb-none.so.0", "/nowhere/libusb-none.so"] };
        var e = Assert.Throws<UsbException>(() => LibUsbLoader.Call(() => LibUsbLoader.Load(absent, typeof(LibUsbLoader).Assembly)));
        Assert.Equal(UsbFault.LibraryMissing, e.Fault);
        Assert.Contains("libusb-1.0 was not found (tried libusb-none.so.0, /nowhere/libusb-none.so)", e.Message, StringComparison.Ordinal);
        Assert.All(advice, a => Assert.Contains(a, e.Message, StringComparison.Ordinal));
    }

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

    [Fact]
    public void Events_of_the_usb_are_told_from_others()
    {
        Assert.True(KernelUsbEvents.IsOfUsb("add@/devices/x/usb1/1-1\0ACTION=add\0SUBSYSTEM=usb\0DEVTYPE=usb_device\0"u8));
        Assert.False(KernelUsbEvents.IsOfUsb("add@/devices/x/usb1/1-1/tty/ttyACM0\0ACTION=add\0SUBSYSTEM=tty\0"u8));
        Assert.False(KernelUsbEvents.IsOfUsb("add@/bus/usbmon\0ACTION=add\0SUBSYSTEM=usbmon\0"u8));
        Assert.False(KernelUsbEvents.IsOfUsb(default));
    }
}
