using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>The ROMs of newer chips and of clones, each with what is its own.</summary>
public class OtherRomsTests
{
    private const uint Base = 0x0800_0000;

    // Its map calls the first 32 KiB read-only; the ROM is not there.
    [Fact]
    public void An_AT32F437_is_written_from_the_start_of_its_flash()
    {
        var bench = new Bench("at32f415,chip=f437", StartState.Bootloader);
        var request = bench.Request(Base, 40_000) with { Port = null };

        Assert.True(bench.Upload(request).Verified);

        bench.Settle();
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(Base, 40_000));
        Assert.Equal(10, bench.Board.SectorsErased);
        Assert.Equal(Base, bench.Board.RunningSketch!.Address);
    }

    // What is protected after all is found out with the first erase.
    [Fact]
    public void If_its_first_sector_is_protected_after_all_nothing_else_is_erased()
    {
        var bench = new Bench("at32f415,chip=f437", StartState.Bootloader);
        var plan = new Bench("at32f415,chip=f437", StartState.Bootloader);
        var firstErase = -1;
        plan.Seen = e =>
        {
            if (firstErase < 0 && e.Text.StartsWith("erase sector", StringComparison.Ordinal))
            {
                firstErase = plan.Board.BootloaderTransfers - 1;
            }
        };
        plan.Upload(plan.Request(Base, 40_000) with { Port = null });
        bench.Board.InjectFault(Fault.Parse($"lost@{firstErase}"));

        var error = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Base, 40_000) with { Port = null }));

        Assert.Equal(UploadError.VerifyFailed, error.Error);
        Assert.Contains(InterruptedUpload.NothingElseErased, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_H563_may_not_start_and_that_is_said_before()
    {
        var bench = new Bench("g431-rom,chip=h563", StartState.Sketch);

        var result = bench.Upload(bench.Request(Base, 20_000));

        Assert.Equal((true, (string?)null), (result.Verified, result.Port));
        Assert.Equal(
            [WarningCode.StartUncertain, WarningCode.PortNotBack], bench.Events.OfType<UploadWarning>().Select(w => w.Code).Where(c => c is WarningCode.StartUncertain or WarningCode.PortNotBack));
        Assert.Contains("STM32H563", bench.Events.OfType<UploadWarning>().Last().Hint, StringComparison.Ordinal);
        bench.Board.PressReset();
        bench.Settle();
        Assert.Equal(Base, bench.Board.RunningSketch!.Address);
    }

    // CLRSTATUS is for dfuERROR alone, and the functional descriptor is read out of the configuration.
    [Fact]
    public void A_C562_is_never_asked_what_it_does_not_answer()
    {
        var bench = new Bench("g431-rom,chip=c562", StartState.Bootloader);

        var result = bench.Upload(bench.Request(Base, 20_001) with { Port = null });

        Assert.Equal((true, 1024), (result.Verified, result.Device.Functional.TransferSize));
        Assert.DoesNotContain(bench.Log, e => e.Text.StartsWith("refused", StringComparison.Ordinal) || e.Text.Contains("value 0x2100", StringComparison.Ordinal));
        Assert.Empty(bench.Board.Violations);
    }

    // The flash of an L0 erases to 0: two whole blocks of zeros need not be programmed.
    [Fact]
    public void On_an_L083_zeros_are_left_to_the_erase()
    {
        var bench = new Bench("f072-rom,chip=l083", StartState.Bootloader);
        var image = SketchImage.Bytes(Base, 8_000, bench.Board.StackPointer);
        image.AsSpan(2_048, 4_160).Clear();

        var result = bench.Upload(bench.Request(Base) with { File = new ImageFile("blink.bin", image), Port = null, Leave = false });

        Assert.True(result.Verified);
        Assert.Equal(image, bench.Flash(Base, 8_000));
        Assert.InRange(bench.Board.BytesProgrammed, 8_000 - 4_096, 8_000 - 4_096 + 32);
    }

    // openmv issue 1508.
    [Fact]
    public void An_F072_gets_the_time_that_it_asks_for()
    {
        var bench = new Bench("f072-rom", StartState.Bootloader);

        bench.Upload(bench.Request(Base, 20_000) with { Port = null });

        Assert.DoesNotContain(bench.Log, e => e.Text == "refused: still writing");
    }

    [Theory]
    [InlineData("f072-rom", 9_000, 3)]
    [InlineData("g431-rom,chip=g0b1", 9_000, 3)]
    [InlineData("at32f415", 9_000, 3)]
    [InlineData("at32f415,chip=f437", 9_000, 3)]
    [InlineData("f072-rom,chip=apm32", 9_000, 3)]
    [InlineData("gd32vf103", 3_000, 2)] // before the last block
    public void Killed_in_the_middle_nothing_starts_and_the_same_upload_succeeds(string board, int size, int killedAt)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var request = bench.Request(Base, size) with { Port = null, Timeout = TimeSpan.FromSeconds(1) };
        var programs = 0;
        bench.Seen = e =>
        {
            if (e.Text.StartsWith("program", StringComparison.Ordinal) && ++programs == killedAt)
            {
                bench.Board.Unplug();
            }
        };

        var error = Assert.Throws<UploadException>(() => bench.Upload(request));
        Assert.Contains(InterruptedUpload.Incomplete, error.Message, StringComparison.Ordinal);
        bench.Board.Plug();
        bench.Settle();
        Assert.Null(bench.Board.RunningSketch);

        bench.Seen = _ => { };
        bench.Board.Reset("BOOT0", BootCause.ByHand);
        Assert.True(bench.Upload(request with { Timeout = TimeSpan.FromSeconds(15) }).Verified);
        bench.Settle();
        Assert.Equal(Base, bench.Board.RunningSketch!.Address);
    }
}
