using System.Text.Json;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>The commands beside upload, through a serial adapter.</summary>
public class UartCommandTests
{
    private const string Bluepill = "bluepill,boot0=1";

    [Fact]
    public void Info_shows_what_the_chip_says()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run(["info", "--uart", "--simulate", Bluepill]));

        Assert.Contains("STM32F103x8 or xB (medium density) at uart", run.Out, StringComparison.Ordinal);
        Assert.Contains("product id      0x410", run.Out, StringComparison.Ordinal);
        Assert.Contains("protocol version 2.2 (AN3155)", run.Out, StringComparison.Ordinal);
        Assert.Contains("commands        00 01 02 11 21 31 43 63 73 82 92", run.Out, StringComparison.Ordinal);
        Assert.Contains("flash           128 KiB", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_of_a_protected_chip_says_so_in_JSON_too()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run(["info", "--uart", "--json", "--simulate", $"{Bluepill},rdp=1"]));

        var info = JsonDocument.Parse(run.Out.Split('\n').Single(l => l.Contains("\"info\"", StringComparison.Ordinal))).RootElement;
        Assert.True(info.GetProperty("readProtected").GetBoolean());
        Assert.Equal("0x410", info.GetProperty("productId").GetString());
        Assert.Equal(JsonValueKind.Null, info.GetProperty("flashSize").ValueKind);
    }

    [Theory]
    [InlineData("bluepill")]
    [InlineData("f407-rom")]
    [InlineData("l476-rom")]
    public void Unprotect_removes_the_read_protection_and_reads_the_erased_flash(string board)
    {
        using var run = new ProgramRun();
        var flash = run.File("flash.bin", []);
        File.Delete(flash);

        Assert.Equal(0, run.Run(["unprotect", "--yes", "--uart", "--simulate", $"{board},boot0=1,rdp=1,flash={flash}"]));

        Assert.Contains("the read protection is removed, and the whole flash is erased, verified", run.Out + run.Error, StringComparison.Ordinal);
        Assert.Equal(-1, File.ReadAllBytes(flash).AsSpan().IndexOfAnyExcept((byte)0xFF));
        Assert.Contains(", 0 violations", run.Out + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Unprotect_asks_first_and_names_the_chip_and_the_port()
    {
        using var run = new ProgramRun { Typed = "no\n" };

        Assert.NotEqual(0, run.Run(["unprotect", "--uart", "--simulate", $"{Bluepill},rdp=1"]));

        Assert.Contains("the chip at uart", run.Out + run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("0000:0000", run.Out + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_read_protection_only_the_write_protection_goes()
    {
        foreach (var only in new string[][] { [], ["--write-only"] })
        {
            using var run = new ProgramRun();

            Assert.Equal(0, run.Run(["unprotect", "--yes", .. only, "--uart", "--simulate", $"{Bluepill},wrp=1"]));

            Assert.Contains("its write protection is removed, if it had any. Nothing was erased.", run.Out + run.Error, StringComparison.Ordinal);
            Assert.Contains("0 sectors erased", run.Out + run.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--uart", $"{Bluepill},rdp=1", "read-protected", "Without --write-only")]
    [InlineData("--no-such", "f4rom,rdp=1", "has no command that removes the write protection alone", "--uart")]
    public void Write_only_erases_nothing(string how, string board, string message, string hint)
    {
        using var run = new ProgramRun();

        Assert.NotEqual(0, run.Run(["unprotect", "--yes", "--write-only", .. how == "--uart" ? (string[])[how] : [], "--simulate", board]));

        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was erased", run.Error, StringComparison.Ordinal);
        Assert.Contains(hint, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Leave_starts_the_sketch_and_says_only_what_it_knows()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run(["leave", "--uart", "--simulate", Bluepill]));

        Assert.Contains("Done: the bootloader has accepted the command to start the program at 0x08000000.", run.Out + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_has_what_passed_over_the_line()
    {
        using var run = new ProgramRun();
        var trace = run.File("trace.jsonl", []);

        Assert.Equal(0, run.Run(["info", "--uart", "--trace", trace, "--simulate", Bluepill]));

        var lines = File.ReadAllLines(trace).Select(l => JsonDocument.Parse(l).RootElement).Where(l => l.GetProperty("operation").GetString()!.StartsWith("Serial", StringComparison.Ordinal)).ToList();
        Assert.Equal("SerialOpen 115200 8E1", $"{lines[0].GetProperty("operation")} {lines[0].GetProperty("data")}");
        Assert.Equal("SerialWrite 7F", $"{lines[1].GetProperty("operation")} {lines[1].GetProperty("data")}");
        Assert.Equal("SerialRead 79", $"{lines[2].GetProperty("operation")} {lines[2].GetProperty("data")}");
        Assert.Equal("SerialClose", lines[^1].GetProperty("operation").GetString());
    }
}
