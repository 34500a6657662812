using UploadHelper.Core.Connecting;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

public class EraseCommandTests
{
    [Theory]
    [InlineData("erase --yes", "f4boot", 0x4000, 0x8_0000, 7)]
    [InlineData("erase --yes", "f4boot-old", 0x1_0000, 0x8_0000, 4)]
    [InlineData("erase --yes", "f4rom", 0, 0x10_0000, 12)]
    [InlineData("erase 0x8000 0x18000 --yes", "f4rom", 0x8000, 0x2_0000, 3)]
    [InlineData("erase 0x080C0000 --yes", "f4rom", 0xC_0000, 0x10_0000, 2)]
    public void What_is_named_is_erased_and_nothing_else(string line, string board, int from, int end, int sectors)
    {
        using var run = new ProgramRun();
        var flash = SketchImage.Noise(4, 1 << 20);

        var printed = run.With("flash.bin", flash).Do($"{line} --simulate {board},flash=flash.bin");

        var range = $"0x{0x0800_0000 + from:X8} 0x{0x0800_0000 + end - 1:X8}";
        printed.Exits(0).Steps("Found Plan Erase Verify Board").Says("Plan", $"{sectors} {(end - from) / 1024} {range}").Ends($"{end - from} {range}", ", verified")
            .Says("Board", $"{sectors} 0 0", "in its bootloader");
        flash.AsSpan(from, end - from).Fill(0xFF);
        Assert.Equal(flash, run.Bytes("flash.bin"));
    }

    [Fact]
    public void Bootloaders_with_rules_of_their_own()
    {
        using var run = new ProgramRun();

        run.Do("erase --yes --simulate maple20").Exits(0).Steps("Found Plan Erase Verify Board")
            .Says("Plan", "120 120 0x08002000 0x0801FFFF").Ends("122880 0x08002000 0x0801FFFF", ", verified").Says("Board", "120 122880 0");
        run.Do("erase --yes --simulate h0wch33").Exits(0).Steps("Found Plan warning Erase Board")
            .Says("Plan", "50 50 0x08000000 0x0800C7FF").Warns("device-limit", "50 ms").Ends("51200 0x08000000 0x0800C7FF", "not verified").Says("Board", "50 36 0");
        run.Do("erase --yes --simulate h0wch33,fault=gone@15")
            .Fails(8, "device-lost", "BOOT0", "did not confirm the first erase", "if the power failed").Steps("Found Plan warning Erase hint error");
        run.Do("erase 0x3000 --yes --simulate maple20").Fails(4, "not-writable", "alternate setting 2", "0x08002000").Hints("0x08002000").Steps("Found hint error");
    }

    [Theory]
    [InlineData("erase 0 --yes", "f4boot", "not-writable", "0x08000000 to 0x08003FFF", "0x08004000")]
    [InlineData("erase 0 0x8000 --yes", "f4boot-old", "not-writable", "0x08000000 to 0x08003FFF", "0x08010000")]
    [InlineData("erase 0x080A0000 0x20000 --yes", "f4boot", "not-writable", "0x080A0000 to 0x080BFFFF", "0x08004000")]
    [InlineData("erase 0x4000 0x100000 --yes", "f4boot", "not-in-memory", "1032192 bytes from 0x08004000", "0xFC000")]
    [InlineData("erase 0x4000 0x5000 --yes", "f4boot", "not-a-sector-start", "0x08008000 to 0x0800BFFF", "0x4000", "0x8000")]
    [InlineData("erase 0x4000 1024 --yes", "f4boot", "not-a-sector-start", "0x08004000 to 0x08007FFF", "0x4000")]
    [InlineData("erase --alt 1 --yes", "f4rom", "not-writable", "alternate setting 1", "upload-helper list")]
    public void What_must_not_be_erased_is_refused(string line, string board, string code, string where, params string[] hints)
    {
        using var run = new ProgramRun();
        var flash = SketchImage.Noise(4, 1 << 20);

        run.With("flash.bin", flash).Do($"{line} --simulate {board},flash=flash.bin,start=bootloader")
            .Fails(4, code, where, ErrorMessages.Unchanged).Hints(hints).Steps("Found hint error");

        Assert.Equal(flash, run.Bytes("flash.bin"));
    }

    [Fact]
    public void Without_a_terminal_to_ask_on_nothing_is_erased()
    {
        using var run = new ProgramRun();
        var flash = SketchImage.Noise(4, 1 << 20);

        run.With("flash.bin", flash).Do("erase --simulate f4boot,flash=flash.bin,start=bootloader").Fails(2, "usage").Hints("--yes").Steps("hint error");

        Assert.Equal(flash, run.Bytes("flash.bin"));
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
        run.Printed.Says("Plan", "1 16 0x08004000 0x08007FFF").Prints("0x08004000 to 0x08007FFF of 0483:DF11 at 1-1? [y/N] ");
        Assert.Equal(expected == 0, !flash.AsSpan().SequenceEqual(File.ReadAllBytes(run.PathOf("flash.bin"))));
        if (expected != 0)
        {
            run.Printed.Prints(ErrorMessages.Unchanged);
        }
    }

    [Fact]
    public void The_area_of_a_board_in_the_configuration_begins_at_its_offset()
    {
        using var run = new ProgramRun();
        var config = run.PathOf("boards.json");
        File.WriteAllText(config, """{ "boards": { "mine": { "offset": "0x10000" } } }""");

        Assert.Equal(0, run.Run("erase", "--board", "mine", "--config", config, "--yes", "--simulate", "f4rom"));

        run.Printed.Ends("983040 0x08010000 0x080FFFFF", ", verified");
    }

    [Fact]
    public void Json_has_the_plan_and_ends_with_the_result()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("erase", "0x4000", "0x8000", "--yes", "--json", "--simulate", "f4boot"));

        Assert.Equal("", run.Error);
        var events = run.Printed.Json;
        var plan = events.Single(e => e.GetProperty("event").GetString() == "plan");
        Assert.Equal(["0x08004000", "0x08008000"], plan.GetProperty("erase").EnumerateArray().Select(s => s.GetProperty("address").GetString()));
        Assert.Equal(0, plan.GetProperty("write").GetInt32());
        Assert.Equal(0x8000, events[^1].GetProperty("size").GetInt32());
        Assert.True(events[^1].GetProperty("verified").GetBoolean());
        Assert.Equal("1-1", events[^1].GetProperty("board").GetString());
    }
}
