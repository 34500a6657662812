using System.Text.Json;
using System.Text.RegularExpressions;
using UploadHelper.Core.Errors;

namespace UploadHelper.Tests.Support;

/// <summary>
/// What a run printed, and its exit status. Tests assert the lines that matter, by codes, numbers and names: the wording
/// around them may change.
/// </summary>
internal sealed partial class Printed(int status, string stdout, string stderr)
{
    private static readonly HashSet<string> Codes =
    [
        .. ErrorTable.Entries.Select(e => $"error {e.Text.Code}"),
        .. WarningTable.Entries.Select(w => $"warning {w.Text.Code}"),
    ];

    public int Status => status;

    public string Out => stdout;

    public string Error => stderr;

    /// <summary>Exit status and both streams, as a snapshot shows them.</summary>
    public string Transcript => $"exit {status}\n--- stdout\n{stdout}--- stderr\n{stderr}";

    /// <summary>The lines of standard output, each a JSON object.</summary>
    public IReadOnlyList<JsonElement> Json => [.. Lines(stdout).Select(l => JsonDocument.Parse(l).RootElement)];

    /// <summary>The last object of <see cref="Json"/>.</summary>
    public JsonElement Result => Json[^1];

    /// <summary>Asserts that each code in brackets is in the table of errors or warnings.</summary>
    public Printed KnowsItsCodes()
    {
        foreach (var line in Coded())
        {
            Check(Codes.Contains($"{line.Kind} {line.Code}"), $"No table has the {line.Kind} [{line.Code}].");
        }

        return this;
    }

    /// <summary>Asserts the exit status.</summary>
    public Printed Exits(int expected)
    {
        Check(status == expected, $"Exit status {status}, and not {expected}.");
        return this;
    }

    /// <summary>Asserts a failure: exit status, code, facts that its line holds; and nothing on standard output.</summary>
    public Printed Fails(int expected, string code, params string[] facts)
    {
        Exits(expected);
        Check(stdout.Length == 0, "There is something on standard output.");
        return Errs(code, facts);
    }

    /// <summary>Asserts the last error line: its code, and facts that it holds.</summary>
    public Printed Errs(string code, params string[] facts)
    {
        var last = Coded().LastOrDefault(l => l.Kind == "error");
        Check(last?.Code == code, $"The last error is [{last?.Code}], and not [{code}].");
        Check(last!.Line == Lines(stderr)[^1], "The error is not the last line.");
        return Holds(last.Line, facts);
    }

    /// <summary>Asserts facts that the hint above the last error holds.</summary>
    public Printed Hints(params string[] facts) => Holds(Coded().Last(l => l.Kind == "error").Hint, facts);

    /// <summary>Asserts that there is a warning with a code, facts in it and in its hint.</summary>
    public Printed Warns(string code, params string[] facts)
    {
        var warning = Coded().FirstOrDefault(l => l.Kind == "warning" && l.Code == code);
        Check(warning is not null, $"There is no warning [{code}].");
        return Holds($"{warning!.Line}\n{warning.Hint}", facts);
    }

    /// <summary>Asserts the order of all that was told: the first word of each line of standard error.</summary>
    public Printed Steps(string expected)
    {
        var labels = string.Join(' ', Lines(stderr).Select(l => Label().Match(l)).Where(m => m.Success).Select(m => m.Groups[1].Value));
        Check(labels == expected, $"The steps are \"{labels}\", and not \"{expected}\".");
        return this;
    }

    /// <summary>Asserts that a line with this label has exactly these numbers, and holds some facts.</summary>
    public Printed Says(string label, string numbers, params string[] facts)
    {
        var lines = Lines(stderr).Where(l => Label().Match(l).Groups[1].Value == label).ToList();
        Check(
            lines.Any(l => Numbers(l) == numbers && facts.All(l.Contains)),
            $"No line {label} has the numbers \"{numbers}\"{string.Concat(facts.Select(f => $" and \"{f}\""))}: {string.Join("; ", lines.Select(Numbers))}.");
        return this;
    }

    /// <summary>Asserts that the last line of standard output has exactly these numbers, and holds some facts.</summary>
    public Printed Ends(string numbers, params string[] facts)
    {
        var last = Lines(stdout).LastOrDefault() ?? "";
        Check(Numbers(last) == numbers, $"The result has the numbers \"{Numbers(last)}\", and not \"{numbers}\".");
        return Holds(last, facts);
    }

    /// <summary>Asserts that each text was printed.</summary>
    public Printed Prints(params string[] texts) => Holds(stdout + stderr, texts);

    /// <summary>Asserts that no text was printed.</summary>
    public Printed PrintsNot(params string[] texts)
    {
        foreach (var text in texts)
        {
            Check(!(stdout + stderr).Contains(text, StringComparison.Ordinal), $"\"{text}\" was printed.");
        }

        return this;
    }

    /// <summary>The lines that end with a code in brackets. An error's hint stands in the line before it, a warning's in the line after it; with --json there is none.</summary>
    public IEnumerable<CodedLine> Coded()
    {
        var lines = Lines(stderr);
        for (var i = 0; i < lines.Length; i++)
        {
            if (CodeAtEnd().Match(lines[i]) is { Success: true, Groups: var groups })
            {
                var isError = groups["kind"].Value == "error";
                var hint = lines.ElementAtOrDefault(isError ? i - 1 : i + 1) ?? "";
                yield return new CodedLine(groups["kind"].Value, groups["code"].Value, lines[i], hint);
            }
        }
    }

    private Printed Holds(string text, string[] facts)
    {
        foreach (var fact in facts)
        {
            Check(text.Contains(fact, StringComparison.Ordinal), $"\"{fact}\" is not in \"{text}\".");
        }

        return this;
    }

    private void Check(bool isSo, string otherwise) => Assert.True(isSo, $"{otherwise}\n{Transcript}");

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Numbers(string line) => string.Join(' ', Number().Matches(line).Select(m => m.Value));

    [GeneratedRegex(@"^(?:[0-9.-]+: )?(?<kind>error|warning): .* \[(?<code>[a-z-]+)\]$")]
    private static partial Regex CodeAtEnd();

    // Details are indented, and have no label; with --verbose the time stands before it.
    [GeneratedRegex(@"^(?: *[0-9]+\.[0-9]+ )?([A-Za-z]+)")]
    private static partial Regex Label();

    [GeneratedRegex(@"\b(?:0x[0-9A-F]+|[0-9]+(?:\.[0-9]+)?)\b")]
    private static partial Regex Number();

    /// <summary>An error or a warning.</summary>
    /// <param name="Kind">"error" or "warning".</param>
    /// <param name="Code">The code in brackets.</param>
    /// <param name="Line">The line that ends with it.</param>
    /// <param name="Hint">The line that tells what to do.</param>
    internal sealed record CodedLine(string Kind, string Code, string Line, string Hint)
    {
        /// <summary>Both lines, as a user reads them.</summary>
        public string Text => Kind == "error" ? $"{Hint}\n{Line}" : $"{Line}\n{Hint}";
    }
}
