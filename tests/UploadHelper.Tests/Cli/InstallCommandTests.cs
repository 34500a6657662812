using System.Text.Json;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary><c>install-bootloader</c>: what a newcomer with a bare board reads, types and sees.</summary>
public class InstallCommandTests
{
    private const string Bare = "--simulate bluepill,start=empty,flash=flash.bin";

    [Fact]
    public void Without_arguments_it_lists_what_can_be_installed_and_needs_no_board()
    {
        using var run = new ProgramRun();

        var list = run.Do("install-bootloader").Exits(0).Out;

        Assert.Contains("  stm32duino  STM32duino bootloader 2.0: STM32F103, sketches at 0x2000 or 0x5000", list, StringComparison.Ordinal);
        Assert.Contains("  hid-f4      HID bootloader for F4", list, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_alone_says_which_file_to_get_and_what_to_do_with_it()
    {
        using var run = new ProgramRun();

        var page = run.Do("install-bootloader stm32duino").Exits(0).Out;

        Assert.All(
            (string[])
            [
                "https://github.com/rogerclarkmelbourne/STM32duino-bootloader/tree/master/bootloader_only_binaries",
                "MIT",
                "generic_boot20_pc13.bin, 7172 bytes: Blue Pill",
                "SHA-256 8738933a44363f2a3597c7bd6e13afb892b2a4ed304372c31e758745b23b903c",
                "install-bootloader stm32duino FILE --uart --port PORT",
                "upload-helper upload --offset 0x2000 Blink.bin",
                "\"Maple DFU Bootloader 2.0\" (Arduino_Core_STM32)",
            ],
            fact => Assert.Contains(fact, page, StringComparison.Ordinal));
    }

    [Fact]
    public void As_JSON_it_is_a_line_for_each_bootloader()
    {
        using var run = new ProgramRun();

        var all = run.Do("install-bootloader --json").Exits(0).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();

        Assert.All(all, l => Assert.Equal("installable", l.GetProperty("event").GetString()));
        var stm32duino = all.Single(l => l.GetProperty("name").GetString() == "stm32duino");
        Assert.Equal("0x08002000", stm32duino.GetProperty("sketchAddresses")[0].GetString());
        Assert.Equal(26, stm32duino.GetProperty("builds").GetArrayLength());
    }

    [Theory]
    [InlineData("install-bootloader hid", 2, "no bootloader \"hid\" to install. Did you mean hid-f1 or hid-f4?", "stm32duino, ")]
    [InlineData("install-bootloader stm32duion", 2, "Did you mean stm32duino?", "stm32duino, ")]
    [InlineData("install-bootloader hid-f1.bin", 2, "The name of the bootloader is missing: hid-f1.bin is a file. Did you mean upload-helper install-bootloader hid-f1 hid-f1.bin?", "")]
    [InlineData("install-bootloader other.bin", 2, "The name of the bootloader is missing: other.bin is a file. [usage]", "")]
    [InlineData("install-bootloader stm32duino missing.bin --uart --simulate bluepill", 3, "File missing.bin not found", "See https://github.com/rogerclarkmelbourne")]
    [InlineData("install-bootloader hid-f1 hid-f1.bin --uart", 2, "--uart needs the port", "--port /dev/ttyUSB0")]
    [InlineData("install-bootloader hid-f1 hid-f1.bin --uart --simulate bluepill", 2, "0x08000000 holds a program. There is no terminal to ask whether", "Add --yes")]
    [InlineData("install-bootloader hid-f1 hid-f1.bin --simulate bluepill,adapter=1", 6, "There is only one serial port: uart (a CH340 serial adapter)", "add --uart --port PORT")]
    [InlineData("install-bootloader hid-f1 hid-f1.bin --uart --simulate bluepill,rdp=1", 8, "is read-protected", "")]
    public void A_mistake_is_named_with_what_helps(string line, int status, string message, string hint)
    {
        using var run = new ProgramRun().With("hid-f1.bin", BootloaderImage.Bytes("hid-f1"));

        var printed = run.Do(line).Exits(status);

        Assert.Contains(message, printed.Error, StringComparison.Ordinal);
        Assert.Contains(hint, printed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bare_board_gets_a_bootloader_and_then_a_sketch_over_USB()
    {
        using var run = new ProgramRun().With("boot.bin", BootloaderImage.Bytes("stm32duino")).Sketch(0x0800_2000, stack: 0x2000_5000);

        var installed = run.Do($"install-bootloader stm32duino boot.bin --uart {Bare}").Exits(0).Warns("unknown-build", "boot.bin", "df68980");
        Assert.Contains("Flash     at 0x08000000: nothing, it is empty", installed.Error, StringComparison.Ordinal);
        Assert.Contains("verified. It runs: 1EAF:0003 is on USB at 1-1.", installed.Out, StringComparison.Ordinal);
        Assert.Contains("Next: set BOOT0 low", installed.Out, StringComparison.Ordinal);
        Assert.Contains("By hand: upload-helper upload --offset 0x2000 Blink.bin", installed.Out, StringComparison.Ordinal);

        run.Do("list --simulate bluepill,flash=flash.bin").Exits(0);
        Assert.Contains("1EAF:0003 at 1-1: LeafLabs Maple 003", run.Out, StringComparison.Ordinal);
        run.Do("upload blink.bin --offset 0x2000 --simulate bluepill,flash=flash.bin").Exits(0);
        run.Do("upload blink.bin --offset 0x2000 --port sim --wait-port yes --full --simulate bluepill,flash=flash.bin").Exits(0);
        Assert.Contains("The sketch is running on sim.", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_board_that_is_not_empty_is_overwritten_after_a_yes()
    {
        using var run = new ProgramRun { Typed = "yes\n" }.With("boot.bin", BootloaderImage.Bytes("hid-f1"));

        run.Do("install-bootloader hid-f1 boot.bin --uart --simulate bluepill").Exits(0);

        Assert.Contains("0x08000000 holds a program. Overwrite it with HID bootloader 2.1 or 2.2? [y/N]", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_result_as_JSON_says_what_was_seen()
    {
        using var run = new ProgramRun().With("boot.bin", BootloaderImage.Bytes("hid-f1"));

        var lines = run.Do($"install-bootloader hid-f1 boot.bin --uart --json {Bare}").Exits(0).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();

        var result = lines[^1];
        Assert.Equal(("hid-f1", "1-1", true), (result.GetProperty("bootloader").GetString(), result.GetProperty("seenAt").GetString(), result.GetProperty("verified").GetBoolean()));
        Assert.Equal("nothing, it is empty", lines.Single(l => l.GetProperty("event").GetString() == "flash-holds").GetProperty("what").GetString());
        Assert.Equal(JsonValueKind.Null, lines.Single(l => l.GetProperty("event").GetString() == "bootloader-file").GetProperty("build").ValueKind);
    }

    [Theory]
    [InlineData("maple20")]
    [InlineData("hid-f1")]
    [InlineData("dapboot")]
    public void A_board_with_a_bootloader_can_get_another_through_its_ROM(string board)
    {
        using var run = new ProgramRun().With("boot.bin", BootloaderImage.Bytes("stm32duino"));

        run.Do($"install-bootloader stm32duino boot.bin --uart --yes --simulate {board},boot0=1").Exits(0);

        Assert.Contains("It runs: 1EAF:0003", run.Out, StringComparison.Ordinal);
    }
}
