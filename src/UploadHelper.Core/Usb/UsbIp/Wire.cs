using System.Text;

namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>What the records of the wire format share.</summary>
internal static class Wire
{
    /// <exception cref="UsbIpFormatException">The span is shorter than <paramref name="size"/>.</exception>
    public static void Require(ReadOnlySpan<byte> wire, int size)
    {
        if (wire.Length < size)
        {
            throw new UsbIpFormatException($"{wire.Length} bytes where {size} are needed");
        }
    }

    /// <summary>Checks a length that the other side claims.</summary>
    /// <exception cref="UsbIpFormatException">More than <see cref="UsbIpProtocol.MaxTransferLength"/>.</exception>
    public static int Length(uint claimed) => claimed <= UsbIpProtocol.MaxTransferLength
        ? (int)claimed
        : throw new UsbIpFormatException($"a transfer of {claimed} bytes");

    /// <summary>Reads a field of printable ASCII that ends with a NUL or with the field.</summary>
    /// <exception cref="UsbIpFormatException">Other characters: they would reach the user's terminal.</exception>
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
