using System.Text;
using System.Text.Json;

namespace UploadHelper.Discovery;

/// <summary>What a discovery says, each a JSON object in a line of its own. ASCII only: everything else is escaped.</summary>
internal static class DiscoveryMessages
{
    /// <summary>The version of the protocol; there is no other yet.</summary>
    public const int ProtocolVersion = 1;

    /// <summary>The <c>eventType</c> of the answer to something that is no command.</summary>
    public const string CommandError = "command_error";

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
    public static string Ok(DiscoveryVerb verb) => Message(EventType(verb), json =>
    {
        json.WriteString("message", "OK");
        if (verb == DiscoveryVerb.Hello)
        {
            json.WriteNumber("protocolVersion", ProtocolVersion);
        }
    });

    /// <summary>A command was refused, or failed.</summary>
    public static string Error(string eventType, string message) => Message(eventType, json =>
    {
        json.WriteString("message", message);
        json.WriteBoolean("error", true);
    });

    /// <summary>The answer to LIST; always with an array.</summary>
    public static string List(IEnumerable<DiscoveryPort> ports) => Message(EventType(DiscoveryVerb.List), json =>
    {
        json.WriteStartArray("ports");
        foreach (var port in ports)
        {
            Write(json, port);
        }

        json.WriteEndArray();
    });

    /// <summary>A port came.</summary>
    public static string Add(DiscoveryPort port) => Message("add", json =>
    {
        json.WritePropertyName("port");
        Write(json, port);
    });

    /// <summary>A port went away; its address and protocol say which.</summary>
    public static string Remove(DiscoveryPort port) => Message("remove", json =>
    {
        json.WriteStartObject("port");
        json.WriteString("address", port.Address);
        json.WriteString("protocol", DiscoveryPort.Protocol);
        json.WriteEndObject();
    });

    // Names and formats as arduino/dfu-discovery has them, so that a core's upload_port properties match either.
    private static void Write(Utf8JsonWriter json, DiscoveryPort port)
    {
        json.WriteStartObject();
        json.WriteString("address", port.Address);
        json.WriteString("label", port.Address);
        json.WriteString("protocol", DiscoveryPort.Protocol);
        json.WriteString("protocolLabel", DiscoveryPort.ProtocolLabel);
        json.WriteStartObject("properties");
        json.WriteString("vid", Hex(port.Id.Vendor));
        json.WriteString("pid", Hex(port.Id.Product));
        if (port.SerialNumber.Length > 0)
        {
            json.WriteString("serial", port.SerialNumber);
        }

        json.WriteEndObject();
        if (port.SerialNumber.Length > 0)
        {
            json.WriteString("hardwareId", port.SerialNumber);
        }

        json.WriteEndObject();
    }

    private static string Hex(ushort id) => $"0x{id:X4}";

    private static string Message(string eventType, Action<Utf8JsonWriter> fields)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("eventType", eventType);
            fields(json);
            json.WriteEndObject();
        }

        return Encoding.ASCII.GetString(buffer.ToArray());
    }
}
