using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using UploadHelper.Core.Usb;

namespace UploadHelper.Discovery;

/// <summary>The commands of the pluggable discovery protocol (arduino-cli, docs/pluggable-discovery-specification.md).</summary>
internal enum DiscoveryVerb
{
    /// <summary>A line that is not a valid command.</summary>
    Unknown,

    /// <summary>HELLO VERSION "USER AGENT": the first command of a client.</summary>
    Hello,

    /// <summary>START: LIST is allowed from now on.</summary>
    Start,

    /// <summary>START_SYNC: each port that appears or disappears is reported.</summary>
    StartSync,

    /// <summary>STOP: ends START and START_SYNC.</summary>
    Stop,

    /// <summary>LIST: the current ports.</summary>
    List,

    /// <summary>QUIT: ends the process; always allowed.</summary>
    Quit,
}

/// <summary>One line of the client.</summary>
/// <param name="Verb">The command.</param>
/// <param name="Text">The line, without the blanks around it.</param>
internal sealed partial record DiscoveryRequest(DiscoveryVerb Verb, string Text)
{
    private const string Hello = "HELLO";

    /// <summary>Whether the arguments are valid: only HELLO has any.</summary>
    public bool IsWellFormed => Verb != DiscoveryVerb.Hello || WellFormedHello().IsMatch(Text);

    /// <summary>Reads a line. Like Arduino's own discoveries, this accepts lower case.</summary>
    public static DiscoveryRequest Parse(string line)
    {
        var text = line.Trim();
        var verb = text.ToUpperInvariant() switch
        {
            "START" => DiscoveryVerb.Start,
            "START_SYNC" => DiscoveryVerb.StartSync,
            "STOP" => DiscoveryVerb.Stop,
            "LIST" => DiscoveryVerb.List,
            "QUIT" => DiscoveryVerb.Quit,
            var words when words.Split(' ')[0] == Hello => DiscoveryVerb.Hello,
            _ => DiscoveryVerb.Unknown,
        };
        return new DiscoveryRequest(verb, text);
    }

    [GeneratedRegex("^HELLO [0-9]{1,9} \"[^\"]+\"$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex WellFormedHello();
}

/// <summary>A board in DFU mode, as a port in the list of an IDE.</summary>
/// <param name="Address">Where it is plugged in: "1-1.2".</param>
/// <param name="Id">Its ids.</param>
/// <param name="SerialNumber">Its serial number, or "" if it has none or it cannot be read.</param>
/// <param name="Note">What the user must know about it, in a few words; "" if it is ready.</param>
internal sealed record DiscoveryPort(string Address, UsbId Id, string SerialNumber, string Note = "");

/// <summary>The answers and events of a discovery, each a JSON object on a line of its own. ASCII only: everything else is escaped.</summary>
internal static class DiscoveryMessages
{
    /// <summary>The <c>eventType</c> of the answer to a line that is not a command.</summary>
    public const string CommandError = "command_error";

    // The only version of the protocol so far.
    private const int ProtocolVersion = 1;

    // The protocol of all these ports: a core's upload.tool.dfu is for them.
    private const string Protocol = "dfu";
    private const string ProtocolLabel = "USB DFU";

    /// <summary>The <c>eventType</c> of the answer to a command.</summary>
    public static string EventType(DiscoveryVerb verb) => verb switch
    {
        DiscoveryVerb.Hello => "hello",
        DiscoveryVerb.Start => "start",
        DiscoveryVerb.StartSync => "start_sync",
        DiscoveryVerb.Stop => "stop",
        DiscoveryVerb.List => "list",
        DiscoveryVerb.Quit => "quit",
        _ => CommandError,
    };

    /// <summary>A command was carried out.</summary>
    public static string Ok(DiscoveryVerb verb) =>
        Line(new Message(EventType(verb)) { Text = "OK", ProtocolVersion = verb == DiscoveryVerb.Hello ? ProtocolVersion : null });

    /// <summary>A command was refused, or failed.</summary>
    public static string Error(string eventType, string message) => Line(new Message(eventType) { Text = message, Error = true });

    /// <summary>The answer to LIST; it always has the array.</summary>
    public static string List(IEnumerable<DiscoveryPort> ports) => Line(new Message(EventType(DiscoveryVerb.List)) { Ports = [.. ports.Select(Describe)] });

    /// <summary>A port appeared.</summary>
    public static string Add(DiscoveryPort port) => Line(new Message("add") { Port = Describe(port) });

    /// <summary>A port disappeared; its address and protocol identify it.</summary>
    public static string Remove(DiscoveryPort port) => Line(new Message("remove") { Port = new Port(port.Address) { Protocol = Protocol } });

    // Names and formats are those of arduino/dfu-discovery, so that the upload_port properties of a core match both.
    private static Port Describe(DiscoveryPort port)
    {
        var serial = port.SerialNumber.Length > 0 ? port.SerialNumber : null;
        return new Port(port.Address)
        {
            Label = port.Note.Length == 0 ? port.Address : $"{port.Address} ({port.Note})",
            Protocol = Protocol,
            ProtocolLabel = ProtocolLabel,
            Properties = new Properties($"0x{port.Id.Vendor:X4}", $"0x{port.Id.Product:X4}", serial),
            HardwareId = serial,
        };
    }

    private static string Line(Message message) => JsonSerializer.Serialize(message, DiscoveryJson.Default.Message);

    /// <summary>Any message. Fields that are null are left out; the fields have the order of the protocol's examples.</summary>
    internal sealed record Message(string EventType)
    {
        [JsonPropertyName("message")]
        public string? Text { get; init; }

        public int? ProtocolVersion { get; init; }

        public bool? Error { get; init; }

        public IReadOnlyList<Port>? Ports { get; init; }

        public Port? Port { get; init; }
    }

    /// <summary>A port. Only its address and protocol are there when it has disappeared.</summary>
    internal sealed record Port(string Address)
    {
        public string? Label { get; init; }

        public string? Protocol { get; init; }

        public string? ProtocolLabel { get; init; }

        public Properties? Properties { get; init; }

        public string? HardwareId { get; init; }
    }

    /// <summary>The properties of a port, which the <c>upload_port</c> properties of a core are compared with.</summary>
    internal sealed record Properties(string Vid, string Pid, string? Serial);
}

/// <summary>Writes the messages, with code generated at compile time.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Serialization, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DiscoveryMessages.Message))]
internal sealed partial class DiscoveryJson : JsonSerializerContext;
