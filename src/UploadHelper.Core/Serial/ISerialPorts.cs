using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Serial;

/// <summary>The serial ports that can be reached.</summary>
public interface ISerialPorts
{
    /// <summary>A fresh look at the ports. Opens none.</summary>
    IReadOnlyList<SerialPortInfo> List();

    /// <summary>
    /// Opens a port: raw mode at once, before anything else (a fresh terminal echoes), 8 data bits, no parity, one
    /// stop bit, no flow control. On Linux the kernel raises DTR and RTS by itself.
    /// </summary>
    /// <param name="name">As the user writes it: "/dev/ttyACM0", "ttyACM0", "COM12".</param>
    /// <param name="baudRate">Line speed, for example 9600; 1200 means a touch to some sketches.</param>
    /// <exception cref="SerialException">With the class of the failure.</exception>
    ISerialLine Open(string name, int baudRate);
}

/// <summary>An open serial line. Closing it never throws and never hangs, whatever the device does.</summary>
public interface ISerialLine : IDisposable
{
    /// <summary>Raises or drops DTR. Where a line has no modem control (a pseudo terminal), nothing happens.</summary>
    /// <exception cref="SerialException"><see cref="SerialFault.Gone"/> and others.</exception>
    void SetDtr(bool high);

    /// <summary>Raises or drops RTS. Where a line has no modem control (a pseudo terminal), nothing happens.</summary>
    /// <exception cref="SerialException"><see cref="SerialFault.Gone"/> and others.</exception>
    void SetRts(bool high);

    /// <summary>Writes all bytes in one piece, so that they arrive in one packet.</summary>
    /// <param name="data">What to write.</param>
    /// <param name="limit">How long the device may take to accept it; above zero.</param>
    /// <exception cref="SerialException"><see cref="SerialFault.Timeout"/>, <see cref="SerialFault.Gone"/> and others.</exception>
    void Write(ReadOnlySpan<byte> data, TimeSpan limit);
}

/// <summary>A serial port as one look shows it.</summary>
/// <param name="Name">Its name as the system wants it: "/dev/ttyACM0", "COM12".</param>
/// <param name="VendorId">idVendor of the USB device behind it, or null where it is none or not known.</param>
/// <param name="ProductId">idProduct of the USB device behind it, or null.</param>
/// <param name="SerialNumber">Its serial number string, or null.</param>
/// <param name="UsbPath">Where that device is plugged in, as <see cref="UsbDeviceInfo.Path"/>, or null.</param>
public sealed record SerialPortInfo(string Name, ushort? VendorId, ushort? ProductId, string? SerialNumber, string? UsbPath);

/// <summary>The names of serial ports as people write them.</summary>
public static class PortNames
{
    private static readonly string[] Prefixes = ["/dev/", @"\\.\"];

    /// <summary>Whether two names mean the same port: "ttyACM0" and "/dev/ttyACM0", "COM12" and "\\.\com12".</summary>
    public static bool Same(string one, string other) => string.Equals(Bare(one), Bare(other), StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a look at the ports shows this one.</summary>
    public static bool IsListed(ISerialPorts ports, string name) => Find(ports.List(), name) is not null;

    /// <summary>The port of that name, or null.</summary>
    public static SerialPortInfo? Find(IReadOnlyList<SerialPortInfo> ports, string name) => ports.FirstOrDefault(p => Same(p.Name, name));

    private static string Bare(string name) =>
        Prefixes.FirstOrDefault(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase)) is { } prefix ? name[prefix.Length..] : name;
}

/// <summary>What went wrong with a serial port.</summary>
public enum SerialFault
{
    /// <summary>There is no such port.</summary>
    NotFound,

    /// <summary>The operating system does not let this user open the port.</summary>
    AccessDenied,

    /// <summary>Another program holds the port.</summary>
    Busy,

    /// <summary>The device did not take the bytes in time.</summary>
    Timeout,

    /// <summary>The port went away while it was open.</summary>
    Gone,

    /// <summary>Any other failure.</summary>
    Io,
}

/// <summary>A failure of a serial port.</summary>
public sealed class SerialException : Exception
{
    /// <summary>A failure of the given class, told in one sentence.</summary>
    public SerialException(SerialFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>The class of the failure.</summary>
    public SerialFault Fault { get; }
}
