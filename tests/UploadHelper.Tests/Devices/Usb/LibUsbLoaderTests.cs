using System.Runtime.Versioning;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Libraries;
using UploadHelper.Devices.Usb;
using UploadHelper.Tests.Devices.Libraries;

namespace UploadHelper.Tests.Devices.Usb;

[SupportedOSPlatform("linux")]
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
    public void A_missing_library_is_explained_for_each_system(string system, string[] advice)
    {
        var location = system switch
        {
            nameof(LibUsbLocation.Mac) => LibUsbLocation.Mac,
            nameof(LibUsbLocation.Windows) => LibUsbLocation.Windows,
            _ => LibUsbLocation.Linux,
        };
        var absent = location with { Names = ["libusb-none.so.0", "/nowhere/libusb-none.so"] };
        var e = Assert.Throws<UsbException>(() => LibUsbLoader.Call(() => LibUsbLoader.Load(absent, carried: null)));
        Assert.Equal(UsbFault.LibraryMissing, e.Fault);
        Assert.Contains("libusb-1.0 was not found (tried libusb-none.so.0, /nowhere/libusb-none.so)", e.Message, StringComparison.Ordinal);
        Assert.All(advice, a => Assert.Contains(a, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_carried_library_is_loaded_where_the_system_has_none()
    {
        var absent = LibUsbLocation.Linux with { BeforeCarried = ["libusb-none.so.0"] };
        Assert.NotEqual(0, LibUsbLoader.Load(absent, CarriedLibraryTests.Real(fromMemory: true)));
    }

    [Fact]
    public void One_that_cannot_be_loaded_is_explained_too()
    {
        var absent = LibUsbLocation.Linux with { BeforeCarried = ["libusb-none.so.0"] };
        var broken = new CarriedLibrary("libusb-1.0.so.0", [1, 2, 3], [], fromMemory: true);
        var e = Assert.Throws<UsbException>(() => LibUsbLoader.Call(() => LibUsbLoader.Load(absent, broken)));
        Assert.Equal(UsbFault.LibraryMissing, e.Fault);
        Assert.Contains("Cannot load the library libusb-1.0.so.0, which upload-helper contains (from memory: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("apt install libusb-1.0-0", e.Message, StringComparison.Ordinal);
    }
}
