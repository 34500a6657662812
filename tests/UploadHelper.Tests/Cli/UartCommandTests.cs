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

            Assert.Equal(0, run.Run(["unprotect", .. only.Length == 0 ? (string[])["--yes"] : only, "--uart", "--simulate", $"{Bluepill},wrp=1"]));

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

    /// <summary>The bootloader in ROM may erase everything, and so what is below the sketch: another bootloader, perhaps.</summary>
    [Theory]
    [InlineData("--uart", "bluepill,boot0=1", 0x2000)]
    [InlineData("--usb-id=0483:df11", "f4rom", 0x4000)]
    public void Everything_that_is_erased_begins_with_the_sketch(string how, string board, int offset)
    {
        using var run = new ProgramRun();
        var before = SketchImage.Noise(5, 128 * 1024);
        var flash = run.File("flash.bin", board == "f4rom" ? [.. before, .. new byte[1024 * 1024 - before.Length]] : before);
        var sketch = run.File("blink.bin", SketchImage.Bytes(0x0800_0000 + (uint)offset, 3_000, 0x2000_4000));

        Assert.True(run.Run(["upload", sketch, "--offset", $"{offset}", "--erase-all", how, "--simulate", $"{board},start=bootloader,flash={flash}"]) == 0, run.Transcript);

        var after = File.ReadAllBytes(flash);
        Assert.Equal(before.AsSpan(0, offset), after.AsSpan(0, offset));
        Assert.Equal(-1, after.AsSpan(offset + 3_000).IndexOfAnyExcept((byte)0xFF));
    }

    [Theory]
    [InlineData("bluepill,boot0=1", "", "The bootloader was told to start the sketch. Set BOOT0 low, or the next reset starts the bootloader again.")]
    [InlineData("bluepill,boot0=1", "--no-leave", "The board is still in its bootloader. Set BOOT0 low and press RESET to start the sketch.")]
    [InlineData("bluepill,nrst=dtr,boot0=-rts", "", "The bootloader was told to start the sketch.\n")]
    public void What_is_to_do_with_BOOT0_is_said_to_who_set_it(string board, string option, string end)
    {
        using var run = new ProgramRun();
        var sketch = run.File("blink.bin", SketchImage.Bytes(0x0800_0000, 3_000, 0x2000_4000));

        Assert.Equal(0, run.Run(["upload", sketch, .. option.Length == 0 ? (string[])[] : [option], "--uart", "--simulate", board]));

        Assert.EndsWith(end.TrimEnd() + "\n", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("upload x.bin --all --uart --simulate bluepill,boot0=1", 2, "--uart writes to one board")]
    [InlineData("info --uart --simulate bluepill,boot0=1,fault=gone@3", 2, "with --uart there are none")]
    [InlineData("info --uart --simulate f4boot", 2, "--simulate bluepill,boot0=1")]
    [InlineData("info --uart --baud-rate 300 --simulate bluepill,boot0=1", 2, "from 1200 on")]
    [InlineData("leave --uart --simulate bluepill,boot0=1,start=empty", 10, "There is no program at 0x08000000")]
    public void What_cannot_be_is_an_error(string typed, int status, string message)
    {
        using var run = new ProgramRun();
        var sketch = run.File("x.bin", SketchImage.Bytes(0x0800_0000, 3_000, 0x2000_4000));

        Assert.Equal(status, run.Run(typed.Replace("x.bin", sketch, StringComparison.Ordinal).Split(' ')));

        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }
}
