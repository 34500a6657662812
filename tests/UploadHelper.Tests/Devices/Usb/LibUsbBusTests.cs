using System.Runtime.InteropServices;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb.LibUsb;

namespace UploadHelper.Tests.Devices.Usb;

public sealed class LibUsbBusTests
{
    private const string Sysfs = "/sys/bus/usb/devices";

    [LibUsbFact]
    public void The_list_shows_what_the_kernel_shows()
    {
        // "1-1.2" is a device, "usb1" a root hub, "1-1.2:1.0" an interface; no folder, no USB.
        var expected = Directory.Exists(Sysfs)
            ? Directory.EnumerateDirectories(Sysfs).Select(d => Path.GetFileName(d)).Where(d => !d.Contains(':') && !d.StartsWith("usb", StringComparison.Ordinal))
            : [];
        Assert.Equal(expected.Order(), new LibUsbBus().List().Select(d => d.Path).Where(p => p != "").Order());
    }

    [LibUsbFact]
    public void A_device_that_has_enumerated_again_is_gone()
    {
        var device = new UsbDeviceInfo(1000, 1, "1000-1", 0x0483, 0xDF11, 0x2200, []);
        var e = Assert.Throws<UsbException>(() => new LibUsbBus().Open(device));
        Assert.Equal(UsbFault.Gone, e.Fault);
        Assert.Contains("1000-1", e.Message, StringComparison.Ordinal);
    }

    private sealed class LibUsbFactAttribute : FactAttribute
    {
        public LibUsbFactAttribute() => Skip =
            !OperatingSystem.IsLinux() ? "compares with Linux's sysfs"
            : NativeLibrary.TryLoad("libusb-1.0.so.0", out _) ? null : "libusb-1.0 is not installed";
    }
}
