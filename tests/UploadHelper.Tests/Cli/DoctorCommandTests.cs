using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What doctor finds differs from machine to machine; its shape does not.</summary>
public class DoctorCommandTests
{
    [Fact]
    public void The_page_begins_with_versions_and_ends_with_a_count()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("doctor"));

        var lines = run.Out.TrimEnd().Split('\n');
        Assert.StartsWith("upload-helper ", lines[0], StringComparison.Ordinal);
        Assert.Contains("USB library", lines);
        Assert.Matches("^([0-9]+ problems?|No problems found), [0-9]+ notes?\\.$", lines[^1]);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public void Json_has_a_line_for_each_finding_and_the_result_last()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("doctor", "--json"));

        var lines = run.Printed.Json;
        var findings = lines.SkipLast(1).ToList();
        Assert.All(lines, l => Assert.Equal(1, l.GetProperty("schema").GetInt32()));
        Assert.All(findings, l => Assert.Equal("finding", l.GetProperty("event").GetString()));
        Assert.Contains(findings, l => l.GetProperty("topic").GetString() == "usb-library");
        Assert.Equal(findings.Count(l => l.GetProperty("level").GetString() == "problem"), lines[^1].GetProperty("problems").GetInt32());
        Assert.Equal("result", lines[^1].GetProperty("event").GetString());
    }

    [Fact]
    public void The_rules_that_it_hands_out_are_those_of_the_repository()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("doctor", "--udev-rules"));

        Assert.Equal(File.ReadAllText(Path.Combine(TestFiles.Repository, "arduino", "udev", "60-upload-helper.rules")), run.Out);
    }

    [Fact]
    public void A_virtual_board_is_no_matter_for_it()
    {
        using var run = new ProgramRun();

        Assert.Equal(2, run.Run("doctor", "--simulate", "f4boot"));

        Assert.EndsWith("error: doctor checks this machine, not a virtual board or the devices of another machine. [usage]\n", run.Error, StringComparison.Ordinal);
    }
}
