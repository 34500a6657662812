using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>Boards with nothing but the bootloader in ROM: into it without a button, and what is said where that is not possible.</summary>
public class OneClickTests
{
    private const uint Base = 0x0800_0000;

    public static TheoryData<string, string> BoardsAndSketches()
    {
        var data = new TheoryData<string, string>();
        foreach (var board in (string[])["blackpill-f411", "blackpill-f401", "f407-rom", "l476-rom"])
        {
            data.Add(board, "rom-magic");
            data.Add(board, "rom-touch");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(BoardsAndSketches))]
    public void One_upload_after_the_other_needs_no_button(string board, string sketch)
    {
        var bench = new Bench($"{board},sketch={sketch}");
        foreach (var size in (int[])[1_500, 40_000])
        {
            var request = bench.Request(Base, size);

            var result = bench.Upload(request);

            Assert.Equal((true, "sim"), (result.Verified, result.Port));
            Assert.Equal(request.File.Content.ToArray(), bench.Flash(Base, size));
            Assert.Equal(Base, bench.Board.RunningSketch!.Address);
        }

        Assert.Empty(bench.Board.Violations);
        Assert.DoesNotContain(bench.Events, e => e is UploadWarning);
        Assert.All(bench.Events.OfType<WaitingForBootloader>(), w => Assert.False(w.AskForReset));
    }

    [Theory]
    [InlineData("rom-magic", new[] { ResetWay.Magic }, ResetWay.Magic, "magic")]
    [InlineData("rom-touch", new[] { ResetWay.Magic, ResetWay.Touch }, ResetWay.Touch, "touch")]
    public void What_is_tried_and_what_has_worked_is_told(string sketch, ResetWay[] tried, ResetWay worked, string cause)
    {
        var bench = new Bench($"blackpill-f411,sketch={sketch}");

        bench.Upload(bench.Request(Base));

        Assert.Equal(tried, bench.Events.OfType<ResettingSketch>().Select(e => e.Way));
        Assert.Equal(new SketchWasReset("sim", worked), Assert.Single(bench.Events.OfType<SketchWasReset>()));
        Assert.Contains(bench.Log, e => e.Text == $"off the bus: reset: {cause}");
    }

    [Fact]
    public void The_ROM_is_the_boards_own_whatever_its_serial_number_and_whoever_else_is_in_DFU_mode()
    {
        var bench = new Bench("blackpill-f411,count=2");
        var (first, second) = (bench.System.Boards[0], bench.System.Boards[1]);
        second.Reset("BOOT0", BootCause.Boot0);
        bench.System.Clock.Advance(TimeSpan.FromSeconds(1));
        second.AdvanceTo(bench.System.Clock.Now);
        var sketch = bench.System.SerialPorts.List()[0];
        var request = bench.Request(Base) with { Filter = bench.Filter with { SerialNumber = sketch.SerialNumber } };

        var result = bench.Upload(request);

        Assert.NotEqual(sketch.SerialNumber, result.Device.SerialNumber);
        Assert.Equal(sketch.UsbPath, result.Device.Device.Path);
        Assert.True(first.SectorsErased > 0);
        Assert.Equal(0, second.SectorsErased);
    }

    [Fact]
    public void Another_serial_number_than_that_of_the_sketch_is_the_bootloaders()
    {
        var bench = new Bench("blackpill-f411");
        var request = bench.Request(Base) with { Filter = bench.Filter with { SerialNumber = "another" } };

        Assert.Equal(UploadError.NoDevice, Assert.Throws<UploadException>(() => bench.Upload(request)).Error);

        Assert.Equal(0, bench.Board.SectorsErased);
    }

