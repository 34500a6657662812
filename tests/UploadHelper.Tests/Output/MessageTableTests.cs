using System.Text.RegularExpressions;
using UploadHelper.Core.Errors;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Output;

/// <summary>The tables of errors and warnings are whole, each entry is reached by a test, and the page is what they say.</summary>
public partial class MessageTableTests
{
    private static readonly IReadOnlyList<string> Errors = [.. ErrorTable.Entries.Select(e => e.Text.Code)];
    private static readonly IReadOnlyList<string> Warnings = [.. WarningTable.Entries.Select(w => w.Text.Code)];

    [Fact]
    public void The_page_is_made_from_the_tables() => Snapshot.MatchFile(
        TroubleshootingPage.Text(), Path.Combine(TestFiles.Repository, "arduino", "TROUBLESHOOTING.md"));

    [Fact]
    public void Every_failure_has_one_entry_and_every_code_means_one_thing()
    {
        Assert.Equal(Enum.GetValues<UploadError>().Order(), ErrorTable.Entries.Select(e => e.Error).Order());
        Assert.Equal(Errors.Count, Errors.Distinct().Count());
        Assert.Equal(Warnings.Count, Warnings.Distinct().Count());
        Assert.All(Errors.Concat(Warnings), code => Assert.Matches("^[a-z]+(-[a-z]+)*$", code));
    }

    [Fact]
    public void Every_entry_is_reached_by_a_test_and_every_printed_code_has_an_entry() => Assert.Equal(
        Errors.Select(c => $"error [{c}]").Concat(Warnings.Select(c => $"warning [{c}]")).Order(StringComparer.Ordinal),
        PrintedLines.ByCode.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_warning_has_one_entry() => Assert.Equal(
        Enum.GetValues<WarningCode>().Order(), WarningTable.Entries.Select(e => e.Warning).Order());

    [Fact]
    public void No_snapshot_is_left_behind_by_its_test()
    {
        var names = Sources("tests").SelectMany(s => Literal().Matches(s)).Select(m => m.Groups[1].Value).ToHashSet();
        var computed = names.Where(n => n.Contains('{', StringComparison.Ordinal)).Select(n => new Regex($"^{Hole().Replace(Regex.Escape(n), "[a-z0-9.-]+")}$")).ToList();
        var snapshots = Directory.GetFiles(Snapshot.Folder).Select(f => Path.GetFileNameWithoutExtension(f)!);

        Assert.All(snapshots, s => Assert.True(names.Contains(s) || computed.Any(c => c.IsMatch(s)), $"No test names the snapshot {s}."));
    }

    [Fact]
    public void The_explanations_are_plain_ASCII_sentences()
    {
        foreach (var text in ErrorTable.Entries.Select(e => e.Text).Concat(WarningTable.Entries.Select(w => w.Text)).Append(ErrorTable.Cancelled))
        {
            Assert.NotEmpty(text.Cure);
            Assert.All([text.Happened, text.Board, .. text.Cure], t => Assert.Matches(@"^[ -~]*[.?)]$", t));
        }
    }

    private static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(Path.Combine(TestFiles.Repository, folder), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .Select(File.ReadAllText);

    [GeneratedRegex("\"([a-z0-9][a-zA-Z0-9.{}-]*)\"")]
    private static partial Regex Literal();

    [GeneratedRegex(@"\\\{[^}]*}")]
    private static partial Regex Hole();
}
