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
