using System.Globalization;
using System.Text;
using System.Text.Json;

namespace UploadHelper.Core.Usb.Tracing;

/// <summary>The format of <c>--trace</c>: one JSON object per line.</summary>
internal static class TraceLines
{
    private const string Format = "trace of upload-helper";

    /// <summary>Whether a text begins as such a file.</summary>
    public static bool Begins(ReadOnlySpan<byte> text) => text.StartsWith("{\"at\":"u8);

    /// <summary>Reads the lines up to the first that is damaged.</summary>
    public static Recording Read(ReadOnlyMemory<byte> content)
    {
        var (events, warnings) = (new List<TraceEvent>(), new List<string>());
        for (var number = 1; content.Length > 0; number++)
        {
            var end = content.Span.IndexOf((byte)'\n');
            var line = (end < 0 ? content : content[..end]).TrimStart("\uFEFF"u8).Trim(" \t\r"u8);
            content = end < 0 ? default : content[(end + 1)..];
            if (line.IsEmpty)
            {
                continue;
            }

            try
            {
                using var json = JsonDocument.Parse(line);
                events.Add(Event(json.RootElement));
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
            {
                warnings.Add(content.IsEmpty ? $"Its last line ({number}) is cut off." : $"Line {number} is damaged; what follows it is not shown.");
                break;
            }
        }

        return new Recording(Format, events) { Warnings = warnings };
    }

    /// <summary>A line, without its end.</summary>
    /// <param name="line">What happened.</param>
    public static string Text(TraceEvent line)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("at", Milliseconds(line.At ?? default));
            json.WriteString("operation", line.Operation.ToString());
            Write(json, line);
            Optional(json, "fault", line.Fault);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, TraceEvent line)
    {
        switch (line.Operation)
        {
            case TraceOperation.Devices:
                json.WriteStartArray("devices");
                foreach (var device in line.Devices)
                {
                    Write(json, device);
                }

                json.WriteEndArray();
                break;
            case TraceOperation.Ports:
                json.WriteStartArray("ports");
                foreach (var port in line.Ports)
                {
                    Write(json, port);
                }

                json.WriteEndArray();
                break;
            case TraceOperation.Request:
                json.WriteString("command", line.Name);
                json.WriteString("version", line.Text);
                json.WriteStartObject("settings");
                foreach (var (name, value) in line.Settings)
                {
                    json.WriteString(name, value);
                }

                json.WriteEndObject();
                break;
            case TraceOperation.File:
                Write(json, line.File!);
                break;
            case TraceOperation.Outcome:
                json.WriteString("error", line.Name);
                break;
            case TraceOperation.Open:
                json.WriteNumber("argument", line.Argument);
                Optional(json, "cannot", line.Text.Length > 0 ? line.Text : null);
                break;
            case TraceOperation.Claim or TraceOperation.Alternate or TraceOperation.Reset:
                json.WriteNumber("device", line.Device);
                json.WriteNumber("argument", line.Argument);
                break;
            case TraceOperation.Control:
                Span<byte> setup = stackalloc byte[UsbSetup.Size];
                line.Setup.Write(setup);
                json.WriteNumber("device", line.Device);
                json.WriteString("setup", Convert.ToHexString(setup));
                WriteData(json, line);
                break;
            case TraceOperation.Interrupt or TraceOperation.Bulk:
                json.WriteNumber("device", line.Device);
                json.WriteNumber("endpoint", line.Argument);
                WriteData(json, line);
                break;
            case TraceOperation.SerialRead or TraceOperation.SerialWrite:
                json.WriteString("port", line.Name);
                WriteData(json, line);
                break;
            default:
                json.WriteString("port", line.Name);
                json.WriteString("data", line.Text);
                json.WriteNumber("took", Milliseconds(line.Took));
                break;
        }
    }

    private static void Write(Utf8JsonWriter json, UsbDeviceInfo device)
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