    /// <summary>The first upload of every board: the sketch that runs has no way into the ROM.</summary>
    [Fact]
    public void A_sketch_without_a_way_in_is_told_once_with_BOOT0_and_the_upload_goes_on_when_the_user_holds_it()
    {
        var bench = new Bench("blackpill-f411,sketch=stm32core-plain");

        var result = Upload(bench, board => board.PressResetWithBoot0());

        Assert.Equal((true, "sim"), (result.Verified, result.Port));
        var warning = Assert.Single(bench.Events.OfType<UploadWarning>());
        Assert.Equal((WarningCode.PortStillThere, ErrorMessages.HoldBoot0), (warning.Code, warning.Hint));
        Assert.True(Assert.Single(bench.Events.OfType<WaitingForBootloader>()) is { AskForReset: true, MayBeInRom: true });
    }

    [Fact]
    public void And_if_nobody_holds_it_the_last_line_tells_of_it_again()
    {
        var bench = new Bench("blackpill-f411,sketch=stm32core-plain");

        var e = Assert.Throws<UploadException>(() => Upload(bench, _ => { }));

        Assert.Equal((UploadError.NoDevice, true), (e.Error, e.Hint.StartsWith(ErrorMessages.HoldBoot0, StringComparison.Ordinal)));
        Assert.Equal(0, bench.Board.SectorsErased);
    }

