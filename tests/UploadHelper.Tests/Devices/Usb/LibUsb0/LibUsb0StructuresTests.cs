using System.Runtime.InteropServices;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb.LibUsb0;

namespace UploadHelper.Tests.Devices.Usb.LibUsb0;

/// <summary>The packed structures of lusb0_usb.h, laid out in memory as the library does it.</summary>
public sealed class LibUsb0StructuresTests : IDisposable
{
    private readonly List<nint> _blocks = [];

    [Fact]
    public void All_buses_devices_interfaces_and_alternate_settings_are_read()
    {
        var maple = Device(0, @"\\.\libusb0-0001--0x1eaf-0x0003", 0x1EAF, 0x0003, 0x0201, 1, [[0, 1, 2], [0]]);
        var other = Device(maple, @"\\.\libusb0-0002--0x0483-0xdf11", 0x0483, 0xDF11, 0x2200, 2, [[0]]);
        var bus = Bus(Bus(0, 0), other);

        var devices = LibUsb0Structures.Devices(bus);

        Assert.Equal([other, maple], devices.Select(d => d.Device));
        Assert.Equal([@"\\.\libusb0-0002--0x0483-0xdf11", @"\\.\libusb0-0001--0x1eaf-0x0003"], devices.Select(d => d.Name));
        Assert.Equal([2, 1], devices.Select(d => (int)d.Configuration));
        Assert.Equal(["0483:DF11 2200", "1EAF:0003 0201"], devices.Select(d => $"{d.Info.Id} {d.Info.Release:X4}"));
        Assert.Equal(
            [new(0, 0, 0xFE, 1, 2), new(0, 1, 0xFE, 1, 2), new(0, 2, 0xFE, 1, 2), new UsbInterfaceInfo(1, 0, 0xFE, 1, 2)], devices[1].Info.Interfaces);
    }

    [Fact]
    public void A_device_whose_configuration_could_not_be_read_has_no_interfaces()
    {
        var device = Device(0, "x", 0x1EAF, 3, 0x0201, 1, null);

        Assert.Empty(Assert.Single(LibUsb0Structures.Devices(Bus(0, device))).Info.Interfaces);
    }

    [Fact]
    public void No_bus_has_no_devices() => Assert.Empty(LibUsb0Structures.Devices(0));

    public void Dispose() => _blocks.ForEach(Marshal.FreeHGlobal);

    // next, prev, dirname, devices, location, root_dev
    private nint Bus(nint next, nint devices) => Block([.. Pointer(next), .. Pointer(0), .. Text("bus-0"), .. Pointer(devices), 0, 0, 0, 0, .. Pointer(0)]);

    // next, prev, filename, bus, descriptor, config, dev, devnum, num_children, children
    private nint Device(nint next, string name, ushort vendor, ushort product, ushort release, byte configuration, byte[][]? alternates) => Block(
    [
        .. Pointer(next), .. Pointer(0), .. Text(name), .. Pointer(0),
        18, 1, 0, 2, 0, 0, 0, 64, .. Number(vendor), .. Number(product), .. Number(release), 1, 2, 3, 1,
        .. Pointer(alternates is null ? 0 : Configuration(configuration, alternates)), .. Pointer(0), 1, 0, .. Pointer(0),
    ]);

    // 9 bytes of descriptor, interface, extra, extralen
    private nint Configuration(byte value, byte[][] interfaces)
    {
        var list = Block([.. interfaces.SelectMany((alternates, i) => (byte[])[.. Pointer(Alternates((byte)i, alternates)), .. Length(alternates.Length)])]);
        return Block([9, 2, 0, 0, (byte)interfaces.Length, value, 0, 0x80, 50, .. Pointer(list), .. Pointer(0), .. Length(0)]);
    }

    // 9 bytes of descriptor, endpoint, extra, extralen
    private nint Alternates(byte number, byte[] alternates) =>
        Block([.. alternates.SelectMany(a => (byte[])[9, 4, number, a, 0, 0xFE, 1, 2, 0, .. Pointer(0), .. Pointer(0x5555), .. Length(9)])]);

    private static byte[] Text(string text) => [.. text.Select(c => (byte)c), .. new byte[512 - text.Length]];

    private static byte[] Pointer(nint value) => nint.Size == 8 ? BitConverter.GetBytes((long)value) : BitConverter.GetBytes((int)value);

    private static byte[] Number(ushort value) => BitConverter.GetBytes(value);

    private static byte[] Length(int value) => BitConverter.GetBytes(value);

    private nint Block(byte[] content)
    {
        var block = Marshal.AllocHGlobal(content.Length);
        Marshal.Copy(content, 0, block, content.Length);
        _blocks.Add(block);
        return block;
    }
}
