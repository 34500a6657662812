using UploadHelper.Core.Connecting;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>Read protection (RDP level 1): how it is told, and how it is removed.</summary>
public class UnprotectCommandTests
{
    private const int FlashSize = 1 << 20;
    private static readonly byte[] Old = SketchImage.Noise(4, FlashSize);

    [Theory]
    [InlineData("f4rom")]
    [InlineData("h747", FlashSize * 2)]
    [InlineData("l496")]
    [InlineData("g431-rom", FlashSize / 8)]
    [InlineData("at32f415", FlashSize / 8)]
    [InlineData("at32f415,chip=f437", 4_032 << 10)]
    [InlineData("f072-rom,chip=apm32", FlashSize / 8)]
    [InlineData("blackpill-f411,boot0=1", FlashSize / 2)]
    public void The_whole_flash_is_erased_and_read_back(string board, int size = FlashSize)
    {
        using var run = new ProgramRun();
        run.With("flash.bin", SketchImage.Noise(4, size));

        run.Do($"unprotect --yes --simulate {board},rdp=1,flash=flash.bin").Exits(0).Ends("", "the read protection is removed", ", verified");

        Assert.All(run.Bytes("flash.bin"), b => Assert.Equal(0xFF, b));
        run.Do($"upload {TestFiles.FirmwarePath("blink-08000000.bin")} --offset 0 --simulate {board},start=bootloader,flash=flash.bin").Exits(0);
    }

    // The ROM of an AT32 does not say that it is busy, and may have to be told twice (keirf/flashfloppy issue 584).
    [Theory]
    [InlineData("at32f415")]
    [InlineData("f072-rom,chip=apm32")]
    public void Whatever_is_lost_the_protection_is_removed_only_if_that_is_said_and_the_second_time_helps(string board)
    {
        var (removed, failed) = (0, 0);
        for (var at = 0; at < 16; at++)
        {
            foreach (var fault in (string[])["lost", "stall", "silent", "late", "gone"])
            {
                using var run = new ProgramRun();
                run.With("flash.bin", SketchImage.Noise(4, FlashSize / 8));

                var printed = run.Do($"unprotect --yes --simulate {board},rdp=1,flash=flash.bin,fault={fault}@{at}");

                var isErased = run.Bytes("flash.bin").All(b => b == 0xFF);
                Assert.True(printed.Status != 0 || !printed.Out.Contains(", verified", StringComparison.Ordinal) || isErased, $"{fault}@{at}: {printed.Transcript}");
                (removed, failed) = printed.Status == 0 ? (removed + 1, failed) : (removed, failed + 1);
            }
        }

        Assert.True(removed > 10 && failed > 2, $"{removed} removed, {failed} failed");
    }

    [Fact]
    public void A_board_that_does_not_come_back_is_not_said_to_be_erased()
    {
        // With BOOT0 released, nothing starts the ROM after the reset, and there is no sketch any more.
        using var run = new ProgramRun();

        run.Do("unprotect --yes --simulate blackpill-f411,rdp=1").Exits(0).Ends("", "accepted", "not verified", "hold BOOT0");
    }

    [Theory]
    [InlineData("upload blink.bin --offset 0")]
    [InlineData("upload blink.bin --offset 0 --full")]
    [InlineData("verify blink.bin --offset 0")]
    [InlineData("read 0 0x100 dump.bin")]
    [InlineData("erase --yes")]
    public void Every_other_command_names_the_protection_and_leaves_it_alone(string line)
    {
        using var run = new ProgramRun();
        run.With("flash.bin", Old).With("blink.bin", File.ReadAllBytes(TestFiles.FirmwarePath("blink-08000000.bin")));

        run.Do($"{line} --simulate f4rom,rdp=1,start=bootloader,flash=flash.bin").Fails(8, "read-protected", "errVENDOR").Hints("upload-helper unprotect", "erases the whole flash");

        Assert.Equal(Old, run.Bytes("flash.bin"));
    }