    [Fact]
    public void RESET_alone_starts_that_sketch_again_and_is_not_told_a_second_time()
    {
        var bench = new Bench("blackpill-f411,sketch=stm32core-plain");

        var e = Assert.Throws<UploadException>(() => Upload(bench, board => board.PressReset()));

        Assert.Equal(UploadError.NoDevice, e.Error);
        Assert.Single(bench.Events.OfType<UploadWarning>());
        Assert.Equal(2, bench.Events.OfType<ResettingSketch>().Count(r => r.Way == ResetWay.Touch));
        Assert.Equal("old", bench.Board.RunningSketch!.Name);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_sketch_without_USB_is_waited_for_with_BOOT0(bool isPressed)
    {
        var bench = new Bench("blackpill-f411,sketch=none");

        var failure = Record.Exception(() => Upload(bench, board => board.PressResetWithBoot0(), isPressed));

        Assert.Equal(isPressed ? null : UploadError.NoDevice, (failure as UploadException)?.Error);
        Assert.Contains(bench.Events, e => e is UploadWarning { Code: WarningCode.PortMissing });
        Assert.True(bench.Events.OfType<WaitingForBootloader>().First() is { AskForReset: true, MayBeInRom: true });
    }

    [Fact]
    public void A_sketch_that_hangs_is_told_and_BOOT0_helps()
    {
        var bench = new Bench("blackpill-f411");
        bench.Board.Hang("for the test");

        Assert.True(Upload(bench, board => board.PressResetWithBoot0()).Verified);

        var warning = Assert.Single(bench.Events.OfType<UploadWarning>());
        Assert.Equal((WarningCode.PortStuck, ErrorMessages.HoldBoot0), (warning.Code, warning.Hint));
    }

    [Theory]
    [InlineData("blackpill-f411,magic=wrong", "it is back on sim", "hold BOOT0")]
    [InlineData("blackpill-f411,sketch=stm32core", "it is back on sim", "hold BOOT0")]
    [InlineData("blackpill-f411,pa10=floating", "nothing has appeared on USB since", "PA10 to GND")]
    [InlineData("blackpill-f411,hse=missing", "was back without a bootloader", "hold BOOT0")]
    [InlineData("f407-rom,hse=missing", "was back without a bootloader", "may not find a crystal")]
    [InlineData("l476-rom,sketch=rom-touch,magic=wrong", "it is back on sim", "hold BOOT0")]
    public void A_reset_that_leads_nowhere_is_told_with_what_to_do(string board, string message, string hint)
    {
        var bench = new Bench(board);
        var before = bench.Board.Flash.Bytes.ToArray();

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Base)));

        Assert.Equal(UploadError.NoDevice, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
        Assert.InRange(bench.Events.OfType<SketchWasReset>().Count(), 1, 6);
        Assert.Equal(before, bench.Board.Flash.Bytes.ToArray());

        bench.Board.PressReset();
        bench.Settle();
        Assert.Equal("old", bench.Board.RunningSketch!.Name);
    }

    /// <summary>The ROM resets the chip when it cannot measure the crystal. The sketch enters it again, up to 16 times; the host sees nothing of that but the time.</summary>
    [Theory]
    [InlineData("rom-magic")]
    [InlineData("rom-touch")]
    public void A_ROM_that_misses_its_crystal_is_entered_again_by_the_sketch(string sketch)
    {
        var bench = new Bench($"blackpill-f411,sketch={sketch},hse=unreliable");
        for (var upload = 1; upload <= 5; upload++)
        {
            Assert.True(bench.Upload(bench.Request(Base, 1_000 * upload)).Verified);
            Assert.Equal(upload, bench.Events.OfType<SketchWasReset>().Count());
        }

        Assert.Equal(7, bench.Log.Count(e => e.Text.Contains("cannot measure the crystal", StringComparison.Ordinal)));
        Assert.DoesNotContain(bench.Events, e => e is UploadWarning);
    }

    [Fact]
    public void And_so_it_is_while_BOOT0_is_held()
    {
        var bench = new Bench("blackpill-f411,sketch=stm32core-plain,hse=unreliable");

        Assert.True(Upload(bench, board => board.PressResetWithBoot0()).Verified);

        Assert.Equal(2, bench.Log.Count(e => e.Text.Contains("cannot measure the crystal", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_sketch_gives_up_after_16_times()
    {
        var bench = new Bench("blackpill-f411,hse=missing");

        Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Base)));

        var resets = bench.Log.Where(e => e.Text.Contains("cannot measure the crystal", StringComparison.Ordinal) || e.Text.StartsWith("sketch old starts", StringComparison.Ordinal))
            .Select(e => e.Text.StartsWith("sketch", StringComparison.Ordinal)).ToList();
        Assert.Equal(16, resets.Skip(1).TakeWhile(isSketch => !isSketch).Count());
    }

    [Fact]
    public void Of_a_bootloader_in_flash_nothing_is_said_about_BOOT0()
    {
        var bench = new Bench("f4boot,sketch=stm32core-plain");

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(0x0800_4000)));

        Assert.DoesNotContain("BOOT0", e.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("BOOT0", Assert.Single(bench.Events.OfType<UploadWarning>()).Hint, StringComparison.Ordinal);
        Assert.False(Assert.Single(bench.Events.OfType<WaitingForBootloader>()).MayBeInRom);
    }

    [Fact]
    public void Nor_of_a_chip_without_USB_in_its_ROM()
    {
        // An STM32F103 with h0wch33's bootloader, which starts sketches at the base of the flash too.
        var bench = new Bench("h0wch33");

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(Base)));

        Assert.Contains("it is back on sim", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("BOOT0", e.Hint, StringComparison.Ordinal);
        Assert.False(Assert.Single(bench.Events.OfType<WaitingForBootloader>()).MayBeInRom);
    }

    /// <summary>Nothing that a host may read tells the version of the ROM.</summary>
    [Theory]
    [InlineData("h747,rom=9.0", true)]
    [InlineData("h747,rom=9.2", true)]
    [InlineData("blackpill-f411", false)]
    [InlineData("l476-rom", false)]
    public void A_ROM_that_may_not_start_a_sketch_is_told_before_anything_is_written(string board, bool isTold)
    {
        var bench = new Bench(board);

        bench.Upload(bench.Request(Base));

        var told = bench.Events.FindIndex(e => e is UploadWarning { Code: WarningCode.StartUncertain });
        Assert.Equal(isTold, told >= 0);
        Assert.True(told < bench.Events.FindIndex(e => e is FlashProgress { Phase: FlashPhase.Erase }));
    }

    // Presses a button once the user is asked to.
    private static UploadResult Upload(Bench bench, Action<Board> press, bool isPressed = true)
    {
        var uploader = new Uploader(bench.Bus, bench.System.SerialPorts, bench.System.Clock, e =>
        {
            bench.Events.Add(e);
            if (isPressed && e is WaitingForBootloader { AskForReset: true })
            {
                press(bench.Board);
            }
        });
        return uploader.Run(bench.Request(Base), default);
    }
}
