using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Linux;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Devices.Linux;

/// <summary>Devices with their drivers, as doctor shows them.</summary>
public sealed class SysfsDriverTests : IDisposable
{
    private readonly LinuxTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void A_bootloader_that_a_program_uses_has_the_driver_of_user_space()
    {
        _tree.UsbDevice("1-1.2", "0483", "df11", "STM32  BOOTLOADER", number: 7);
        _tree.UsbInterface("1-1.2", 0, "fe", "01", "02", "usbfs");

        var device = Assert.Single(new Sysfs(_tree.At("sys")).DevicesWithDrivers());

        Assert.Equal((new UsbId(0x0483, 0xDF11), "1-1.2", "STM32  BOOTLOADER"), (device.Id, device.Path, device.Name));
        Assert.True(device.IsDfu);
        Assert.Equal(["usbfs"], device.Drivers);
        Assert.Equal("/dev/bus/usb/001/007", device.Node);
    }

    [Fact]
    public void A_sketch_has_the_driver_of_its_port_and_run_time_dfu_is_not_dfu_mode()
    {
        _tree.UsbDevice("1-1", "1eaf", "0004", "Maple", number: 3);
        _tree.UsbInterface("1-1", 0, "02", "02", "01", "cdc_acm");
        _tree.UsbInterface("1-1", 1, "0a", "00", "00", "cdc_acm");
        _tree.UsbInterface("1-1", 2, "fe", "01", "01", null);

        var device = Assert.Single(new Sysfs(_tree.At("sys")).DevicesWithDrivers());

        Assert.False(device.IsDfu);
        Assert.Equal(["cdc_acm"], device.Drivers);
    }

    [Fact]
    public void Hubs_are_left_out()
    {
        _tree.UsbDevice("usb1", "1d6b", "0002", "xHCI Host Controller", number: 1, deviceClass: "09");
        _tree.UsbDevice("1-1", "05e3", "0608", "USB2.0 Hub", number: 2, deviceClass: "09");

        Assert.Empty(new Sysfs(_tree.At("sys")).DevicesWithDrivers());
    }

    [Fact]
    public void Without_sysfs_there_is_nothing() => Assert.Empty(new Sysfs(_tree.At("absent")).DevicesWithDrivers());
}

/// <summary>Devices with their descriptors, as the bus lists them.</summary>
public sealed class SysfsDeviceTests : IDisposable
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

        var device = Assert.Single(View().Devices());

        Assert.Equal((1, 42, "1-1.2"), (device.Bus, device.Number, device.Path));
        Assert.Equal((new UsbId(0x1EAF, 0x0003), (ushort)0x0201), (device.Id, device.Release));
        Assert.Equal([new UsbInterfaceInfo(0, 0, 0xFE, 1, 2)], device.Interfaces);
    }

    [Fact]
    public void Interfaces_of_a_second_configuration_do_not_belong_to_the_first()
    {
        Add("1-1", 1, 2, [.. Device, .. Dfu, .. Other]);

        Assert.Equal([0], Assert.Single(View().Devices()).Interfaces.Select(i => i.Number));
    }

    [Fact]
    public void Interfaces_and_root_hubs_are_not_devices()
    {
        Add("usb1", 1, 1, Device);
        _tree.UsbInterface("1-1", 0, "fe", "01", "02", null);

        Assert.Empty(View().Devices());
    }

    [Fact]
    public void A_device_that_is_unplugged_meanwhile_is_left_out()
    {
        Add("1-1", 1, 2, [.. Device, .. Dfu]);
        File.Delete(_tree.At("sys/bus/usb/devices/1-1/devnum"));
        Add("1-2", 1, 3, Device[..8]);

        Assert.Empty(View().Devices());
    }

    [Fact]
    public void A_kernel_without_usb_has_no_bus() => Assert.False(View().HasUsb);

    private Sysfs View() => new(_tree.At("sys"));

    private void Add(string name, int bus, int number, byte[] descriptors)
    {
        var folder = $"sys/bus/usb/devices/{name}";
        _tree.Text($"{folder}/busnum", $"{bus}\n");
        _tree.Text($"{folder}/devnum", $"{number}\n");
        File.WriteAllBytes(_tree.At($"{folder}/descriptors"), descriptors);
    }
}

/// <summary>Serial ports in trees that are laid out like sysfs, with its links.</summary>
public sealed class SysfsPortTests : IDisposable
{
    private const string Controller = "devices/pci0000:00/0000:00:14.0/usb1";
    private readonly string _root = Directory.CreateTempSubdirectory("sysfs").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_sketch_behind_a_hub_has_the_ids_and_the_path_of_its_device()
    {
        UsbDevice(Controller, "1d6b", "0002", "0000:00:14.0");
        UsbDevice($"{Controller}/1-1", "05e3", "0608");
        UsbDevice($"{Controller}/1-1/1-1.2", "1eaf", "0004", "LLM 003");
        Files($"{Controller}/1-1/1-1.2", ("product", "Maple\n"));
        Port($"{Controller}/1-1/1-1.2/1-1.2:1.0/tty/ttyACM0", "../../../1-1.2:1.0");
        Assert.Equal([new SerialPortInfo("/dev/ttyACM0", 0x1EAF, 0x0004, "LLM 003", "1-1.2") { Product = "Maple" }], List());
    }

