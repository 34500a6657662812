using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Serial;

/// <summary>The serial ports of this machine, or of a virtual board.</summary>
public interface ISerialPorts
{
    /// <summary>Lists the ports that exist now. Opens none.</summary>
    IReadOnlyList<SerialPortInfo> List();

    /// <summary>
    /// Opens a port in a way that keeps its terminal, if it has one, from sending back what the sketch prints (a fresh terminal
    /// echoes): 8 data bits, no parity, one stop bit, no flow control. On Linux, opening raises DTR and RTS.
    /// </summary>
    /// <param name="name">As the user writes it: "/dev/ttyACM0", "ttyACM0", "COM12".</param>
    /// <param name="baudRate">Line speed, for example 9600. Some sketches reset when a port is opened at 1200 (the "1200 baud touch").</param>
    /// <exception cref="SerialException">With the kind of failure.</exception>
    ISerialLine Open(string name, int baudRate);
}

/// <summary>An open serial port. Closing it never throws and never blocks, whatever the device does.</summary>
public interface ISerialLine : IDisposable
{
    /// <summary>Raises or drops DTR. No effect on a port without modem control lines (a pseudo terminal).</summary>
    /// <exception cref="SerialException"><see cref="SerialFault.Gone"/> and others.</exception>
    void SetDtr(bool high);

    /// <summary>Raises or drops RTS. No effect on a port without modem control lines (a pseudo terminal).</summary>
    /// <exception cref="SerialException"><see cref="SerialFault.Gone"/> and others.</exception>
    void SetRts(bool high);

    /// <summary>Writes all bytes in one call, so that they arrive in one packet.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="limit">The time limit for the device to accept them; greater than zero.</param>
    /// <exception cref="SerialException"><see cref="SerialFault.Timeout"/>, <see cref="SerialFault.Gone"/> and others.</exception>
    void Write(ReadOnlySpan<byte> data, TimeSpan limit);
}

/// <summary>A serial port in a list of ports.</summary>
/// <param name="Name">Its system name: "/dev/ttyACM0", "COM12".</param>
/// <param name="VendorId">idVendor of the USB device behind it, or null if there is none or it is not known.</param>
/// <param name="ProductId">idProduct of the USB device behind it, or null.</param>
/// <param name="SerialNumber">The serial number of that USB device, or null.</param>
/// <param name="UsbPath">The USB path of that device, as in <see cref="UsbDeviceInfo.Path"/>, or null.</param>
public sealed record SerialPortInfo(string Name, ushort? VendorId, ushort? ProductId, string? SerialNumber, string? UsbPath);

/// <summary>Compares names of serial ports as people write them.</summary>
public static class PortNames
{
    private static readonly string[] Prefixes = ["/dev/", @"\\.\"];

    /// <summary>Whether two names mean the same port: "ttyACM0" and "/dev/ttyACM0", "COM12" and "\\.\com12".</summary>
    public static bool Same(string one, string other) => string.Equals(Bare(one), Bare(other), StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a port of that name exists now.</summary>
    public static bool IsListed(ISerialPorts ports, string name) => Find(ports.List(), name) is not null;

    /// <summary>The port of that name, or null.</summary>
    public static SerialPortInfo? Find(IReadOnlyList<SerialPortInfo> ports, string name) => ports.FirstOrDefault(p => Same(p.Name, name));

    private static string Bare(string name) =>
        Prefixes.FirstOrDefault(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase)) is { } prefix ? name[prefix.Length..] : name;
}

/// <summary>The kinds of failure of a serial port.</summary>
public enum SerialFault
{
    /// <summary>The port does not exist.</summary>
    NotFound,

    /// <summary>The operating system does not allow this user to open the port.</summary>
    AccessDenied,

    /// <summary>Another program has the port open.</summary>
    Busy,

    /// <summary>The device did not accept the bytes in time.</summary>
    Timeout,

    /// <summary>The port disappeared while it was open.</summary>
    Gone,

