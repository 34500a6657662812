using System.Buffers.Binary;

namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>USBIP_CMD_SUBMIT: one transfer. The data of an OUT transfer follows the message.</summary>
/// <param name="Sequence">The client's number of the request, from 1.</param>
/// <param name="DeviceId">See <see cref="UsbIpDevice.DeviceId"/>.</param>
/// <param name="Direction">Which way the data goes.</param>
/// <param name="Endpoint">Number of the endpoint, 0 to 15.</param>
/// <param name="Length">Bytes to send, or room for bytes to receive: 0 to <see cref="UsbIpProtocol.MaxTransferLength"/>.</param>
/// <param name="Setup">The setup packet of a control transfer; all zero otherwise.</param>
public readonly record struct UsbIpSubmit(
    uint Sequence, uint DeviceId, UsbIpDirection Direction, byte Endpoint, int Length, UsbSetup Setup)
{
    /// <summary>Bytes of data that follow the message.</summary>
    public int DataLength => Direction == UsbIpDirection.Out ? Length : 0;

    /// <summary>Reads a message. Isochronous transfers are refused: no bootloader has them.</summary>
    /// <exception cref="UsbIpFormatException">Too short, another message, a length out of range, or isochronous.</exception>
    public static UsbIpSubmit Read(ReadOnlySpan<byte> wire)
    {
        var header = UsbIpHeader.Read(wire, UsbIpCommand.Submit);
        // The document wants 0xFFFFFFFF for transfers that are not isochronous; Linux sends 0.
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
