using UploadHelper.Core.Serial;
using UploadHelper.Devices.Serial.Catalogues;

namespace UploadHelper.Tests.Devices.Serial.Catalogues;

/// <summary>The catalogue over trees that are laid out as sysfs lays them out, links and all.</summary>
public sealed class LinuxPortCatalogueTests : IDisposable
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
        Port($"{Controller}/1-1/1-1.2/1-1.2:1.0/tty/ttyACM0", "../../../1-1.2:1.0");
        Assert.Equal([new SerialPortInfo("/dev/ttyACM0", 0x1EAF, 0x0004, "LLM 003", "1-1.2")], List());
    }

    [Fact]
    public void A_converter_with_a_port_device_of_its_own_is_found_as_well()
    {
        UsbDevice($"{Controller}/1-3", "0403", "6001");
        Port($"{Controller}/1-3/1-3:1.0/ttyUSB0/tty/ttyUSB0", "../../../ttyUSB0");
        Assert.Equal([new SerialPortInfo("/dev/ttyUSB0", 0x0403, 0x6001, null, "1-3")], List());
    }

    [Fact]
    public void A_usb_controller_of_the_platform_counts_as_any_other()
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
    public void A_port_that_goes_away_during_the_look_is_left_out()
    {
        Directory.CreateDirectory(At("class/tty"));
        File.CreateSymbolicLink(At("class/tty/ttyACM0"), "../../devices/gone/tty/ttyACM0");
        Assert.Empty(List());
    }

    [Fact]
    public void Ids_that_are_none_are_not_known()
    {
        UsbDevice($"{Controller}/1-1", "zzzz", "0004");
        Port($"{Controller}/1-1/1-1:1.0/tty/ttyACM0", "../../../1-1:1.0");
        Assert.Equal([new SerialPortInfo("/dev/ttyACM0", null, null, null, null)], List());
    }

    [Fact]
    public void Where_there_is_no_sysfs_there_are_no_ports() => Assert.Empty(new LinuxPortCatalogue(At("absent")).List());

    private IReadOnlyList<SerialPortInfo> List() => new LinuxPortCatalogue(_root).List();

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
