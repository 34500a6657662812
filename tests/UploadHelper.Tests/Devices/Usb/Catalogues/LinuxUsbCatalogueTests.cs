using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb.Catalogues;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Devices.Usb.Catalogues;

public sealed class LinuxUsbCatalogueTests : IDisposable
{
    private readonly LinuxTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void A_bootloader_that_a_program_holds_has_the_driver_of_user_space()
    {
        _tree.UsbDevice("1-1.2", "0483", "df11", "STM32  BOOTLOADER", number: 7);
        _tree.UsbInterface("1-1.2", 0, "fe", "01", "02", "usbfs");

        var device = Assert.Single(new LinuxUsbCatalogue(_tree.At("sys")).List());

        Assert.Equal((new UsbId(0x0483, 0xDF11), "1-1.2", "STM32  BOOTLOADER"), (device.Id, device.Path, device.Name));
        Assert.True(device.IsDfu);
        Assert.Equal(["usbfs"], device.Drivers);
        Assert.Equal("/dev/bus/usb/001/007", device.Node);
    }

    [Fact]
    public void A_sketch_has_the_driver_of_its_port_and_run_time_dfu_is_no_dfu_mode()
    {
        _tree.UsbDevice("1-1", "1eaf", "0004", "Maple", number: 3);
        _tree.UsbInterface("1-1", 0, "02", "02", "01", "cdc_acm");
        _tree.UsbInterface("1-1", 1, "0a", "00", "00", "cdc_acm");
        _tree.UsbInterface("1-1", 2, "fe", "01", "01", null);

        var device = Assert.Single(new LinuxUsbCatalogue(_tree.At("sys")).List());

        Assert.False(device.IsDfu);
        Assert.Equal(["cdc_acm"], device.Drivers);
    }

    [Fact]
    public void Hubs_and_controllers_are_left_out()
    {
        _tree.UsbDevice("usb1", "1d6b", "0002", "xHCI Host Controller", number: 1, deviceClass: "09");
        _tree.UsbDevice("1-1", "05e3", "0608", "USB2.0 Hub", number: 2, deviceClass: "09");

        Assert.Empty(new LinuxUsbCatalogue(_tree.At("sys")).List());
    }

    [Fact]
    public void Without_sysfs_there_is_nothing() => Assert.Empty(new LinuxUsbCatalogue(_tree.At("absent")).List());
}
