namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>The 32-byte field that names a device of a server, for example "1-1.2": the body of OP_REQ_IMPORT.</summary>
public static class UsbIpBusId
{
    /// <summary>Size on the wire, in bytes.</summary>
    public const int Size = 32;

    /// <summary>Reads a bus id.</summary>
    /// <exception cref="UsbIpFormatException">Too short, or not printable ASCII.</exception>
    public static string Read(ReadOnlySpan<byte> wire)
    {
        Wire.Require(wire, Size);
        return Wire.ReadText(wire[..Size]);
    }

    /// <summary>Writes a bus id of at most 31 characters.</summary>
    /// <exception cref="UsbIpFormatException">Too little room, too long, or not printable ASCII.</exception>
    public static void Write(Span<byte> wire, string busId)
    {
        Wire.Require(wire, Size);
        Wire.WriteText(wire[..Size], busId);
    }
}
