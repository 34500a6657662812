using System.Buffers.Binary;

namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>USBIP_CMD_UNLINK: take a transfer back.</summary>
/// <param name="Sequence">The client's number of this request.</param>
/// <param name="DeviceId">See <see cref="UsbIpDevice.DeviceId"/>.</param>
/// <param name="Unlinked">Sequence number of the transfer that is taken back.</param>
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
/// USBIP_RET_UNLINK: what became of it. <see cref="UsbIpProtocol.StatusUnlinked"/>: taken back, no
/// <see cref="UsbIpSubmitReply"/> will come. 0: it had ended before, and its reply has been sent.
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
