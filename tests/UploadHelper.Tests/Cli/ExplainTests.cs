using System.Text.Json;
using System.Text.RegularExpressions;
using UploadHelper.Core.Errors;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary><c>explain</c> prints what TROUBLESHOOTING.md says.</summary>
public partial class ExplainTests
{
    private static readonly IReadOnlyList<Explanation> All =
        [.. ErrorTable.Entries.Select(e => e.Text), ErrorTable.Cancelled, .. WarningTable.Entries.Select(w => w.Text)];

    [Fact]
    public void Without_a_code_it_explains_all_in_the_order_of_the_tables()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("explain"));

        Assert.Equal(
            All.Select(e => e.Code),
            run.Out.Split('\n').Select(l => Heading().Match(l)).Where(m => m.Success).Select(m => m.Groups[1].Value));
        Assert.All(run.Out.Split('\n'), l => Assert.True(l.Length <= 100 || Heading().IsMatch(l), l));
    }

    [Fact]
    public void It_says_what_the_page_says()
    {
        using var run = new ProgramRun();
        var page = Words(File.ReadAllText(Path.Combine(TestFiles.Repository, "arduino", "TROUBLESHOOTING.md")));

        Assert.Equal(0, run.Run("explain"));

        var printed = Words(run.Out);
        foreach (var text in All.SelectMany(e => (string[])[e.Title, e.Happened, e.Board, .. e.Cure]))
        {
            Assert.Contains(Words(text), printed, StringComparison.Ordinal);
            Assert.Contains(Words(text), page, StringComparison.Ordinal);
        }

        // A terminal does not follow Markdown's links.
        Assert.DoesNotContain("](", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-device", "error [no-device], exit status 6: ")]
    [InlineData("[No-Device]", "error [no-device], exit status 6: ")]
    [InlineData("cancelled", "error [cancelled], exit status 130: ")]
    [InlineData("port-busy", "warning [port-busy]: ")]
    public void One_code(string code, string expected)
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("explain", code));

        Assert.StartsWith(expected, run.Out, StringComparison.Ordinal);
        Assert.Single(run.Out.Split('\n'), l => Heading().IsMatch(l));
    }

    [Fact]
    public void A_code_of_an_error_and_a_warning_prints_both()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("explain", "ghost-device"));

        Assert.Equal(["error", "warning"], run.Out.Split('\n').Where(l => Heading().IsMatch(l)).Select(l => l.Split(' ')[0]));
    }

    [Theory]
    [InlineData("no-devise", "There is no error or warning \"no-devise\". Did you mean no-device? [usage]")]
    [InlineData("frobnicate", "There is no error or warning \"frobnicate\". [usage]")]
    public void An_unknown_code_is_refused_with_the_nearest(string code, string expected)
    {
        using var run = new ProgramRun();

        Assert.Equal(2, run.Run("explain", code));

        Assert.EndsWith($"error: {expected}\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void As_JSON()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("explain", "--json"));

        var lines = run.Out.TrimEnd().Split('\n').Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(All.Select(e => e.Code), lines.Select(l => l.GetProperty("code").GetString()));
        var first = lines[0];
        Assert.Equal(
            ["schema", "event", "board", "kind", "code", "exitStatus", "title", "happened", "state", "cure"], first.EnumerateObject().Select(p => p.Name));
        Assert.Equal("error", first.GetProperty("kind").GetString());
        Assert.Equal(6, first.GetProperty("exitStatus").GetInt32());
        Assert.Equal(All[0].Cure, first.GetProperty("cure").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal(JsonValueKind.Null, lines[^1].GetProperty("exitStatus").ValueKind);
        Assert.Equal("warning", lines[^1].GetProperty("kind").GetString());
    }

    private static string Words(string text) => Space().Replace(text, " ");

    [GeneratedRegex(@"^(?:error|warning) \[([a-z-]+)\]")]
    private static partial Regex Heading();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
