using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb.Windows;

namespace UploadHelper.Tests.Devices.Usb.Windows;

public sealed class WindowsUsbBusTests
{
    private const int Older = 0;
    private static readonly UsbInterfaceInfo[] Interfaces = [new(0, 0, 0xFE, 1, 2)];

    [Fact]
    public void Without_the_older_driver_only_the_newer_library_is_used()
    {
        var dfuse = Device(1, 5, "1-1", 0x0483);
        Assert.Equal([dfuse], Bus([dfuse], []).List());
    }

    [Fact]
    public void A_board_in_both_lists_is_opened_through_its_driver_and_has_the_path_of_the_newer_library()
    {
        var bus = Bus([Device(1, 5, "1-1", 0x0483), Device(1, 6, "1-2", 0x1EAF)], [Device(Older, 1, "", 0x1EAF)]);

        Assert.Equal(["1-1", "1-2"], bus.List().Select(d => d.Path));
        Assert.Equal(["newer", "older"], bus.List().Select(d => Opener(bus, d)));
    }

    [Fact]
    public void The_paths_of_two_boards_with_equal_ids_are_unknown()
    {
        var bus = Bus(
            [Device(1, 5, "1-1", 0x1EAF), Device(1, 6, "1-2", 0x1EAF)], [Device(Older, 1, "", 0x1EAF), Device(Older, 2, "", 0x1EAF)]);

        Assert.Equal([(Older, 1, ""), (Older, 2, "")], bus.List().Select(d => (d.Bus, d.Number, d.Path)));
    }

    [Fact]
    public void Boards_with_equal_ids_and_different_drivers_are_all_listed()
    {
        var bus = Bus([Device(1, 5, "1-1", 0x1EAF), Device(1, 6, "1-2", 0x1EAF)], [Device(Older, 1, "", 0x1EAF)]);

        Assert.Equal(["1-1", "1-2", ""], bus.List().Select(d => d.Path));
        Assert.Equal(["newer", "newer", "older"], bus.List().Select(d => Opener(bus, d)));
    }

    [Fact]
    public void A_board_with_the_older_driver_needs_no_newer_library()
    {
        Assert.Single(Bus(null, [Device(Older, 1, "", 0x1EAF)]).List());
        Assert.Equal("No libusb.", Assert.Throws<UsbException>(() => Bus(null, []).List()).Message);
    }

    private static UsbDeviceInfo Device(int bus, int number, string path, ushort vendor) => new(bus, number, path, vendor, 3, 0x0201, Interfaces);

    private static WindowsUsbBus Bus(UsbDeviceInfo[]? newer, UsbDeviceInfo[] older) => new(new NamedBus("newer", newer), new NamedBus("older", older), Older);

    private static string Opener(WindowsUsbBus bus, UsbDeviceInfo device) => Assert.Throws<NotSupportedException>(() => bus.Open(device)).Message;

    /// <summary>Tells who was asked to open.</summary>
    private sealed class NamedBus(string name, UsbDeviceInfo[]? devices) : IUsbBus
    {
        public IReadOnlyList<UsbDeviceInfo> List() => devices ?? throw new UsbException(UsbFault.Io, "No libusb.");

        public IUsbDevice Open(UsbDeviceInfo device) => throw new NotSupportedException(name);
    }
}
