using System.Buffers.Binary;

namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>The messages of a device session.</summary>
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

/// <summary>The 20-byte header of every message of a device session (struct usbip_header_basic).</summary>
/// <param name="Command">The kind of message.</param>
/// <param name="Sequence">The client's number of the request.</param>
/// <param name="DeviceId">See <see cref="UsbIpDevice.DeviceId"/>; 0 in replies.</param>
/// <param name="Direction">Of the transfer; <see cref="UsbIpDirection.Out"/> in replies.</param>
/// <param name="Endpoint">Number of the endpoint, 0 to 15; 0 in replies.</param>
public readonly record struct UsbIpHeader(
    UsbIpCommand Command, uint Sequence, uint DeviceId, UsbIpDirection Direction, byte Endpoint)
{
    /// <summary>Size of a message without its data, in bytes; the same for every command.</summary>
    public const int MessageSize = 48;

    /// <summary>Size of the header, in bytes.</summary>
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

    /// <summary>Reads the header of a message that must be of a certain kind.</summary>
    internal static UsbIpHeader Read(ReadOnlySpan<byte> wire, UsbIpCommand expected)
    {
        var header = Read(wire);
        return header.Command == expected
            ? header
            : throw new UsbIpFormatException($"a message {header.Command} where {expected} was expected");
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

/// <summary>USBIP_CMD_SUBMIT: one transfer. The data of an OUT transfer follows the message.</summary>
/// <param name="Sequence">The client's number of the request, from 1.</param>
/// <param name="DeviceId">See <see cref="UsbIpDevice.DeviceId"/>.</param>
/// <param name="Direction">Direction of the data.</param>
/// <param name="Endpoint">Number of the endpoint, 0 to 15.</param>
/// <param name="Length">Number of bytes to send, or maximum number to receive: 0 to <see cref="UsbIpProtocol.MaxTransferLength"/>.</param>
/// <param name="Setup">The setup packet of a control transfer; all zero otherwise.</param>
public readonly record struct UsbIpSubmit(
    uint Sequence, uint DeviceId, UsbIpDirection Direction, byte Endpoint, int Length, UsbSetup Setup)
{
    /// <summary>Bytes of data that follow the message.</summary>
    public int DataLength => Direction == UsbIpDirection.Out ? Length : 0;

    /// <summary>Reads a message. Isochronous transfers are rejected: no bootloader uses them.</summary>
    /// <exception cref="UsbIpFormatException">Too short, another message, a length out of range, or isochronous.</exception>
    public static UsbIpSubmit Read(ReadOnlySpan<byte> wire)
    {
        var header = UsbIpHeader.Read(wire, UsbIpCommand.Submit);
        // According to the specification this is 0xFFFFFFFF for transfers that are not isochronous; Linux sends 0.
        var packets = BinaryPrimitives.ReadInt32BigEndian(wire[0x20..]);
        if (packets is not (0 or -1))
        {
            throw new UsbIpFormatException("an isochronous transfer");
        }

        return new UsbIpSubmit(
            header.Sequence,
            header.DeviceId,
            header.Direction,
            header.Endpoint,
            Wire.Length(BinaryPrimitives.ReadUInt32BigEndian(wire[0x18..])),
            UsbSetup.Read(wire[0x28..]));
    }

    /// <summary>Writes the message.</summary>
    /// <exception cref="UsbIpFormatException">Fewer than <see cref="UsbIpHeader.MessageSize"/> bytes of room.</exception>
    public void Write(Span<byte> wire)
    {
        new UsbIpHeader(UsbIpCommand.Submit, Sequence, DeviceId, Direction, Endpoint).Write(wire);
        BinaryPrimitives.WriteInt32BigEndian(wire[0x18..], Length);
        Setup.Write(wire[0x28..]);
    }
}

/// <summary>USBIP_RET_SUBMIT: how a transfer ended. The data of an IN transfer follows the message.</summary>
/// <param name="Sequence">Of the <see cref="UsbIpSubmit"/>.</param>
/// <param name="Status">0, or a negative Linux error number.</param>
/// <param name="Length">Bytes transferred: 0 to <see cref="UsbIpProtocol.MaxTransferLength"/>.</param>
public readonly record struct UsbIpSubmitReply(uint Sequence, int Status, int Length)
{
    /// <summary>Reads a message.</summary>
    /// <exception cref="UsbIpFormatException">Too short, another message, or a length out of range.</exception>
    public static UsbIpSubmitReply Read(ReadOnlySpan<byte> wire)
    {
        var header = UsbIpHeader.Read(wire, UsbIpCommand.SubmitReply);
        return new UsbIpSubmitReply(
            header.Sequence,
            BinaryPrimitives.ReadInt32BigEndian(wire[UsbIpHeader.Size..]),
            Wire.Length(BinaryPrimitives.ReadUInt32BigEndian(wire[0x18..])));
    }

    /// <summary>Writes the message.</summary>
    /// <exception cref="UsbIpFormatException">Fewer than <see cref="UsbIpHeader.MessageSize"/> bytes of room.</exception>
    public void Write(Span<byte> wire)
    {
        new UsbIpHeader(UsbIpCommand.SubmitReply, Sequence, 0, UsbIpDirection.Out, 0).Write(wire);
        BinaryPrimitives.WriteInt32BigEndian(wire[UsbIpHeader.Size..], Status);
        BinaryPrimitives.WriteInt32BigEndian(wire[0x18..], Length);
    }
}

/// <summary>USBIP_CMD_UNLINK: cancels a transfer.</summary>
/// <param name="Sequence">The client's number of this request.</param>
/// <param name="DeviceId">See <see cref="UsbIpDevice.DeviceId"/>.</param>
/// <param name="Unlinked">Sequence number of the transfer to cancel.</param>
public readonly record struct UsbIpUnlink(uint Sequence, uint DeviceId, uint Unlinked)
{
    /// <summary>Reads a message.</summary>
    /// <exception cref="UsbIpFormatException">Too short, or another message.</exception>
    public static UsbIpUnlink Read(ReadOnlySpan<byte> wire)
    {
        var header = UsbIpHeader.Read(wire, UsbIpCommand.Unlink);
        return new UsbIpUnlink(
            header.Sequence, header.DeviceId, BinaryPrimitives.ReadUInt32BigEndian(wire[UsbIpHeader.Size..]));
    }

    /// <summary>Writes the message.</summary>
    /// <exception cref="UsbIpFormatException">Fewer than <see cref="UsbIpHeader.MessageSize"/> bytes of room.</exception>
    public void Write(Span<byte> wire)
    {
        new UsbIpHeader(UsbIpCommand.Unlink, Sequence, DeviceId, UsbIpDirection.Out, 0).Write(wire);
        BinaryPrimitives.WriteUInt32BigEndian(wire[UsbIpHeader.Size..], Unlinked);
    }
}

/// <summary>
/// USBIP_RET_UNLINK: the result. <see cref="UsbIpProtocol.StatusUnlinked"/>: the transfer is cancelled and gets no
/// <see cref="UsbIpSubmitReply"/>. 0: it had already ended, and its reply has been sent.
/// </summary>
/// <param name="Sequence">Of the <see cref="UsbIpUnlink"/>.</param>
/// <param name="Status">0, or a negative Linux error number.</param>
public readonly record struct UsbIpUnlinkReply(uint Sequence, int Status)
{
    /// <summary>Reads a message.</summary>
    /// <exception cref="UsbIpFormatException">Too short, or another message.</exception>
    public static UsbIpUnlinkReply Read(ReadOnlySpan<byte> wire)
    {
        var header = UsbIpHeader.Read(wire, UsbIpCommand.UnlinkReply);
        return new UsbIpUnlinkReply(header.Sequence, BinaryPrimitives.ReadInt32BigEndian(wire[UsbIpHeader.Size..]));
    }

    /// <summary>Writes the message.</summary>
    /// <exception cref="UsbIpFormatException">Fewer than <see cref="UsbIpHeader.MessageSize"/> bytes of room.</exception>
    public void Write(Span<byte> wire)
    {
        new UsbIpHeader(UsbIpCommand.UnlinkReply, Sequence, 0, UsbIpDirection.Out, 0).Write(wire);
        BinaryPrimitives.WriteInt32BigEndian(wire[UsbIpHeader.Size..], Status);
    }
}