    [Fact]
    public void The_serial_function_behind_a_port_is_found_only_where_its_driver_is_cdc_acm()
    {
        var device = $"{Controller}/1-1";
        UsbDevice(device, "1eaf", "0004");
        Port($"{device}/1-1:1.0/tty/ttyACM0", "../../../1-1:1.0");
        Files(device, ("busnum", "1"), ("devnum", "9"));
        Files($"{device}/1-1:1.0", ("bInterfaceNumber", "00"));
        Files($"{device}/1-1:1.1", ("bInterfaceClass", "0a"));
        Files($"{device}/1-1:1.1/ep_81", ("direction", "in"), ("type", "Bulk"), ("bEndpointAddress", "81"));
        Files($"{device}/1-1:1.1/ep_03", ("direction", "out"), ("type", "Bulk"), ("bEndpointAddress", "03"));
        Assert.Null(new Sysfs(_root).SerialFunctionOf("/dev/ttyACM0", "/dev/bus/usb"));

        Directory.CreateDirectory(At("bus/usb/drivers/cdc_acm"));
        File.CreateSymbolicLink(At($"{device}/1-1:1.0/driver"), At("bus/usb/drivers/cdc_acm"));

        Assert.Equal(
            new SerialFunction(At(device), 9, "/dev/bus/usb/001/009", Control: 0, Data: 1, Out: 3),
            new Sysfs(_root).SerialFunctionOf("/dev/ttyACM0", "/dev/bus/usb"));
        Assert.Null(new Sysfs(_root).SerialFunctionOf("/dev/ttyACM1", "/dev/bus/usb"));
    }

    [Fact]
    public void A_converter_with_a_port_device_of_its_own_is_found_as_well()
    {
        UsbDevice($"{Controller}/1-3", "0403", "6001");
        Port($"{Controller}/1-3/1-3:1.0/ttyUSB0/tty/ttyUSB0", "../../../ttyUSB0");
        Assert.Equal([new SerialPortInfo("/dev/ttyUSB0", 0x0403, 0x6001, null, "1-3")], List());
    }

    [Fact]
    public void A_usb_controller_of_the_platform_is_like_any_other()
    {
        UsbDevice("devices/platform/vhci_hcd.0/usb1/1-1", "0483", "5740", "1");
        Port("devices/platform/vhci_hcd.0/usb1/1-1/1-1:1.0/tty/ttyACM1", "../../../1-1:1.0");
        Assert.Equal([new SerialPortInfo("/dev/ttyACM1", 0x0483, 0x5740, "1", "1-1")], List());
    }

    [Fact]
    public void A_port_of_the_board_is_listed_and_the_reserved_names_are_not()
    {
        Port("devices/pnp0/00:04/tty/ttyS0", "../../../00:04");
        Port("devices/platform/serial8250/tty/ttyS1", "../../../serial8250");
        Port("devices/virtual/tty/tty0", null);
        Assert.Equal([new SerialPortInfo("/dev/ttyS0", null, null, null, null)], List());
    }

    [Fact]
    public void A_port_that_disappears_meanwhile_is_left_out()
    {
        Directory.CreateDirectory(At("class/tty"));
        File.CreateSymbolicLink(At("class/tty/ttyACM0"), "../../devices/gone/tty/ttyACM0");
        Assert.Empty(List());
    }

    [Fact]
    public void Invalid_ids_are_unknown()
    {
        UsbDevice($"{Controller}/1-1", "zzzz", "0004");
        Port($"{Controller}/1-1/1-1:1.0/tty/ttyACM0", "../../../1-1:1.0");
        Assert.Equal([new SerialPortInfo("/dev/ttyACM0", null, null, null, null)], List());
    }

    [Fact]
    public void Where_there_is_no_sysfs_there_are_no_ports() => Assert.Empty(new Sysfs(At("absent")).SerialPorts());

    private IReadOnlyList<SerialPortInfo> List() => new Sysfs(_root).SerialPorts();

    private void Files(string folder, params (string Name, string Text)[] files)
    {
        Directory.CreateDirectory(At(folder));
        Array.ForEach(files, f => File.WriteAllText(At($"{folder}/{f.Name}"), f.Text + "\n"));
    }

    private string At(string path) => Path.Combine(_root, path);

    private void UsbDevice(string path, string vendor, string product, string? serial = null)
    {
        Directory.CreateDirectory(At(path));
        File.WriteAllText(At($"{path}/idVendor"), vendor + "\n");
        File.WriteAllText(At($"{path}/idProduct"), product + "\n");
        if (serial is not null)
        {
            File.WriteAllText(At($"{path}/serial"), serial + "\n");
        }
    }

    private void Port(string path, string? device)
    {
        Directory.CreateDirectory(At(path));
        if (device is not null)
        {
            File.CreateSymbolicLink(At($"{path}/device"), device);
        }

        Directory.CreateDirectory(At("class/tty"));
        File.CreateSymbolicLink(At($"class/tty/{Path.GetFileName(path)}"), $"../../{path}");
    }
}
