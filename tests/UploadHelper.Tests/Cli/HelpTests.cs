using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

public class HelpTests
{
    private static readonly string[] BoardOptions = ["--port", "--board", "--usb-id", "--usb-path", "--alt", "--serial", "--timeout"];

    [Theory]
    [InlineData("upload", true)]
    [InlineData("verify", true)]
    [InlineData("read", true)]
    [InlineData("erase", true)]
    [InlineData("unprotect", false)]
    [InlineData("install-bootloader", false)]
    [InlineData("leave", true)]
    [InlineData("reset", false)]
    [InlineData("info", false)]
    [InlineData("list", false)]
    [InlineData("image", false)]
    [InlineData("trace", false)]
    [InlineData("doctor", false)]
    [InlineData("simulate", false)]
    public void The_help_of_a_command_ends_with_examples(string command, bool needsBoard)
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run(command, "--help"));

        var examples = run.Out[run.Out.IndexOf("Examples:\n", StringComparison.Ordinal)..].TrimEnd().Split('\n')[1..];
        Assert.Contains(examples, e => e.StartsWith($"  upload-helper {command}", StringComparison.Ordinal));
        Assert.All(examples, e => Assert.StartsWith("  ", e, StringComparison.Ordinal));
        Assert.All(BoardOptions, o => Assert.True(!needsBoard || run.Out.Contains($"\n  {o} <", StringComparison.Ordinal), $"{command} lacks {o}"));
    }

    [Fact]
    public void The_list_of_commands_has_no_examples()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("--help"));

        var commands = run.Out[run.Out.IndexOf("Commands:\n", StringComparison.Ordinal)..];
        Assert.DoesNotContain("upload-helper ", commands, StringComparison.Ordinal);
    }
}
