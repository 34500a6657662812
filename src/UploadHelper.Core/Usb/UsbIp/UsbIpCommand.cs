using System.Buffers.Binary;

namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>What a message of a device session is.</summary>
public enum UsbIpCommand : uint
{
    /// <summary>USBIP_CMD_SUBMIT, <see cref="UsbIpSubmit"/>.</summary>
    Submit = 1,

    /// <summary>USBIP_CMD_UNLINK, <see cref="UsbIpUnlink"/>.</summary>
    Unlink = 2,

    /// <summary>USBIP_RET_SUBMIT, <see cref="UsbIpSubmitReply"/>.</summary>
    SubmitReply = 3,

    /// <summary>USBIP_RET_UNLINK, <see cref="UsbIpUnlinkReply"/>.</summary>
    UnlinkReply = 4,
}

/// <summary>The 20 bytes that begin every message of a device session (struct usbip_header_basic).</summary>
/// <param name="Command">What the message is.</param>
/// <param name="Sequence">The client's number of the request.</param>
/// <param name="DeviceId">See <see cref="UsbIpDevice.DeviceId"/>; 0 in replies.</param>
/// <param name="Direction">Of the transfer; <see cref="UsbIpDirection.Out"/> in replies.</param>
/// <param name="Endpoint">Number of the endpoint, 0 to 15; 0 in replies.</param>
public readonly record struct UsbIpHeader(
    UsbIpCommand Command, uint Sequence, uint DeviceId, UsbIpDirection Direction, byte Endpoint)
{
    /// <summary>Size of a whole message without data, in bytes: the same for every command.</summary>
    public const int MessageSize = 48;

    /// <summary>Offset of what follows the header.</summary>
    internal const int Size = 20;

    /// <summary>Reads the header of a message.</summary>
    /// <exception cref="UsbIpFormatException">Too short, or a field out of its range.</exception>
    public static UsbIpHeader Read(ReadOnlySpan<byte> wire)
    {
        Wire.Require(wire, MessageSize);
        var header = new UsbIpHeader(
            (UsbIpCommand)BinaryPrimitives.ReadUInt32BigEndian(wire),
            BinaryPrimitives.ReadUInt32BigEndian(wire[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(wire[8..]),
            (UsbIpDirection)BinaryPrimitives.ReadInt32BigEndian(wire[12..]),
            wire[19]);
        if (!Enum.IsDefined(header.Command) || !Enum.IsDefined(header.Direction)
            || BinaryPrimitives.ReadUInt32BigEndian(wire[16..]) > 15)
        {
            throw new UsbIpFormatException("a USB/IP message with fields out of range");
        }

        return header;
    }

    /// <summary>Reads the header of a message that must be a certain one.</summary>
    internal static UsbIpHeader Read(ReadOnlySpan<byte> wire, UsbIpCommand expected)
    {
        var header = Read(wire);
        return header.Command == expected
            ? header
            : throw new UsbIpFormatException($"a message {header.Command} where {expected} was to come");
    }

    /// <summary>Clears the message and writes its header.</summary>
    internal void Write(Span<byte> wire)
    {
        Wire.Require(wire, MessageSize);
        wire[..MessageSize].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(wire, (uint)Command);
        BinaryPrimitives.WriteUInt32BigEndian(wire[4..], Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(wire[8..], DeviceId);
        BinaryPrimitives.WriteInt32BigEndian(wire[12..], (int)Direction);
        wire[19] = Endpoint;
    }
}
