namespace UploadHelper.Core.Usb.Tracing;

/// <summary>The kinds of line in a trace.</summary>
public enum TraceOperation
{
    /// <summary>The devices on the bus, whenever the list has changed.</summary>
    Devices,

    /// <summary>A device was opened; the argument is its number.</summary>
    Open,

    /// <summary>An interface was claimed; the argument is its number.</summary>
    Claim,

    /// <summary>An alternate setting was selected; the argument is its number.</summary>
    Alternate,

    /// <summary>A control transfer.</summary>
    Control,

    /// <summary>A packet from an interrupt endpoint.</summary>
    Interrupt,

    /// <summary>A reset of the port.</summary>
    Reset,

    /// <summary>A serial port was opened; the data are its speed and format.</summary>
    SerialOpen,

    /// <summary>A modem line or the speed of a serial port was changed.</summary>
    SerialSet,

    /// <summary>Bytes were written to a serial port.</summary>
    SerialWrite,

    /// <summary>Bytes were read from a serial port, or none came in time.</summary>
    SerialRead,

    /// <summary>A serial port was closed.</summary>
    SerialClose,

    /// <summary>The serial ports, whenever the list has changed.</summary>
    Ports,

    /// <summary>What the user asked for: a command and its settings.</summary>
    Request,

    /// <summary>The file that is uploaded.</summary>
    File,

    /// <summary>How it ended.</summary>
    Outcome,

    /// <summary>A bulk transfer. Only captures have them: the argument is the endpoint.</summary>
    Bulk,

    /// <summary>An event that is not understood.</summary>
    Unknown,
}

/// <summary>
/// Writes a trace: one JSON object per line, flushed at once, so that it is complete even if the program crashes. An output
/// that fails ends the trace, not what is traced.
/// </summary>
/// <param name="lines">The output.</param>
/// <param name="time">The clock; times are milliseconds since the start of the trace.</param>
public sealed class TraceWriter(TextWriter lines, TimeProvider time)
{
    /// <summary>What stands behind the format of a serial line that acknowledges each change of its lines.</summary>
    public const string Acknowledged = "acknowledged";

    private readonly long _start = time.GetTimestamp();

    /// <summary>Why a line could not be written; null as long as the trace is complete. No line follows the one that is missing.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Records what the user asked for.</summary>
    /// <param name="command">The command.</param>
    /// <param name="version">The version of this program.</param>
    /// <param name="settings">The settings that are not the default, by their names.</param>
    public void Request(string command, string version, IReadOnlyDictionary<string, string> settings) =>
        Write(new TraceEvent(TraceOperation.Request) { Name = command, Text = version, Settings = settings });

    /// <summary>Records what is uploaded: with it, the upload can be repeated against what was recorded.</summary>
    /// <param name="file">The file.</param>
    public void File(TracedFile file) => Write(new TraceEvent(TraceOperation.File) { File = file });

    /// <summary>Records how it ended.</summary>
    /// <param name="error">The code of the error; "" for a success.</param>
    public void Outcome(string error) => Write(new TraceEvent(TraceOperation.Outcome) { Name = error });

    internal void Devices(IReadOnlyList<UsbDeviceInfo> devices) => Write(new TraceEvent(TraceOperation.Devices) { Devices = devices });

    internal void Ports(IReadOnlyList<TracedPort> ports) => Write(new TraceEvent(TraceOperation.Ports) { Ports = ports });

    internal void Opened(int device, bool canReset, UsbFault? fault) =>
        Write(new TraceEvent(TraceOperation.Open) { Argument = device, Text = canReset ? "" : "reset", Fault = fault?.ToString() });

    internal void Record(TraceOperation operation, int device, int argument, Action work)
    {
        UsbFault? fault = null;
        try
        {
            work();
        }
        catch (UsbException e)
        {
            fault = e.Fault;
            throw;
        }
        finally
        {
            Write(new TraceEvent(operation) { Device = device, Argument = argument, Fault = fault?.ToString() });
        }
    }

    internal void Transfer(int device, UsbSetup setup, ReadOnlySpan<byte> data, UsbFault? fault, TimeSpan took) =>
        Write(new TraceEvent(TraceOperation.Control) { Device = device, Setup = setup, Data = data.ToArray(), Fault = fault?.ToString(), Took = took });

    internal void Interrupt(int device, byte endpoint, ReadOnlySpan<byte> data, UsbFault? fault, TimeSpan took) =>
        Write(new TraceEvent(TraceOperation.Interrupt) { Device = device, Argument = endpoint, Data = data.ToArray(), Fault = fault?.ToString(), Took = took });

    /// <summary>Writes a line.</summary>
    /// <param name="line">What happened; now, whatever it says.</param>
    internal void Write(TraceEvent line)
    {
        if (Failure is not null)
        {
            return;
        }

        lock (lines)
        {
            try
            {
                lines.WriteLine(TraceLines.Text(line with { At = time.GetElapsedTime(_start) }));
                lines.Flush();
            }
            catch (Exception e)
            {
                // Whatever it is (a full disk, a quota, a file system that has gone), the board is in the middle of its work.
                Failure = e;
            }
        }
    }
}
