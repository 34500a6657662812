using System.Buffers.Binary;

namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>The requests and replies outside a device session.</summary>
public enum UsbIpOperationCode : ushort
{
    /// <summary>OP_REQ_DEVLIST: lists the devices.</summary>
    RequestDeviceList = 0x8005,

    /// <summary>OP_REP_DEVLIST: followed by a count (4 bytes) and the devices.</summary>
    ReplyDeviceList = 0x0005,

    /// <summary>OP_REQ_IMPORT: followed by a bus id.</summary>
    RequestImport = 0x8003,

    /// <summary>OP_REP_IMPORT: followed by the device if the status is <see cref="UsbIpOperationStatus.Ok"/>.</summary>
    ReplyImport = 0x0003,
}

/// <summary>The status in the reply to an operation (Linux, tools/usb/usbip/libsrc/usbip_common.h).</summary>
public enum UsbIpOperationStatus : uint
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>Refused or unknown; servers before Linux 5 use it for every failure.</summary>
    NotAvailable = 1,

    /// <summary>Another client is using the device.</summary>
    DeviceBusy = 2,

    /// <summary>The device is in an error state.</summary>
    DeviceError = 3,

    /// <summary>The device does not exist.</summary>
    NoDevice = 4,

    /// <summary>Any other failure.</summary>
    Error = 5,
}

/// <summary>The 8-byte header of every operation.</summary>
/// <param name="Code">The operation.</param>
/// <param name="Status">0 in requests.</param>
public readonly record struct UsbIpOperation(UsbIpOperationCode Code, UsbIpOperationStatus Status)
{
    /// <summary>Size on the wire, in bytes.</summary>
    public const int Size = 8;

    /// <summary>Size of the device count that follows <see cref="UsbIpOperationCode.ReplyDeviceList"/>, in bytes.</summary>
    public const int CountSize = 4;

    /// <summary>Reads the header of an operation.</summary>
    /// <exception cref="UsbIpFormatException">Too short, another protocol version, or an unknown code.</exception>
    public static UsbIpOperation Read(ReadOnlySpan<byte> wire)
    {
        Wire.Require(wire, Size);
        var version = BinaryPrimitives.ReadUInt16BigEndian(wire);
        if (version != UsbIpProtocol.Version)
        {
            throw new UsbIpFormatException($"unsupported USB/IP version 0x{version:X4} (expected 0x{UsbIpProtocol.Version:X4})");
        }

        var code = (UsbIpOperationCode)BinaryPrimitives.ReadUInt16BigEndian(wire[2..]);
        if (!Enum.IsDefined(code))
        {
            throw new UsbIpFormatException($"unknown USB/IP operation 0x{(ushort)code:X4}");
        }

        return new UsbIpOperation(code, (UsbIpOperationStatus)BinaryPrimitives.ReadUInt32BigEndian(wire[4..]));
    }

    /// <summary>Writes the header of an operation.</summary>
    /// <exception cref="UsbIpFormatException">Fewer than <see cref="Size"/> bytes of room.</exception>
    public void Write(Span<byte> wire)
    {
        Wire.Require(wire, Size);
        BinaryPrimitives.WriteUInt16BigEndian(wire, UsbIpProtocol.Version);
        BinaryPrimitives.WriteUInt16BigEndian(wire[2..], (ushort)Code);
        BinaryPrimitives.WriteUInt32BigEndian(wire[4..], (uint)Status);
    }

    /// <summary>Reads the number of devices in a list.</summary>
    /// <exception cref="UsbIpFormatException">Too short, or more than <see cref="UsbIpProtocol.MaxDevices"/>.</exception>
    public static int ReadCount(ReadOnlySpan<byte> wire)
    {
        Wire.Require(wire, CountSize);
        var count = BinaryPrimitives.ReadUInt32BigEndian(wire);
        return count <= UsbIpProtocol.MaxDevices
            ? (int)count
            : throw new UsbIpFormatException($"too many devices: {count} (maximum {UsbIpProtocol.MaxDevices})");
    }

    /// <summary>Writes the number of devices in a list.</summary>
    /// <exception cref="UsbIpFormatException">Fewer than <see cref="CountSize"/> bytes of room.</exception>
    public static void WriteCount(Span<byte> wire, int count)
    {
        Wire.Require(wire, CountSize);
        BinaryPrimitives.WriteInt32BigEndian(wire, count);
    }
}