    [Theory]
    [InlineData("f4boot", 8, "not-supported", "in flash", ErrorMessages.NothingErased)]
    [InlineData("maple20", 8, "not-supported", "in flash", ErrorMessages.NothingErased)]
    [InlineData("h0wch33", 8, "not-supported", "in flash", ErrorMessages.NothingErased)]
    public void A_bootloader_in_flash_is_not_asked_to_erase_itself(string board, int status, string code, params string[] facts)
    {
        using var run = new ProgramRun();

        run.Do($"unprotect --yes --simulate {board},rdp=1").Fails(status, code, facts).Hints("BOOT0");
    }

    // The protection is against debuggers and the ROM: a bootloader in flash writes as before (RM0090, 3.6.3).
    [Fact]
    public void An_upload_through_a_bootloader_in_flash_does_not_notice_it()
    {
        using var run = new ProgramRun();

        run.Do($"upload {TestFiles.FirmwarePath("blink-08004000.hex")} --simulate f4boot,rdp=1").Exits(0);
    }

    [Fact]
    public void A_board_without_protection_stays_as_it_is()
    {
        using var run = new ProgramRun();
        run.With("flash.bin", Old);

        run.Do("unprotect --yes --simulate f4rom,flash=flash.bin").Exits(0).Ends("", "not read-protected", "Nothing was erased");

        Assert.Equal(Old, run.Bytes("flash.bin"));
    }

    [Fact]
    public void Without_a_terminal_to_ask_on_nothing_is_erased()
    {
        using var run = new ProgramRun();

        run.With("flash.bin", Old).Do("unprotect --simulate f4rom,rdp=1,flash=flash.bin").Fails(2, "usage").Hints("--yes");

        Assert.Equal(Old, run.Bytes("flash.bin"));
    }

    [Theory]
    [InlineData("y\n", 0)]
    [InlineData("n\n", 130)]
    public void On_a_terminal_it_asks(string typed, int expected)
    {
        using var run = new ProgramRun { Typed = typed };
        run.File("flash.bin", Old);

        Assert.Equal(expected, run.Run(run.Arguments("unprotect --simulate f4rom,rdp=1,flash=flash.bin,start=bootloader")));

        run.Printed.Prints("Erase the whole flash of 0483:DF11 at 1-1", "[y/N] ");
        Assert.Equal(expected == 0, !Old.AsSpan().SequenceEqual(File.ReadAllBytes(run.PathOf("flash.bin"))));
    }

    // Whatever goes wrong, and wherever: what is said of the flash is true.
    [Theory]
    [InlineData("gone")]
    [InlineData("stall")]
    [InlineData("silent")]
    [InlineData("late")]
    [InlineData("reset")]
    [InlineData("cut-erase")]
    [InlineData("status-11")]
    public void A_failure_tells_the_state_of_the_flash(string kind)
    {
        // From the first descriptor to a block of the last comparison.
        const int Transfers = 40;
        var results = new List<int>();
        for (var at = 0; at < Transfers; at++)
        {
            using var run = new ProgramRun();
            run.With("flash.bin", Old);

            var printed = run.Do($"unprotect --yes --simulate f4rom,rdp=1,flash=flash.bin,fault={kind}@{at}");

            var (flash, said) = (run.Bytes("flash.bin"), printed.Out + printed.Error);
            var (isErased, isOld) = (!flash.AsSpan().ContainsAnyExcept((byte)0xFF), flash.AsSpan().SequenceEqual(Old));
            Assert.False(!isOld && said.Contains(ErrorMessages.NothingErased, StringComparison.Ordinal), said);
            Assert.False(isOld && said.Contains("has begun", StringComparison.Ordinal), said);
            Assert.False(!isErased && said.Contains("is removed", StringComparison.Ordinal), said);
            results.Add(printed.Status);
        }

        Assert.All(results, r => Assert.Contains(r, (int[])[0, 6, 8]));
        Assert.Contains(0, results);
    }
}
