using System.Text;

namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>
/// Constants of USB/IP 1.1.1 (Linux, Documentation/usb/usbip_protocol.rst). All fields are big-endian, except the setup
/// packet, which is in USB byte order.
/// </summary>
public static class UsbIpProtocol
{
    /// <summary>The protocol version that every operation carries.</summary>
    public const ushort Version = 0x0111;

    /// <summary>The TCP port registered for USB/IP.</summary>
    public const int DefaultPort = 3240;

    /// <summary>The maximum data of one transfer, in bytes. Larger lengths from the other side are rejected.</summary>
    public const int MaxTransferLength = 1 << 20;

    /// <summary>The maximum number of devices in one list.</summary>
    public const int MaxDevices = 1024;

    /// <summary>Status of a successful transfer.</summary>
    public const int StatusOk = 0;

    /// <summary>Status of a transfer that the device stalled (-EPIPE).</summary>
    public const int StatusStall = -32;

    /// <summary>EPROTO: the device did not acknowledge the packets.</summary>
    public const int StatusNoHandshake = -71;

    /// <summary>Status of a transfer whose device has disconnected (-ESHUTDOWN).</summary>
    public const int StatusShutdown = -108;

    /// <summary>Status of an unlink that cancelled its transfer before it ended (-ECONNRESET).</summary>
    public const int StatusUnlinked = -104;
}

/// <summary>The direction of a transfer.</summary>
public enum UsbIpDirection
{
    /// <summary>From the host to the device.</summary>
    Out = 0,

    /// <summary>From the device to the host.</summary>
    In = 1,
}

/// <summary>Speed of a device; values of enum usb_device_speed (Linux, include/uapi/linux/usb/ch9.h).</summary>
public enum UsbIpSpeed
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>1.5 Mbit/s.</summary>
    Low = 1,

    /// <summary>12 Mbit/s.</summary>
    Full = 2,

    /// <summary>480 Mbit/s.</summary>
    High = 3,
}

/// <summary>The 32-byte field that identifies a device of a server, for example "1-1.2": the body of OP_REQ_IMPORT.</summary>
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

/// <summary>The other side sent data that is not USB/IP, or exceeds the limits here.</summary>
public sealed class UsbIpFormatException : Exception
{
    /// <summary>Creates the exception with a message of one phrase.</summary>
    public UsbIpFormatException(string message)
        : base(message)
    {
    }
}

/// <summary>Helpers for reading and writing the wire format.</summary>
internal static class Wire
{
    /// <exception cref="UsbIpFormatException">The span is shorter than <paramref name="size"/>.</exception>
    public static void Require(ReadOnlySpan<byte> wire, int size)
    {
        if (wire.Length < size)
        {
            throw new UsbIpFormatException($"{wire.Length} bytes where {size} are expected");
        }
    }

    /// <summary>Checks a length from the other side.</summary>
    /// <exception cref="UsbIpFormatException">More than <see cref="UsbIpProtocol.MaxTransferLength"/>.</exception>
    public static int Length(uint claimed) => claimed <= UsbIpProtocol.MaxTransferLength
        ? (int)claimed
        : throw new UsbIpFormatException($"transfer too long: {claimed} bytes");

    /// <summary>Reads a field of printable ASCII that ends with a NUL or with the field.</summary>
    /// <exception cref="UsbIpFormatException">Other characters, which must not reach the user's terminal.</exception>
    public static string ReadText(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        var text = end < 0 ? field : field[..end];
        return text.ContainsAnyExceptInRange((byte)' ', (byte)'~')
            ? throw new UsbIpFormatException("a name with characters other than printable ASCII")
            : Encoding.ASCII.GetString(text);
    }

    /// <summary>Writes text into a field and fills the rest of it with NULs.</summary>
    /// <exception cref="UsbIpFormatException">The text is not printable ASCII, or longer than the field less one NUL.</exception>
    public static void WriteText(Span<byte> field, string text)
    {
        if (text.Length >= field.Length || text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new UsbIpFormatException($"'{text}' does not fit into a field of {field.Length} bytes");
        }

        field.Clear();
        Encoding.ASCII.GetBytes(text, field);
    }
}
