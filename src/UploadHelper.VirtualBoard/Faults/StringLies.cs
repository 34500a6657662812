using System.Text;
using System.Text.RegularExpressions;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Faults;

/// <summary>String descriptors that say something else than they should.</summary>
internal static partial class StringLies
{
    private const byte GetDescriptor = 6;
    private const int StringType = 3;
    private const int Header = 2;

    // The serial number's index (UsbIdentity).
    private const int SerialNumberIndex = 3;

    /// <summary>A map (UM0424) in which all sectors are writable and the last group has one more; anything else as it is.</summary>
    public static ControlReply Layout(UsbSetup setup, ControlReply reply)
    {
        if (TextOf(setup, reply) is not ['@', ..] map)
        {
            return reply;
        }

        map = Access().Replace(map, "g");
        return With(reply, LastCount().Replace(map, m => (int.Parse(m.Value, System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(new string('0', m.Length))));
    }

    /// <summary>Another serial number; anything else as it is.</summary>
    public static ControlReply SerialNumber(UsbSetup setup, ControlReply reply) =>
        (setup.Value & 0xFF) == SerialNumberIndex && TextOf(setup, reply) is { } text ? With(reply, new string([.. text.Reverse()])) : reply;

    private static string? TextOf(UsbSetup setup, ControlReply reply) =>
        setup is { RequestType: 0x80, Request: GetDescriptor } && setup.Value >> 8 == StringType && (setup.Value & 0xFF) != 0 && reply.Data.Length > Header
            ? Encoding.Unicode.GetString(reply.Data.Span[Header..])
            : null;

    private static ControlReply With(ControlReply reply, string text) =>
        reply with { Data = (byte[])[(byte)(Header + text.Length * 2), StringType, .. Encoding.Unicode.GetBytes(text)] };

    [GeneratedRegex("(?<=[KMB ])[a-f](?=,|$)")]
    private static partial Regex Access();

    [GeneratedRegex(@"\d+(?=\*[^*]*$)")]
    private static partial Regex LastCount();
}
