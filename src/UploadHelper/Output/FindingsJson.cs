using System.Text.Json;
using UploadHelper.Core.Diagnosis;

namespace UploadHelper.Output;

/// <summary>What <c>doctor</c> tells, as JSON: a line for each finding, and the result last.</summary>
internal static class FindingsJson
{
    /// <summary>Writes the lines.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="versions">The versions of this program and of what it runs on.</param>
    /// <param name="findings">What was found.</param>
    public static void Write(TextWriter writer, string versions, IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings)
        {
            JsonLine.Write(writer, "finding", finding.Board, json => Fields(json, finding));
        }

        JsonLine.Write(writer, "result", null, json =>
        {
            json.WriteNumber("exitStatus", 0);
            json.WriteString("versions", versions);
            json.WriteNumber("problems", findings.Count(f => f.Level == FindingLevel.Problem));
            json.WriteNumber("notes", findings.Count(f => f.Level == FindingLevel.Note));
        });
    }

    private static void Fields(Utf8JsonWriter json, Finding finding)
    {
        json.WriteString("level", finding.Level.ToString().ToLowerInvariant());
        json.WriteString("topic", JsonNamingPolicy.KebabCaseLower.ConvertName(finding.Topic.ToString()));
        json.WriteString("code", finding.Code);
        json.WriteString("text", finding.Text);
        json.WriteStartArray("remedy");
        foreach (var step in finding.Remedy)
        {
            json.WriteStartObject();
            json.WriteString(step.IsCommand ? "command" : "say", step.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
