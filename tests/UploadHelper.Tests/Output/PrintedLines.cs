using System.Text.RegularExpressions;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Output;

/// <summary>
/// The errors and warnings that stand in the snapshots, which tests hold to what is really printed: by code, each with
/// the lines a user reads.
/// </summary>
internal static partial class PrintedLines
{
    // The names of snapshots that tell what a user of the IDE meets, the best examples first.
    private static readonly string[] Best = ["trouble-", "offset-", "refused-", "image-"];

    /// <summary>For each "error [code]" or "warning [code]" the lines of one instance, the shortest of the best examples.</summary>
    public static IReadOnlyDictionary<string, string> ByCode { get; } = Read();

    private static Dictionary<string, string> Read()
    {
        var found = new Dictionary<string, string>();
        var files = Directory.GetFiles(Snapshot.Folder, "*.txt").Order(StringComparer.Ordinal);
        foreach (var (key, lines) in files.SelectMany(f => Printed(f).Select(p => (Rank: Rank(f), p.Key, p.Lines)))
            .OrderBy(p => p.Rank).ThenBy(p => p.Lines.Length).ThenBy(p => p.Lines, StringComparer.Ordinal).Select(p => (p.Key, p.Lines)))
        {
            found.TryAdd(key, lines);
        }

        return found;
    }

    private static int Rank(string file) =>
        Array.FindIndex(Best, b => Path.GetFileName(file).StartsWith(b, StringComparison.Ordinal)) is var rank and >= 0 ? rank : Best.Length;

    // An error's hint stands in the line before it, a warning's in the line after it.
    private static IEnumerable<(string Key, string Lines)> Printed(string file)
    {
        var lines = File.ReadAllLines(file);
        for (var i = 0; i < lines.Length; i++)
        {
            if (Coded().Match(lines[i]) is { Success: true } line)
            {
                var (before, after) = line.Groups["kind"].Value == "error" ? (lines[i - 1] + "\n", "") : ("", "\n" + lines[i + 1]);
                yield return ($"{line.Groups["kind"]} [{line.Groups["code"]}]", before + lines[i] + after);
            }
        }
    }

    [GeneratedRegex(@"^(?<kind>error|warning): .* \[(?<code>[a-z-]+)\]$")]
    private static partial Regex Coded();
}
