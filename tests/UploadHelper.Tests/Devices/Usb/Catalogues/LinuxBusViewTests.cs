using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb.Catalogues;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Devices.Usb.Catalogues;

public sealed class LinuxBusViewTests : IDisposable
{
    private static readonly byte[] Device = [18, 1, 0x00, 0x01, 0, 0, 0, 64, 0xAF, 0x1E, 0x03, 0x00, 0x01, 0x02, 1, 2, 3, 1];
    private static readonly byte[] Dfu = [9, 2, 27, 0, 1, 1, 0, 0x80, 0x32, 9, 4, 0, 0, 0, 0xFE, 1, 2, 4, 9, 0x21, 3, 0xFF, 0, 0, 4, 0x10, 1];
    private static readonly byte[] Other = [9, 2, 18, 0, 1, 2, 0, 0x80, 0x32, 9, 4, 7, 0, 0, 0xFF, 0, 0, 0];

    private readonly LinuxTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void A_device_is_shown_by_its_descriptors_and_its_place()
    {
        Add("1-1.2", 1, 42, [.. Device, .. Dfu]);

        var device = Assert.Single(View().List());

        Assert.Equal((1, 42, "1-1.2"), (device.Bus, device.Number, device.Path));
        Assert.Equal((new UsbId(0x1EAF, 0x0003), (ushort)0x0201), (device.Id, device.Release));
        Assert.Equal([new UsbInterfaceInfo(0, 0, 0xFE, 1, 2)], device.Interfaces);
    }

    [Fact]
    public void Interfaces_of_a_second_configuration_are_no_part_of_the_first()
    {
        Add("1-1", 1, 2, [.. Device, .. Dfu, .. Other]);

        Assert.Equal([0], Assert.Single(View().List()).Interfaces.Select(i => i.Number));
    }

    [Fact]
    public void Interfaces_and_controllers_are_no_devices()
    {
        Add("usb1", 1, 1, Device);
        _tree.UsbInterface("1-1", 0, "fe", "01", "02", null);

        Assert.Empty(View().List());
    }

    [Fact]
    public void What_leaves_while_it_is_looked_at_is_left_out()
    {
        Add("1-1", 1, 2, [.. Device, .. Dfu]);
        File.Delete(_tree.At("sys/bus/usb/devices/1-1/devnum"));
        Add("1-2", 1, 3, Device[..8]);

        Assert.Empty(View().List());
    }

    [Fact]
    public void A_kernel_without_usb_shows_no_bus() => Assert.False(View().Exists);

    private LinuxBusView View() => new(_tree.At("sys"));

    private void Add(string name, int bus, int number, byte[] descriptors)
    {
        var folder = $"sys/bus/usb/devices/{name}";
        _tree.Text($"{folder}/busnum", $"{bus}\n");
        _tree.Text($"{folder}/devnum", $"{number}\n");
        File.WriteAllBytes(_tree.At($"{folder}/descriptors"), descriptors);
    }
}
