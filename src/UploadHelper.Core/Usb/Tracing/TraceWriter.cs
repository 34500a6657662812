using System.Text;
using System.Text.Json;

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

    internal void Devices(IReadOnlyList<UsbDeviceInfo> devices) => Line(TraceOperation.Devices, json =>
    {
        json.WriteStartArray("devices");
        foreach (var device in devices)
        {
            json.WriteStartObject();
            json.WriteNumber("bus", device.Bus);
            json.WriteNumber("number", device.Number);
            json.WriteString("path", device.Path);
            json.WriteString("id", device.Id.ToString());
            json.WriteNumber("release", device.Release);
            json.WriteStartArray("interfaces");
            foreach (var i in device.Interfaces)
            {
                json.WriteStringValue(Convert.ToHexString([i.Number, i.AlternateSetting, i.Class, i.SubClass, i.Protocol]));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    internal void Ports(IReadOnlyList<TracedPort> ports) => Line(TraceOperation.Ports, json =>
    {
        json.WriteStartArray("ports");
        foreach (var port in ports)
        {
            json.WriteStartObject();
            json.WriteString("name", port.Name);
            Optional(json, "id", port.Id?.ToString());
            Optional(json, "serial", port.SerialNumber);
            Optional(json, "path", port.Path);
            Optional(json, "product", port.Product);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>Records what the user asked for.</summary>
    /// <param name="command">The command.</param>
    /// <param name="version">The version of this program.</param>
    /// <param name="settings">The settings that are not the default, by their names.</param>
    public void Request(string command, string version, IReadOnlyDictionary<string, string> settings) => Line(TraceOperation.Request, json =>
    {
        json.WriteString("command", command);
        json.WriteString("version", version);
        json.WriteStartObject("settings");
        foreach (var (name, value) in settings)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    });

    /// <summary>Records what is uploaded: with it, the upload can be repeated against what was recorded.</summary>
    /// <param name="file">The file.</param>
    public void File(TracedFile file) => Line(TraceOperation.File, json =>
    {
        json.WriteString("name", file.Name);
        json.WriteNumber("size", file.Size);
        Optional(json, "port", file.Port);
        json.WriteString("waitPort", file.WaitPort);
        json.WriteStartArray("segments");
        foreach (var (address, data) in file.Segments)
        {
            json.WriteStartObject();
            Optional(json, "address", address is { } at ? $"0x{at:X8}" : null);
            json.WriteString("data", Convert.ToHexString(data.Span));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>Records how it ended.</summary>
    /// <param name="error">The code of the error; "" for a success.</param>
    public void Outcome(string error) => Line(TraceOperation.Outcome, json => json.WriteString("error", error));

    internal void Opened(int device, bool canReset, UsbFault? fault) => Line(TraceOperation.Open, json =>
    {
        json.WriteNumber("argument", device);
        Optional(json, "cannot", canReset ? null : "reset");
        Fault(json, fault);
    });

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
            Line(operation, json =>
            {
                json.WriteNumber("device", device);
                json.WriteNumber("argument", argument);
                Fault(json, fault);
            });
        }
    }

    internal void Transfer(int device, UsbSetup setup, ReadOnlySpan<byte> data, UsbFault? fault, TimeSpan took)
    {
        Span<byte> wire = stackalloc byte[UsbSetup.Size];
        setup.Write(wire);
        var (setupHex, dataHex) = (Convert.ToHexString(wire), Convert.ToHexString(data));
        Line(TraceOperation.Control, json =>
        {
            json.WriteNumber("device", device);
            json.WriteString("setup", setupHex);
            json.WriteString("data", dataHex);
            json.WriteNumber("took", Math.Round(took.TotalMilliseconds, 3));
            Fault(json, fault);
        });
    }

    internal void Interrupt(int device, byte endpoint, ReadOnlySpan<byte> data, UsbFault? fault, TimeSpan took)
    {
        var dataHex = Convert.ToHexString(data);
        Line(TraceOperation.Interrupt, json =>
        {
            json.WriteNumber("device", device);
            json.WriteNumber("endpoint", endpoint);
            json.WriteString("data", dataHex);
            json.WriteNumber("took", Math.Round(took.TotalMilliseconds, 3));
            Fault(json, fault);
        });
    }

    internal void Serial(TraceOperation operation, string port, string data, TimeSpan took, string? fault = null) => Line(operation, json =>
    {
        json.WriteString("port", port);
        json.WriteString("data", data);
        json.WriteNumber("took", Math.Round(took.TotalMilliseconds, 3));
        Optional(json, "fault", fault);
    });

    private static void Fault(Utf8JsonWriter json, UsbFault? fault) => Optional(json, "fault", fault?.ToString());

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private void Line(TraceOperation operation, Action<Utf8JsonWriter> body)
    {
        if (Failure is not null)
        {
            return;
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("at", Math.Round(time.GetElapsedTime(_start).TotalMilliseconds, 3));
            json.WriteString("operation", operation.ToString());
            body(json);
            json.WriteEndObject();
        }

        lock (lines)
        {
            try
            {
                lines.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
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
