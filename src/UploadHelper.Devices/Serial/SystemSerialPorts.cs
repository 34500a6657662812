using System.IO.Ports;
using UploadHelper.Core.Serial;
using UploadHelper.Devices.Libraries;

namespace UploadHelper.Devices.Serial;

/// <summary>Serial ports through the package System.IO.Ports. It lists only names, so the ports are listed without it.</summary>
/// <param name="list">Lists the ports.</param>
internal sealed class SystemSerialPorts(Func<IReadOnlyList<SerialPortInfo>> list) : ISerialPorts
{
    private const string DevicePrefix = @"\\.\";

    // The package has its functions for Linux and macOS in a library. Where the executable does not contain it, it is among the files of the build.
    private const string Library = "libSystem.IO.Ports.Native";

    static SystemSerialPorts() => CarriedLibrary.Resolve(
        typeof(SerialPort).Assembly,
        Library,
        CarriedLibrary.Once(() =>
            CarriedLibrary.Find(Library + (OperatingSystem.IsMacOS() ? ".dylib" : ".so"))?.Load("Set TMPDIR to a folder from which programs may be started.") ?? 0));

    /// <inheritdoc/>
    public IReadOnlyList<SerialPortInfo> List() => list();

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate) => new SystemSerialLine(SystemName(name), baudRate, Parity.None);

    /// <inheritdoc/>
    public IUartLine OpenUart(string name, int baudRate) => new SystemSerialLine(SystemName(name), baudRate, Parity.Even);

    // The package itself adds the prefix of devices on Windows, but none on Linux or macOS.
    private static string SystemName(string name) =>
        OperatingSystem.IsWindows() ? (name.StartsWith(DevicePrefix, StringComparison.Ordinal) ? name[DevicePrefix.Length..] : name)
        : name.Contains('/') ? name
        : "/dev/" + name;
}

/// <summary>A serial line of System.IO.Ports, which sets raw mode itself when it opens.</summary>
internal sealed class SystemSerialLine : IUartLine
{
    // A device that answers does so within a few milliseconds.
    private static readonly TimeSpan ClosingLimit = TimeSpan.FromMilliseconds(200);

    private readonly SerialPort _port;
    private readonly Stream _stream;
    private bool _gone;
    private bool _closed;

    public SystemSerialLine(string name, int baudRate, Parity parity)
    {
        _port = Open(name, baudRate, parity);
        _stream = _port.BaseStream;
    }

    public void SetDtr(bool high) => SetLine(() => _port.DtrEnable = high);

    public void SetRts(bool high) => SetLine(() => _port.RtsEnable = high);

    public void SetBaudRate(int baudRate) => Set("Setting the speed", () => _port.BaudRate = baudRate);

    public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
    {
        // The package waits the whole time limit even for a port that it knows to have disappeared.
        if (_gone)
        {
            throw SystemSerialErrors.Gone(null);
        }

        try
        {
            // It counts whole milliseconds of a clock of its own.
            _port.WriteTimeout = (int)Math.Ceiling(limit.TotalMilliseconds) + 1;
            _port.Write(data.ToArray(), 0, data.Length);
        }
        catch (Exception e) when (SystemSerialErrors.Covers(e))
        {
            throw Failure("Writing", e);
        }
    }

    public int Read(Span<byte> buffer, TimeSpan limit)
    {
        if (_gone)
        {
            throw SystemSerialErrors.Gone(null);
        }

        try
        {
            if (limit <= TimeSpan.Zero && _port.BytesToRead == 0)
            {
                return 0;
            }

            _port.ReadTimeout = (int)Math.Ceiling(limit.TotalMilliseconds) + 1;
            try
            {
                return _stream.Read(buffer);
            }
            catch (TimeoutException) when (_port.BytesToRead > 0)
            {
                // They came while this process did not run.
                return _stream.Read(buffer);
            }
        }
        catch (TimeoutException)
        {
            return 0;
        }
        catch (Exception e) when (SystemSerialErrors.Covers(e))
        {
            throw Failure("Reading", e);
        }
    }