    private static void Write(Utf8JsonWriter json, TracedPort port)
    {
        json.WriteStartObject();
        json.WriteString("name", port.Name);
        Optional(json, "id", port.Id?.ToString());
        Optional(json, "serial", port.SerialNumber);
        Optional(json, "path", port.Path);
        Optional(json, "product", port.Product);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TracedFile file)
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
    }

    private static void WriteData(Utf8JsonWriter json, TraceEvent line)
    {
        json.WriteString("data", Convert.ToHexString(line.Data.Span));
        json.WriteNumber("took", Milliseconds(line.Took));
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    private static TraceEvent Event(JsonElement line)
    {
        var name = line.GetProperty("operation").GetString();
        var shared = new TraceEvent(Enum.TryParse<TraceOperation>(name, out var operation) && Enum.IsDefined(operation) ? operation : TraceOperation.Unknown)
        {
            At = Milliseconds(line, "at"),
            Took = Milliseconds(line, "took"),
            Device = Number(line, "device"),
            Fault = Text(line, "fault"),
        };
        return shared.Operation switch
        {
            TraceOperation.Devices => shared with { Devices = Each(line, "devices", Device) },
            TraceOperation.Ports => shared with { Ports = Each(line, "ports", Port) },

            // Older traces have the number of an opened device only in the argument.
            TraceOperation.Open => shared with { Device = Number(line, "argument"), Argument = Number(line, "argument"), Text = Text(line, "cannot") ?? "" },
            TraceOperation.Claim or TraceOperation.Alternate or TraceOperation.Reset => shared with { Argument = Number(line, "argument") },
            TraceOperation.Control => shared with { Setup = Setup(Bytes(line, "setup")), Data = Bytes(line, "data") },
            TraceOperation.Interrupt or TraceOperation.Bulk => shared with { Argument = Number(line, "endpoint"), Data = Bytes(line, "data") },
            TraceOperation.SerialWrite or TraceOperation.SerialRead => shared with { Name = Text(line, "port") ?? "", Data = Bytes(line, "data") },
            TraceOperation.SerialOpen or TraceOperation.SerialSet or TraceOperation.SerialClose => shared with { Name = Text(line, "port") ?? "", Text = Text(line, "data") ?? "" },
            TraceOperation.Request => shared with
            {
                Name = Text(line, "command") ?? "",
                Text = Text(line, "version") ?? "",
                Settings = Settings(line.GetProperty("settings")),
            },
            TraceOperation.File => shared with { File = File(line) },
            TraceOperation.Outcome => shared with { Name = Text(line, "error") ?? "" },
            _ => shared with { Text = name ?? "" },
        };
    }

    private static UsbDeviceInfo Device(JsonElement device)
    {
        var id = UsbId.Parse(Text(device, "id") ?? "");
        return new UsbDeviceInfo(
            Number(device, "bus"), Number(device, "number"), Text(device, "path") ?? "", id.Vendor, id.Product, (ushort)Number(device, "release"),
            Each(device, "interfaces", Interface));
    }

    private static UsbInterfaceInfo Interface(JsonElement element) => Convert.FromHexString(element.GetString() ?? "") is [var number, var alternate, var type, var subtype, var protocol]
        ? new UsbInterfaceInfo(number, alternate, type, subtype, protocol)
        : throw new FormatException("An interface has five bytes.");

    private static TracedPort Port(JsonElement port) =>
        new(Text(port, "name") ?? "", Text(port, "id") is { } id ? UsbId.Parse(id) : null, Text(port, "serial"), Text(port, "path"), Text(port, "product"));

    private static TracedFile File(JsonElement line) => new(
        Text(line, "name") ?? "",
        Number(line, "size"),
        Each(line, "segments", s => new TracedSegment(Text(s, "address") is { } address ? Address(address) : null, Bytes(s, "data"))),
        Text(line, "port"),
        Text(line, "waitPort") ?? "auto");

    private static Dictionary<string, string> Settings(JsonElement settings)
    {
        var all = new Dictionary<string, string>();
        foreach (var setting in settings.EnumerateObject())
        {
            all[setting.Name] = setting.Value.GetString() ?? "";
        }

        return all;
    }

    // With LINQ the program would be larger.
    private static List<T> Each<T>(JsonElement line, string name, Func<JsonElement, T> read)
    {
        var all = new List<T>();
        foreach (var element in line.GetProperty(name).EnumerateArray())
        {
            all.Add(read(element));
        }

        return all;
    }

    private static uint Address(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? uint.Parse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
        : throw new FormatException("An address begins with 0x.");

    private static UsbSetup Setup(ReadOnlyMemory<byte> bytes) =>
        bytes.Length == UsbSetup.Size ? UsbSetup.Read(bytes.Span) : throw new FormatException("A setup packet has eight bytes.");

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static ReadOnlyMemory<byte> Bytes(JsonElement element, string name) => Convert.FromHexString(Text(element, name) ?? "");

    private static int Number(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetInt32() : 0;

    private static TimeSpan Milliseconds(JsonElement element, string name)
    {
        const double Longest = 1e12;
        return element.TryGetProperty(name, out var value) && value.GetDouble() is >= 0 and < Longest and var ms ? TimeSpan.FromMilliseconds(ms) : default;
    }
}
