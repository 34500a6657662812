using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>F4Bootloader on the wire, wrong behaviours included. Source: <see cref="F4Bootloader"/> names it.</summary>
public class F4BootloaderTests
{
    private readonly DfuWire _wire = new("f4boot,start=bootloader");

    [Fact]
    public void It_stays_busy_for_ever_after_a_mismatch_and_clrstatus_twice_frees_it()
    {
        _wire.SetAddress(0x0800_4000);
        _wire.Download(2, 0xFF, 0xFF, 0xFF, 0xFF);

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(DfuState.DownloadBusy, _wire.State);
        }

        _wire.Send(DfuRequest.Abort);
        Assert.Equal(DfuState.DownloadBusy, _wire.State);
        _wire.Send(DfuRequest.ClearStatus);
        _wire.Send(DfuRequest.ClearStatus);
        Assert.Equal(DfuState.Idle, _wire.State);
        Assert.Contains(_wire.Board.Violations, v => v.Text.Contains("not erased", StringComparison.Ordinal));
    }

    [Fact]
    public void It_takes_every_address_it_does_not_know_for_sector_7()
    {
        _wire.Erase(0x2000_0000);
        _wire.Erase(0x0808_0000);

        Assert.Equal(2, _wire.Board.Flash.Erases[7]);
        Assert.Equal(2, _wire.Board.Violations.Count);
    }

    [Fact]
    public void It_protects_nothing_not_even_itself()
    {
        _wire.Command(0x41, 0x0800_0000);

        Assert.Equal(ControlOutcome.Silent, _wire.GetStatus().Outcome);
        Assert.Equal(1, _wire.Board.Flash.Erases[0]);
        Assert.Single(_wire.Board.Violations);
    }

    [Fact]
    public void A_mismatch_ends_the_write_at_its_word()
    {
        _wire.Erase(0x0800_4000);
        _wire.Write(0x0800_4000, [0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00]);
        _wire.Download(2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

        Assert.Equal(DfuState.DownloadBusy, _wire.State);

        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], _wire.Board.Flash.Read(0x0800_4000, 12).ToArray());
    }

    [Fact]
    public void The_last_word_of_a_short_block_is_filled_from_the_block_before()
    {
        _wire.Erase(0x0800_4000);
        _wire.Write(0x0800_4000, [1, 2, 3, 4, 5, 6, 7, 8]);
        _wire.Write(0x0800_4100, [0x11, 0x12, 0x13, 0x14, 0x15]);

        Assert.Equal([0x11, 0x12, 0x13, 0x14, 0x15, 6, 7, 8, 0xFF], _wire.Board.Flash.Read(0x0800_4100, 9).ToArray());
    }

    [Fact]
    public void Programming_takes_16_us_a_word()
    {
        _wire.Erase(0x0800_4000);

        Assert.Equal(TimeSpan.FromMicroseconds(256 * 16), _wire.Write(0x0800_4000, new byte[1024]));
    }

    [Fact]
    public void A_bus_reset_starts_the_class_afresh()
    {
        _wire.SetAddress(0x0800_8000);

        _wire.Board.BusReset();

        Assert.Equal(DfuState.Idle, _wire.State);
        Assert.Equal(0x0800_4000u, Assert.IsType<F4Bootloader>(_wire.Board.Function, exactMatch: true).Pointer);
    }

    [Fact]
    public void A_board_that_waited_without_a_sketch_starts_a_new_one_while_it_is_written()
    {
        var wire = new DfuWire("f4boot,start=empty");
        wire.Wait(TimeSpan.FromMinutes(1));
        Assert.IsType<F4Bootloader>(wire.Board.Function, exactMatch: true);
        wire.Write(0x0800_4000, [0x00, 0x00, 0x02, 0x20, 0x41, 0x40, 0x00, 0x08]);

        wire.Wait(TimeSpan.FromMilliseconds(300));

        Assert.Null(wire.Board.Attached);
        Assert.Null(wire.Board.RunningSketch);
        Assert.Contains(wire.Log, e => e.Text.EndsWith("and crashes", StringComparison.Ordinal));
    }

    [Fact]
    public void It_leaves_before_the_status_stage_comes_back_and_starts_the_sketch_after_10_s()
    {
        Assert.Equal(ControlOutcome.Gone, _wire.Leave().Outcome);

        Assert.Null(_wire.Board.Attached);
        _wire.Wait(TimeSpan.FromSeconds(1));
        Assert.IsType<F4Bootloader>(_wire.Board.Function, exactMatch: true);
        _wire.Wait(TimeSpan.FromSeconds(9.3));
        Assert.Null(_wire.Board.RunningSketch);
        _wire.Wait(TimeSpan.FromSeconds(0.1));
        Assert.Equal("old", _wire.Board.RunningSketch?.Name);
    }

    [Fact]
    public void The_boot_window_runs_only_while_idle()
    {
        _wire.SetAddress(0x0800_4000);

        _wire.Wait(TimeSpan.FromMinutes(5));

        Assert.Null(_wire.Board.RunningSketch);
    }

    [Fact]
    public void A_build_that_does_not_disconnect_leaves_a_ghost_behind_a_sketch_without_usb()
    {
        var wire = new DfuWire("f4boot,ghost=1,start=bootloader,sketch=none");
        var generation = wire.Board.Attached!.Generation;

        wire.Wait(TimeSpan.FromSeconds(12));

        Assert.Equal("old", wire.Board.RunningSketch?.Name);
        Assert.Equal(generation, wire.Board.Attached!.Generation);
        Assert.Equal(ControlOutcome.Silent, wire.GetStatus().Outcome);
    }

    [Theory]
    [InlineData(BootCause.Power, 2.26, true)]
    [InlineData(BootCause.ResetButton, 2.26, true)]
    [InlineData(BootCause.Software, 2.26, true)]
    [InlineData(BootCause.Flag, 2.05, false)]
    [InlineData(BootCause.ByHand, 2.05, false)]
    public void The_old_build_brings_usb_up_only_to_stay_else_the_sketch_starts_without(BootCause cause, double seconds, bool sketch)
    {
        var wire = new DfuWire("f4boot-old,start=bootloader,sketch=none");
        var log = wire.Log.Count;
        wire.Board.Reset("test", cause);

        wire.Wait(TimeSpan.FromSeconds(seconds - 0.01));
        Assert.Equal((null, null), (wire.Board.Attached, wire.Board.RunningSketch));
        wire.Wait(TimeSpan.FromSeconds(0.02));
        Assert.Equal(sketch, wire.Board.RunningSketch is not null);
        Assert.Equal(sketch, wire.Board.Attached is null);

        wire.Wait(TimeSpan.FromMinutes(10));
        Assert.Equal(sketch, wire.Board.Attached is null);
        Assert.Equal(sketch ? 0 : 1, wire.Log.Skip(log).Count(e => e.Text.StartsWith("on the bus", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0x2002_0000, true)]
    [InlineData(0x2000_5000, true)]
    [InlineData(0x2001_0000, false)] // 64 KiB of RAM
    [InlineData(0x2002_0100, false)]
    [InlineData(0x1001_0000, false)]
    public void The_old_build_stays_in_dfu_mode_for_ever_with_a_stack_pointer_it_does_not_know(uint stack, bool starts)
    {
        var wire = new DfuWire("f4boot-old,start=bootloader,sketch=none");
        wire.Board.Flash.Preload(0x0801_0000, BitConverter.GetBytes(stack));

        wire.Leave();
        wire.Wait(TimeSpan.FromMinutes(10));

        Assert.Equal(starts, wire.Board.RunningSketch is not null);
        Assert.Equal(starts, wire.Board.Attached is null);
    }
}
