using System.Buffers.Binary;

namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>What an operation outside of a device session asks for or answers.</summary>
public enum UsbIpOperationCode : ushort
{
    /// <summary>OP_REQ_DEVLIST: which devices are there?</summary>
    RequestDeviceList = 0x8005,

    /// <summary>OP_REP_DEVLIST: a count (4 bytes) and the devices follow.</summary>
    ReplyDeviceList = 0x0005,

    /// <summary>OP_REQ_IMPORT: a bus id follows.</summary>
    RequestImport = 0x8003,

    /// <summary>OP_REP_IMPORT: the device follows if the status is <see cref="UsbIpOperationStatus.Ok"/>.</summary>
    ReplyImport = 0x0003,
}

/// <summary>Answer to an operation (Linux, tools/usb/usbip/libsrc/usbip_common.h).</summary>
public enum UsbIpOperationStatus : uint
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>Refused, or not known: what servers before Linux 5 answer to everything.</summary>
    NotAvailable = 1,

    /// <summary>Another client has the device.</summary>
    DeviceBusy = 2,

    /// <summary>The device is in a bad state.</summary>
    DeviceError = 3,

    /// <summary>There is no such device.</summary>
    NoDevice = 4,

    /// <summary>Any other failure.</summary>
    Error = 5,
}

/// <summary>The 8 bytes that begin every operation.</summary>
/// <param name="Code">What it is.</param>
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
            throw new UsbIpFormatException($"the other side speaks USB/IP version 0x{version:X4}, not 0x{UsbIpProtocol.Version:X4}");
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
            : throw new UsbIpFormatException($"a list of {count} devices");
    }

    /// <summary>Writes the number of devices in a list.</summary>
    /// <exception cref="UsbIpFormatException">Fewer than <see cref="CountSize"/> bytes of room.</exception>
    public static void WriteCount(Span<byte> wire, int count)
    {
        Wire.Require(wire, CountSize);
        BinaryPrimitives.WriteInt32BigEndian(wire, count);
    }
}