    /// <summary>Any other failure.</summary>
    Io,
}

/// <summary>A failure of a serial port.</summary>
public sealed class SerialException : Exception
{
    /// <summary>Creates a failure of the given kind, with a message of one sentence.</summary>
    public SerialException(SerialFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>The kind of failure.</summary>
    public SerialFault Fault { get; }
}

/// <summary>How a sketch is reset over its serial port.</summary>
public enum ResetWay
{
    /// <summary>
    /// "1EAF" with pulses on the control lines, as the cores for STM32 expect. DTR is high while it is sent; if the sketch stays, it is
    /// sent again with DTR low.
    /// </summary>
    Magic,

    /// <summary>The same with DTR low, once: the cores for the F1 need a falling DTR, and old ones can be sent it only once.</summary>
    MapleMagic,

    /// <summary>DTR low at 1200 baud, as Arduino's own boards expect.</summary>
    Touch,
}

/// <summary>What the USB ids of a serial port say about the device behind it.</summary>
public static class SketchPort
{
    // Arduino's own boards (ArduinoCore-mbed boards.txt: 2341:025b and others).
    private const ushort Arduino = 0x2341;

    // Arduino_STM32's core for the F4 (usbd_desc.c), STM32GENERIC, Arduino_Core_STM32. Only the first needs a high DTR; its ids are fixed.
    private static readonly UsbId VirtualComPort = new(0x0483, 0x5740);

    private static readonly (ushort Vendor, ushort? Product, string Name)[] Others =
    [
        (0x1A86, null, "a CH340 serial adapter"),
        (0x0403, null, "an FTDI serial adapter"),
        (0x10C4, 0xEA60, "a CP210x serial adapter"),
        (0x10C4, 0xEA70, "a CP210x serial adapter"),
        (0x10C4, 0xEA71, "a CP210x serial adapter"),
        (0x067B, null, "a PL2303 serial adapter"),
        (0x1366, null, "a J-Link's serial port"),
        (0x0483, 0x374B, "an ST-Link's serial port"),
        (0x0483, 0x374E, "an ST-Link's serial port"),
        (0x0483, 0x374F, "an ST-Link's serial port"),
        (0x0483, 0x3752, "an ST-Link's serial port"),
        (0x0483, 0x3753, "an ST-Link's serial port"),
        (0x0483, 0x3754, "an ST-Link's serial port"),
    ];

    // How Linux and macOS name the ports of Bluetooth devices.
    private static readonly string[] BluetoothNames = ["rfcomm", "cu.Bluetooth", "tty.Bluetooth", "cu.BLTH", "tty.BLTH"];

    /// <summary>The kind of device behind a port that is certainly not a sketch's own port; null if it is one, or could be.</summary>
    public static string? OtherDevice(SerialPortInfo port)
    {
        var name = port.Name[(port.Name.LastIndexOf('/') + 1)..];
        return BluetoothNames.Any(b => name.StartsWith(b, StringComparison.OrdinalIgnoreCase))
            ? "a Bluetooth port"
            : Others.FirstOrDefault(o => o.Vendor == port.VendorId && (o.Product ?? port.ProductId) == port.ProductId).Name;
    }

    /// <summary>
    /// The reset for a port. The cores for STM32 (1EAF:0004, 0483:5740) support the magic reset. A sketch can have ids of its own
    /// (USBComposite, boards.txt of Arduino_Core_STM32): it then has a core that accepts a low DTR. A port without ids can be
    /// any; Arduino_STM32's sketches for the F1 have theirs wherever the system shows ids.
    /// </summary>
    public static ResetWay ResetWayOf(SerialPortInfo? port) => port switch
    {
        { VendorId: Arduino } => ResetWay.Touch,
        { VendorId: { } vendor, ProductId: { } product } when new UsbId(vendor, product) != VirtualComPort => ResetWay.MapleMagic,
        _ => ResetWay.Magic,
    };
}
