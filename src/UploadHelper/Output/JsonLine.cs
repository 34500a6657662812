using System.Text;
using System.Text.Json;

namespace UploadHelper.Output;

/// <summary>One line of JSON output.</summary>
internal static class JsonLine
{
    /// <summary>Version of the fields; rises when one changes its meaning or goes away.</summary>
    public const int Schema = 1;

    /// <summary>Writes an object with its schema version, what it is, and the board it speaks of.</summary>
    /// <param name="writer">Where the line goes.</param>
    /// <param name="name">What it is.</param>
    /// <param name="board">Where the board is plugged in, or null if none is known yet.</param>
    /// <param name="body">Adds the fields.</param>
    public static void Write(TextWriter writer, string name, string? board, Action<Utf8JsonWriter> body)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", Schema);
            json.WriteString("event", name);
            json.WriteString("board", board);
            body(json);
            json.WriteEndObject();
        }

        writer.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
        writer.Flush();
    }
}
