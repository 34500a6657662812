using System.Buffers.Binary;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>What USB/IP tells of an enumeration of a board, read from its descriptors (USB 2.0, 9.6).</summary>
internal static class UsbIpDescription
{
    /// <summary>The device record, for port 1 of a bus; the device number counts enumerations.</summary>
    public static UsbIpDevice Describe(AttachedDevice device, int bus)
    {
        var descriptor = device.DeviceDescriptor.Span;
        var configuration = device.ConfigurationDescriptor.Span;
        return new UsbIpDevice(
            $"/virtual/{BusId(bus)}",
            BusId(bus),
            (uint)bus,
            DeviceNumber(device),
            UsbIpSpeed.Full,
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[10..]),
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[12..]),
            descriptor[4],
            descriptor[5],
            descriptor[6],
            configuration[5],
            descriptor[17],
            (byte)Interfaces(device).Count);
    }

    /// <summary>What port 1 of a bus is called.</summary>
    public static string BusId(int bus) => $"{bus}-1";

    /// <summary>The first alternate setting of each interface, in the order of their numbers (USB 2.0, 9.6.5).</summary>
    public static IReadOnlyList<UsbIpInterface> Interfaces(AttachedDevice device) =>
    [
        .. UsbDescriptors.Interfaces(device.ConfigurationDescriptor)
            .DistinctBy(i => i.Number)
            .OrderBy(i => i.Number)
            .Select(i => new UsbIpInterface(i.Class, i.SubClass, i.Protocol)),
    ];

    // 0 stands for no device, and a device number has 16 bits in a transfer's device id.
    private static uint DeviceNumber(AttachedDevice device) => (uint)(device.Generation % 0xFFFF) + 1;
}