    public void Discard() => Set("Dropping what has come", _port.DiscardInBuffer);

    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        // The stream is closed, not the port: closing the port first waits until everything is sent, which never ends with a
        // stuck device. The kernel also waits up to 30 s; only the thread waits for it.
        // A port that answers is closed, and free for others, when this returns.
        _closed = true;
        var thread = new Thread(Close) { IsBackground = true, Name = "close serial line" };
        thread.Start();
        thread.Join(ClosingLimit);
    }

    private SerialException Failure(string what, Exception e)
    {
        var failure = SystemSerialErrors.Exception(what, e, opening: false);
        _gone = failure.Fault == SerialFault.Gone;
        return failure;
    }

    private static SerialPort Open(string name, int baudRate, Parity parity)
    {
        try
        {
            try
            {
                return Open(name, baudRate, parity, raised: true);
            }
            catch (Exception e) when (SystemSerialErrors.IsPseudoTerminal(e, parity))
            {
                // The package ignores its missing modem lines only if they are set low, and it has no parity.
                return Open(name, baudRate, Parity.None, raised: false);
            }
        }
        catch (Exception e) when (SystemSerialErrors.Covers(e))
        {
            throw SystemSerialErrors.Exception($"Opening {name}", e, opening: true);
        }
    }

    // The system raises both lines when a port is opened. By default the package would lower them at once.
    private static SerialPort Open(string name, int baudRate, Parity parity, bool raised)
    {
        var port = new SerialPort(name, baudRate, parity, 8, StopBits.One) { DtrEnable = raised, RtsEnable = raised };
        port.Open();
        return port;
    }

    private static void SetLine(Action set) => Set("Setting DTR and RTS", () =>
    {
        try
        {
            set();
        }
        catch (IOException e) when (SystemSerialErrors.IsWithoutModemLines(e))
        {
            // A line that does not exist needs no change.
        }
    });

    private static void Set(string what, Action set)
    {
        try
        {
            set();
        }
        catch (Exception e) when (SystemSerialErrors.Covers(e))
        {
            throw SystemSerialErrors.Exception(what, e, opening: false);
        }
    }

    private void Close()
    {
        try
        {
            _stream.Dispose();
        }
        catch (Exception e) when (SystemSerialErrors.Covers(e))
        {
            // It is closed nevertheless.
        }
    }
}

/// <summary>
/// The exceptions of System.IO.Ports, as faults. On Linux and macOS it throws an UnauthorizedAccessException for every port
/// that cannot be opened; the exception inside it has the error number of the system as its HResult.
/// </summary>
internal static class SystemSerialErrors
{
    private const int Win32Code = 0xFFFF;

    /// <summary>Whether an exception means a failure of the port.</summary>
    public static bool Covers(Exception e) =>
        e is IOException or UnauthorizedAccessException or TimeoutException or InvalidOperationException or ArgumentException or DllNotFoundException;

    /// <summary>Whether a line has no modem control: a pseudo terminal. On Windows every failure to set a line counts as that.</summary>
    public static bool IsWithoutModemLines(IOException e) =>
        OperatingSystem.IsWindows() ? e is not FileNotFoundException : PosixErrors.IsWithoutModemLines(e.HResult);

    /// <summary>
    /// Whether opening a port failed because it is a pseudo terminal: it has no modem lines; and glibc refuses a parity that it does not take
    /// if nothing else of what is set is new, as when it was open at that speed before.
    /// </summary>
    public static bool IsPseudoTerminal(Exception e, Parity parity) =>
        e is IOException io ? IsWithoutModemLines(io) : e is ArgumentException && parity != Parity.None && !OperatingSystem.IsWindows();

    /// <summary>The exception for a port that disappeared while it was open.</summary>
    public static SerialException Gone(Exception? inner) => new(SerialFault.Gone, "The serial port has disappeared.", inner);

    /// <summary>Converts an exception of the package.</summary>
    /// <param name="what">What was tried.</param>
    /// <param name="e">Its exception.</param>
    /// <param name="opening">Whether the port was not open yet.</param>
    public static SerialException Exception(string what, Exception e, bool opening) => e switch
    {
        TimeoutException => new SerialException(SerialFault.Timeout, "The device did not accept the bytes in time.", e),
        // Its loop noticed that the terminal hung up, and treats the stream as closed.
        InvalidOperationException => Gone(e),
        UnauthorizedAccessException { InnerException: IOException inner } => Exception(what, inner, opening),
        _ when OperatingSystem.IsWindows() => new SerialException(WindowsFault(e, opening), $"{what} failed: {e.Message}", e),
        IOException => PosixErrors.Exception(what, e.HResult, opening),
        _ => new SerialException(SerialFault.Io, $"{what} failed: {e.Message}", e),
    };

    // It throws this for a name that is not that of a COM port.
    private static SerialFault WindowsFault(Exception e, bool opening) =>
        opening && e is ArgumentException ? SerialFault.NotFound : WindowsErrors.Fault(e.HResult & Win32Code, opening);
}
