using UploadHelper.Core.Diagnosis;

namespace UploadHelper.Output;

/// <summary>The page of <c>doctor</c>.</summary>
internal static class FindingsText
{
    private const int LevelWidth = 9;

    /// <summary>The lines of the page.</summary>
    /// <param name="versions">The versions of this program and of what it runs on.</param>
    /// <param name="findings">What was found.</param>
    public static IEnumerable<string> Of(string versions, IReadOnlyList<Finding> findings)
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
        yield return Summary(findings);
    }

    private static IEnumerable<string> Lines(Finding finding)
    {
        yield return $"  {Level(finding.Level).PadRight(LevelWidth)}{finding.Text}";
        var indent = new string(' ', LevelWidth + 2);
        foreach (var step in finding.Remedy)
        {
            yield return step.IsCommand ? $"{indent}  {step.Text}" : $"{indent}{step.Text}";
        }
    }

    private static string Summary(IReadOnlyList<Finding> findings)
    {
        var (problems, notes) = (findings.Count(f => f.Level == FindingLevel.Problem), findings.Count(f => f.Level == FindingLevel.Note));
        return $"{Count(problems, "problem")}, {Count(notes, "note")}." + (problems == 0 ? " Nothing keeps boards from being reached." : "");
    }

    private static string Count(int count, string word) => $"{count} {word}{(count == 1 ? "" : "s")}";

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
}