/// <summary>A device, as described by OP_REP_DEVLIST and OP_REP_IMPORT.</summary>
/// <param name="Path">Its path on the server, for example "/sys/devices/.../1-1.2".</param>
/// <param name="BusId">Its name for OP_REQ_IMPORT, for example "1-1.2".</param>
/// <param name="Bus">Number of the bus on the server.</param>
/// <param name="Number">The device's number on that bus.</param>
/// <param name="Speed">Its speed.</param>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="Release">bcdDevice.</param>
/// <param name="Class">bDeviceClass.</param>
/// <param name="SubClass">bDeviceSubClass.</param>
/// <param name="Protocol">bDeviceProtocol.</param>
/// <param name="ConfigurationValue">bConfigurationValue of the active configuration, 0 for none.</param>
/// <param name="Configurations">bNumConfigurations.</param>
/// <param name="Interfaces">bNumInterfaces: how many interface records follow in a list.</param>
public readonly record struct UsbIpDevice(
    string Path,
    string BusId,
    uint Bus,
    uint Number,
    UsbIpSpeed Speed,
    ushort VendorId,
    ushort ProductId,
    ushort Release,
    byte Class,
    byte SubClass,
    byte Protocol,
    byte ConfigurationValue,
    byte Configurations,
    byte Interfaces)
{
    /// <summary>Size on the wire, in bytes.</summary>
    public const int Size = PathSize + UsbIpBusId.Size + 24;

    private const int PathSize = 256;

    /// <summary>The device id that transfers use: bus number in the upper half, device number in the lower half.</summary>
    public uint DeviceId => (Bus << 16) | (Number & 0xFFFF);

    /// <summary>Reads a device.</summary>
    /// <exception cref="UsbIpFormatException">Too short, or a name that is not printable ASCII.</exception>
    public static UsbIpDevice Read(ReadOnlySpan<byte> wire)
    {
        Wire.Require(wire, Size);
        var numbers = wire[(PathSize + UsbIpBusId.Size)..];
        return new UsbIpDevice(
            Wire.ReadText(wire[..PathSize]),
            UsbIpBusId.Read(wire[PathSize..]),
            BinaryPrimitives.ReadUInt32BigEndian(numbers),
            BinaryPrimitives.ReadUInt32BigEndian(numbers[4..]),
            (UsbIpSpeed)BinaryPrimitives.ReadInt32BigEndian(numbers[8..]),
            BinaryPrimitives.ReadUInt16BigEndian(numbers[12..]),
            BinaryPrimitives.ReadUInt16BigEndian(numbers[14..]),
            BinaryPrimitives.ReadUInt16BigEndian(numbers[16..]),
            numbers[18],
            numbers[19],
            numbers[20],
            numbers[21],
            numbers[22],
            numbers[23]);
    }

    /// <summary>Writes a device.</summary>
    /// <exception cref="UsbIpFormatException">Too little room, or a name that does not fit.</exception>
    public void Write(Span<byte> wire)
    {
        Wire.Require(wire, Size);
        Wire.WriteText(wire[..PathSize], Path);
        UsbIpBusId.Write(wire[PathSize..], BusId);
        var numbers = wire[(PathSize + UsbIpBusId.Size)..];
        BinaryPrimitives.WriteUInt32BigEndian(numbers, Bus);
        BinaryPrimitives.WriteUInt32BigEndian(numbers[4..], Number);
        BinaryPrimitives.WriteInt32BigEndian(numbers[8..], (int)Speed);
        BinaryPrimitives.WriteUInt16BigEndian(numbers[12..], VendorId);
        BinaryPrimitives.WriteUInt16BigEndian(numbers[14..], ProductId);
        BinaryPrimitives.WriteUInt16BigEndian(numbers[16..], Release);
        numbers[18] = Class;
        numbers[19] = SubClass;
        numbers[20] = Protocol;
        numbers[21] = ConfigurationValue;
        numbers[22] = Configurations;
        numbers[23] = Interfaces;
    }
}

/// <summary>One interface of a device in OP_REP_DEVLIST; alternate settings are not listed.</summary>
/// <param name="Class">bInterfaceClass.</param>
/// <param name="SubClass">bInterfaceSubClass.</param>
/// <param name="Protocol">bInterfaceProtocol.</param>
public readonly record struct UsbIpInterface(byte Class, byte SubClass, byte Protocol)
{
    /// <summary>Size on the wire, in bytes; the last one is padding.</summary>
    public const int Size = 4;

    /// <summary>Reads an interface.</summary>
    /// <exception cref="UsbIpFormatException">Too short.</exception>
    public static UsbIpInterface Read(ReadOnlySpan<byte> wire)
    {
        Wire.Require(wire, Size);
        return new UsbIpInterface(wire[0], wire[1], wire[2]);
    }

    /// <summary>Writes an interface.</summary>
    /// <exception cref="UsbIpFormatException">Too little room.</exception>
    public void Write(Span<byte> wire)
    {
        Wire.Require(wire, Size);
        wire[0] = Class;
        wire[1] = SubClass;
        wire[2] = Protocol;
        wire[3] = 0;
    }
}
