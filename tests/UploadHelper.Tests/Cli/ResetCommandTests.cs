using System.Text.Json;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

public class ResetCommandTests
{
    [Theory]
    [InlineData("reset", "reset sim --simulate f4boot", 0)]
    [InlineData("reset-no-port", "reset COM9 --simulate f4boot", 5)]
    [InlineData("reset-bootloader-runs", "reset sim --simulate f4boot,start=bootloader", 5)]
    [InlineData("reset-which", "reset --simulate f4boot", 2)]
    public void What_the_user_reads(string snapshot, string line, int expected)
    {
        using var run = new ProgramRun();

        var status = run.Run(run.Arguments(line));

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Theory]
    [InlineData("libmaple-f1")]
    [InlineData("libmaple-f4")]
    [InlineData("stm32generic")]
    public void The_sketch_of_every_core_is_reset(string sketch)
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("reset", "sim", "--simulate", $"f4boot,sketch={sketch}", "--json"));

        var lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var result = JsonDocument.Parse(lines[^1]).RootElement;
        Assert.Equal("sim", result.GetProperty("port").GetString());
        Assert.True(result.GetProperty("gone").GetBoolean());
        Assert.Equal(JsonValueKind.Null, result.GetProperty("board").ValueKind);
    }
}
