using System.Text.Json;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

public class LeaveCommandTests
{
    [Theory]
    [InlineData("leave-f4rom", "leave --simulate f4rom", 0)]
    [InlineData("leave-f4boot", "leave --simulate f4boot", 0)]
    [InlineData("leave-f4boot-old", "leave --simulate f4boot-old", 0)]
    [InlineData("leave-sketch-without-usb", "leave --simulate f4rom,sketch=none", 0)]
    [InlineData("leave-ghost", "leave --simulate f4boot,ghost=1,sketch=none", 0)]
    [InlineData("leave-with-address", "leave 0x08000000 --simulate f4rom", 0)]
    [InlineData("leave-maple20", "leave --simulate maple20", 0)]
    [InlineData("leave-h0wch33", "leave --simulate h0wch33", 0)]
    [InlineData("leave-no-sketch", "leave --simulate f4rom,start=empty", 10)]
    [InlineData("leave-no-sketch-f4boot", "leave --simulate f4boot,start=empty", 10)]
    [InlineData("leave-no-sketch-there", "leave 0x8000 --simulate f4rom", 10)]
    [InlineData("leave-outside", "leave 0x08100000 --simulate f4rom", 4)]
    [InlineData("leave-nobody-there", "leave --simulate f4rom,start=sketch,sketch=none --timeout 3", 6)]
    public void What_the_user_reads(string snapshot, string line, int expected)
    {
        using var run = new ProgramRun();

        var status = run.Run(run.Arguments(line));

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Fact]
    public void Json_names_the_sketchs_port()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("leave", "--simulate", "f4rom", "--json"));

        Assert.Equal("", run.Error);
        var result = JsonDocument.Parse(run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        Assert.True(result.GetProperty("left").GetBoolean());
        Assert.Equal("sim", result.GetProperty("port").GetString());
        Assert.Equal("0x08000000", result.GetProperty("address").GetString());
        Assert.Equal("1-1", result.GetProperty("board").GetString());
    }
}
