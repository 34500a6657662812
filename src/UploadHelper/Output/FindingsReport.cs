using System.Text.Json;
using System.Text.Json.Serialization;
using UploadHelper.Core.Diagnosis;

namespace UploadHelper.Output;

/// <summary>The output of <c>doctor</c>.</summary>
internal static class FindingsReport
{
    private const int LevelWidth = 9;

    /// <summary>Writes JSON: a line for each finding, and last the result.</summary>
    /// <param name="writer">The output.</param>
    /// <param name="versions">The versions of this program, the runtime and the system.</param>
    /// <param name="findings">The findings.</param>
    public static void WriteJson(TextWriter writer, string versions, IReadOnlyList<Finding> findings)
    {
        foreach (var f in findings)
        {
            writer.WriteLine(JsonSerializer.Serialize(
                new FindingLine(
                    JsonEvent.CurrentSchema,
                    "finding",
                    f.Board,
                    f.Level.ToString().ToLowerInvariant(),
                    JsonNamingPolicy.KebabCaseLower.ConvertName(f.Topic.ToString()),
                    f.Code,
                    f.Text,
                    [.. f.Remedy.Select(s => new RemedyStep(s.IsCommand ? s.Text : null, s.IsCommand ? null : s.Text))]),
                FindingsJson.Default.FindingLine));
        }

        writer.WriteLine(JsonSerializer.Serialize(
            new ResultLine(JsonEvent.CurrentSchema, "result", null, 0, versions, Count(findings, FindingLevel.Problem), Count(findings, FindingLevel.Note)),
            FindingsJson.Default.ResultLine));
        writer.Flush();
    }

    /// <summary>The page for people, line by line.</summary>
    /// <param name="versions">The versions of this program, the runtime and the system.</param>
    /// <param name="findings">The findings.</param>
    public static IEnumerable<string> Page(string versions, IReadOnlyList<Finding> findings)
    {
        yield return versions;
        foreach (var topic in findings.GroupBy(f => f.Topic).OrderBy(g => g.Key))
        {
            yield return "";
            yield return Heading(topic.Key);
            foreach (var line in topic.SelectMany(Lines))
            {
                yield return line;
            }
        }

        yield return "";
        yield return Summary(Count(findings, FindingLevel.Problem), Count(findings, FindingLevel.Note));
    }

    private static int Count(IReadOnlyList<Finding> findings, FindingLevel level) => findings.Count(f => f.Level == level);

    private static IEnumerable<string> Lines(Finding finding)
    {
        yield return $"  {Level(finding.Level).PadRight(LevelWidth)}{finding.Text}";
        var indent = new string(' ', LevelWidth + 2);
        foreach (var step in finding.Remedy)
        {
            yield return step.IsCommand ? $"{indent}  {step.Text}" : $"{indent}{step.Text}";
        }
    }

    private static string Summary(int problems, int notes) => $"{(problems == 0 ? "No problems found" : Counted(problems, "problem"))}, {Counted(notes, "note")}.";

    private static string Counted(int count, string word) => $"{count} {word}{(count == 1 ? "" : "s")}";

    private static string Level(FindingLevel level) => level switch
    {
        FindingLevel.Fine => "ok",
        FindingLevel.Note => "note",
        _ => "PROBLEM",
    };

    private static string Heading(FindingTopic topic) => topic switch
    {
        FindingTopic.UsbLibrary => "USB library",
        FindingTopic.UsbDevices => "Boards on USB",
        FindingTopic.SerialPorts => "Serial ports",
        FindingTopic.Permissions => "Permissions",
        _ => "Arduino cores",
    };

    /// <summary>A finding.</summary>
    internal sealed record FindingLine(
        int Schema, string Event, string? Board, string Level, string Topic, string Code, string Text, IReadOnlyList<RemedyStep> Remedy);

    /// <summary>A step of the remedy: a command to type, or a sentence.</summary>
    internal sealed record RemedyStep(
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Command,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Say);

    /// <summary>The result.</summary>
    internal sealed record ResultLine(int Schema, string Event, string? Board, int ExitStatus, string Versions, int Problems, int Notes);
}

/// <summary>Writes the lines, with code generated at compile time.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Serialization, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FindingsReport.FindingLine))]
[JsonSerializable(typeof(FindingsReport.ResultLine))]
internal sealed partial class FindingsJson : JsonSerializerContext;
