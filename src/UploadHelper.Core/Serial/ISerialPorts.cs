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

    /// <summary>
    /// Opens a port for a conversation with the bootloader in ROM at the other end of it: 8 data bits, even parity, one stop bit, no flow
    /// control (AN3155). A pseudo terminal has no parity, and is opened without. On Linux, opening raises DTR and RTS. By default there is
    /// no such port.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <param name="baudRate">Line speed, for example 115200.</param>
    /// <exception cref="SerialException">With the kind of failure; <see cref="SerialFault.Io"/> if the adapter does not take the speed.</exception>
    IUartLine OpenUart(string name, int baudRate) => throw new SerialException(SerialFault.NotFound, $"There is no serial port {name}.");
}

/// <summary>An open serial port. Closing it never throws and never blocks, whatever the device does.</summary>
public interface ISerialLine : IDisposable
{
    /// <summary>
    /// Whether the device has answered each change of DTR and RTS when the call returns. The driver of a terminal may send a change later, or
    /// after data that were written later.
    /// </summary>
    bool IsAcknowledged => false;

    /// <summary>Raises or drops DTR. No effect on a port without modem control lines (a pseudo terminal).</summary>
    /// <exception cref="SerialException"><see cref="SerialFault.Gone"/> and others.</exception>
    void SetDtr(bool high);

    /// <summary>Raises or drops RTS. No effect on a port without modem control lines (a pseudo terminal).</summary>
    /// <exception cref="SerialException"><see cref="SerialFault.Gone"/> and others.</exception>
    void SetRts(bool high);

    /// <summary>
    /// Changes the line speed. A sketch that resets at 1200 baud does so when DTR falls. Linux keeps the speed of a terminal after
    /// it is closed: left at 1200, the next program that opens and closes the port would reset the sketch.
    /// </summary>
    /// <param name="baudRate">The new speed.</param>
    /// <exception cref="SerialException"><see cref="SerialFault.Gone"/> and others.</exception>
    void SetBaudRate(int baudRate);

    /// <summary>Writes all bytes in one call, so that they arrive in one packet.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="limit">The time limit for the device to accept them; greater than zero.</param>
    /// <exception cref="SerialException"><see cref="SerialFault.Timeout"/>, <see cref="SerialFault.Gone"/> and others.</exception>
    void Write(ReadOnlySpan<byte> data, TimeSpan limit);
}

/// <summary>An open serial port on which both ends speak.</summary>
public interface IUartLine : ISerialLine
{
    /// <summary>Waits for bytes, and reads those that are there.</summary>
    /// <param name="buffer">Where to; not empty.</param>
    /// <param name="limit">How long to wait for the first of them; zero only looks.</param>
    /// <returns>How many bytes were read; 0 if none came in time.</returns>
    /// <exception cref="SerialException"><see cref="SerialFault.Gone"/> and others.</exception>
    int Read(Span<byte> buffer, TimeSpan limit);

    /// <summary>Drops what has come and was not read.</summary>
    /// <exception cref="SerialException"><see cref="SerialFault.Gone"/> and others.</exception>
    void Discard();
}

/// <summary>A serial port in a list of ports.</summary>
/// <param name="Name">Its system name: "/dev/ttyACM0", "COM12".</param>
/// <param name="VendorId">idVendor of the USB device behind it, or null if there is none or it is not known.</param>
/// <param name="ProductId">idProduct of the USB device behind it, or null.</param>
/// <param name="SerialNumber">The serial number of that USB device, or null.</param>
/// <param name="UsbPath">The USB path of that device, as in <see cref="Usb.UsbDeviceInfo.Path"/>, or null.</param>
public sealed record SerialPortInfo(string Name, ushort? VendorId, ushort? ProductId, string? SerialNumber, string? UsbPath)
{
    /// <summary>The name that the USB device gives itself (iProduct), or null if there is none or it is not known.</summary>
    public string? Product { get; init; }
}

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
