using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb;

namespace UploadHelper.Tests.Devices.Usb;

public sealed class LibUsbLoaderTests
{
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
}
