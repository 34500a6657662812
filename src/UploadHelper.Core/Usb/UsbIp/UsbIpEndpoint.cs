using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>The address of a USB/IP server.</summary>
/// <param name="Host">A host name, an IPv4 address, or an IPv6 address without brackets.</param>
/// <param name="Port">TCP port, 0 to 65535; 0 is for listeners only, and means any free port.</param>
public sealed record UsbIpEndpoint(string Host, int Port)
{
    /// <summary>Reads "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT"; the default port is <see cref="UsbIpProtocol.DefaultPort"/>.</summary>
    /// <exception cref="FormatException">With what is wrong and the correct notation.</exception>
    public static UsbIpEndpoint Parse(string text)
    {
        var (host, port) = Split(text.Trim());
        return new UsbIpEndpoint(CheckHost(host, text), port is null ? UsbIpProtocol.DefaultPort : ParsePort(port, text));
    }

    /// <summary>
    /// As <see cref="Parse"/>, for a listener: "PORT" alone means that port on the loopback address, so that nothing is
    /// exposed to the network by accident.
    /// </summary>
    /// <exception cref="FormatException">With what is wrong and the correct notation.</exception>
    public static UsbIpEndpoint ParseListener(string text) => text.Length > 0 && text.All(char.IsAsciiDigit)
        ? new UsbIpEndpoint("127.0.0.1", ParsePort(text, text))
        : Parse(text);

    /// <summary>In the notation of <see cref="Parse"/>.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static (string Host, string? Port) Split(string text)
    {
        if (text.StartsWith('['))
        {
            var close = text.IndexOf(']');
            if (close < 0)
            {
                throw new FormatException($"\"{text}\": the closing bracket of the IPv6 address is missing. Write it like [::1]:3240.");
            }

            var rest = text[(close + 1)..];
            return rest switch
            {
                "" => (text[1..close], null),
                [':', ..] => (text[1..close], rest[1..]),
                _ => throw new FormatException($"\"{text}\": only :PORT may follow the bracket. Write it like [::1]:3240."),
            };
        }

        return text.Split(':') switch
        {
            [var host] => (host, null),
            [var host, var port] => (host, port),
            _ => throw new FormatException($"\"{text}\": an IPv6 address needs brackets. Write it like [::1]:3240."),
        };
    }

    private static string CheckHost(string host, string text)
    {
        if (host.Length == 0)
        {
            throw new FormatException($"\"{text}\" has no host name. Expected HOST:PORT.");
        }

        var isIpv6 = IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        if (host.Contains(':') && !isIpv6)
        {
            throw new FormatException($"\"{host}\" is not an IPv6 address. Write it like [::1]:3240.");
        }

        return isIpv6 || Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4
            ? host
            : throw new FormatException($"\"{host}\" is not a host name or address. Expected HOST:PORT.");
    }

    private static int ParsePort(string port, string text) =>
        ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"\"{text}\": \"{port}\" is not a TCP port. Use a number from 1 to 65535, usually 3240.");
}
