using System.Text.Json;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

public class EraseCommandTests
{
    [Theory]
    [InlineData("erase-sketch-f4boot", "erase --yes --simulate f4boot,flash=flash.bin", 0x4000, 0x8_0000)]
    [InlineData("erase-sketch-f4boot-old", "erase --yes --simulate f4boot-old,flash=flash.bin", 0x1_0000, 0x8_0000)]
    [InlineData("erase-all-f4rom", "erase --yes --simulate f4rom,flash=flash.bin", 0, 0x10_0000)]
    [InlineData("erase-range", "erase 0x8000 0x18000 --yes --simulate f4rom,flash=flash.bin", 0x8000, 0x2_0000)]
    [InlineData("erase-from", "erase 0x080C0000 --yes --simulate f4rom,flash=flash.bin", 0xC_0000, 0x10_0000)]
    public void What_is_named_is_erased_and_nothing_else(string snapshot, string line, int from, int end)
    {
        using var run = new ProgramRun();
        var flash = SketchImage.Noise(4, 1 << 20);
        run.File("flash.bin", flash);

        var status = run.Run(run.Arguments(line));

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(0, status);
        flash.AsSpan(from, end - from).Fill(0xFF);
        Assert.Equal(flash, File.ReadAllBytes(run.PathOf("flash.bin")));
    }

    [Theory]
    [InlineData("erase-maple20", "erase --yes --simulate maple20", 0)]
    [InlineData("erase-h0wch33", "erase --yes --simulate h0wch33", 0)]
    [InlineData("erase-h0wch33-gone", "erase --yes --simulate h0wch33,fault=gone@15", 8)]
    [InlineData("erase-maple20-elsewhere", "erase 0x3000 --yes --simulate maple20", 4)]
    public void Bootloaders_with_rules_of_their_own(string snapshot, string line, int expected)
    {
        using var run = new ProgramRun();

        var status = run.Run(run.Arguments(line));

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Theory]
    [InlineData("erase-no-terminal", "erase", "f4boot", 2)]
    [InlineData("erase-bootloader", "erase 0 --yes", "f4boot", 4)]
    [InlineData("erase-into-bootloader", "erase 0 0x8000 --yes", "f4boot-old", 4)]
    [InlineData("erase-wrapping-sector", "erase 0x080A0000 0x20000 --yes", "f4boot", 4)]
    [InlineData("erase-too-long", "erase 0x4000 0x100000 --yes", "f4boot", 4)]
    [InlineData("erase-part-of-a-sector", "erase 0x4000 0x5000 --yes", "f4boot", 4)]
    [InlineData("erase-part-of-the-first-sector", "erase 0x4000 1024 --yes", "f4boot", 4)]
    [InlineData("erase-option-bytes", "erase --alt 1 --yes", "f4rom", 4)]
    public void What_must_not_be_erased_is_refused(string snapshot, string line, string board, int expected)
    {
        using var run = new ProgramRun();
        var flash = SketchImage.Noise(4, 1 << 20);
        run.File("flash.bin", flash);

        var status = run.Run(run.Arguments($"{line} --simulate {board},flash=flash.bin,start=bootloader"));

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
        Assert.Equal(flash, File.ReadAllBytes(run.PathOf("flash.bin")));
    }

    [Theory]
    [InlineData("y\n", 0)]
    [InlineData("YES\n", 0)]
    [InlineData("n\n", 130)]
    [InlineData("\n", 130)]
    [InlineData("", 130)]
    [InlineData("yikes\n", 130)]
    public void On_a_terminal_it_asks(string typed, int expected)
    {
        using var run = new ProgramRun { Typed = typed };
        var flash = SketchImage.Noise(4, 1 << 20);
        run.File("flash.bin", flash);

        var status = run.Run(run.Arguments("erase 0x4000 0x4000 --simulate f4boot,flash=flash.bin,start=bootloader"));

        Assert.Equal(expected, status);
        Assert.Contains("Plan      erase 1 sector (16 KiB), 0x08004000 to 0x08007FFF", run.Error, StringComparison.Ordinal);
        Assert.Contains("Erase 0x08004000 to 0x08007FFF of 0483:DF11 at 1-1? [y/N] ", run.Error, StringComparison.Ordinal);
        Assert.Equal(expected == 0, !flash.AsSpan().SequenceEqual(File.ReadAllBytes(run.PathOf("flash.bin"))));
        if (expected != 0)
        {
            Assert.Contains("Cancelled. The board is as it was.", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_area_of_a_board_in_the_configuration_begins_at_its_offset()
    {
        using var run = new ProgramRun();
        var config = run.PathOf("boards.json");
        File.WriteAllText(config, """{ "boards": { "mine": { "offset": "0x10000" } } }""");

        Assert.Equal(0, run.Run("erase", "--board", "mine", "--config", config, "--yes", "--simulate", "f4rom"));

        Assert.Contains("from 0x08010000 to 0x080FFFFF", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_the_plan_and_ends_with_the_result()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("erase", "0x4000", "0x8000", "--yes", "--json", "--simulate", "f4boot"));

        Assert.Equal("", run.Error);
        var events = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        var plan = events.Single(e => e.GetProperty("event").GetString() == "plan");
        Assert.Equal(["0x08004000", "0x08008000"], plan.GetProperty("erase").EnumerateArray().Select(s => s.GetProperty("address").GetString()));
        Assert.Equal(0, plan.GetProperty("write").GetInt32());
        Assert.Equal(0x8000, events[^1].GetProperty("size").GetInt32());
        Assert.True(events[^1].GetProperty("verified").GetBoolean());
        Assert.Equal("1-1", events[^1].GetProperty("board").GetString());
    }
}
