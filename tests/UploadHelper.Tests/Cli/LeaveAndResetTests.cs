using System.Text.Json;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>From the bootloader to the sketch, and from the sketch to the bootloader.</summary>
public class LeaveAndResetTests
{
    [Theory]
    [InlineData("leave --simulate f4rom", "0x08000000", "5", " sim.")]
    [InlineData("leave --simulate f4boot", "0x08004000", "15", " sim.")]
    [InlineData("leave --simulate f4boot-old", "0x08010000", "7.3", " sim.")]
    [InlineData("leave --simulate maple20", "0x08002000", "13.3", " sim.")]
    [InlineData("leave --simulate h0wch33", "0x08000000", "5", " sim.")]
    [InlineData("leave 0x08000000 --simulate f4rom", "0x08000000", "5", " sim.")]
    [InlineData("leave --simulate f4rom,sketch=none", "0x08000000", "5", "No serial port")]
    [InlineData("leave --simulate f4boot,ghost=1,sketch=none", "0x08004000", "15", "still listed")]
    public void The_sketch_is_started(string line, string address, string waits, string result)
    {
        using var run = new ProgramRun();

        run.Do(line).Exits(0).Steps("Found Start Wait Board").Says("Start", address).Says("Wait", waits).Ends("", result).Says("Board", $"0 0 0 {address}", "runs sketch old");
    }

    [Theory]
    [InlineData("leave --simulate f4rom,start=empty", "0x08000000", "5 s")]
    [InlineData("leave --simulate f4boot,start=empty", "0x08004000", "15 s")]
    [InlineData("leave 0x8000 --simulate f4rom", "0x08008000", "5 s")]
    public void Where_there_is_no_sketch_none_starts(string line, string address, string waited)
    {
        using var run = new ProgramRun();

        run.Do(line).Fails(10, "not-started", address, waited).Warns("no-sketch", address, "0xFFFFFFFF").Steps("Found warning Start Wait hint error");
    }

    [Fact]
    public void What_cannot_be_left_is_refused()
    {
        using var run = new ProgramRun();

        run.Do("leave 0x08100000 --simulate f4rom").Fails(4, "not-in-memory", "0x08100000").Hints("upload-helper list").Steps("Found hint error");
        run.Do("leave --simulate f4rom,start=sketch,sketch=none --timeout 3").Fails(6, "no-device", "3 s").Says("Wait", "0483 0003 3", "RESET").Steps("Wait hint error");
    }

    [Fact]
    public void Json_names_the_sketchs_port()
    {
        using var run = new ProgramRun();

        var result = run.Do("leave --simulate f4rom --json").Exits(0).Result;

        Assert.Equal("", run.Error);
        Assert.True(result.GetProperty("left").GetBoolean());
        Assert.Equal("sim", result.GetProperty("port").GetString());
        Assert.Equal("0x08000000", result.GetProperty("address").GetString());
        Assert.Equal("1-1", result.GetProperty("board").GetString());
    }

    [Fact]
    public void A_reset_sends_the_board_into_its_bootloader_by_its_port()
    {
        using var run = new ProgramRun();

        run.Do("reset sim --simulate f4boot").Exits(0).Steps("Reset Board").Ends("", "sim").Says("Board", "0 0 0", "off the bus");
        run.Do("reset COM9 --simulate f4boot").Fails(5, "serial-port", "COM9").Steps("Reset hint error");
        run.Do("reset sim --simulate f4boot,start=bootloader").Fails(5, "serial-port", "sim").Steps("Reset hint error");
        run.Do("reset --simulate f4boot").Fails(2, "usage", "PORT").Hints("upload-helper reset --help");
    }

    [Theory]
    [InlineData("libmaple-f1")]
    [InlineData("libmaple-f4")]
    [InlineData("stm32generic")]
    public void The_sketch_of_every_core_is_reset(string sketch)
    {
        using var run = new ProgramRun();

        var result = run.Do($"reset sim --simulate f4boot,sketch={sketch} --json").Exits(0).Result;

        Assert.Equal("sim", result.GetProperty("port").GetString());
        Assert.True(result.GetProperty("gone").GetBoolean());
        Assert.Equal(JsonValueKind.Null, result.GetProperty("board").ValueKind);
    }
}
