using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>The Maple bootloaders on the wire, wrong behaviours included. Sources: <see cref="MapleBuild"/> names them.</summary>
public class MapleFunctionTests
{
    private const uint Alt1 = 0x0800_5000;
    private const uint Alt2 = 0x0800_2000;
    private readonly DfuWire _wire = On("maple20,start=bootloader", alternate: 2);

    [Fact]
    public void A_block_goes_where_the_last_one_ended_whatever_its_number()
    {
        var one = SketchImage.Noise(1, 1024);
        var two = SketchImage.Noise(2, 1024);

        Assert.Equal(ControlOutcome.Done, _wire.Download(7, one).Outcome);
        var (status, busy) = _wire.Status();
        _wire.Download(7, two);
        _wire.Status();

        Assert.Equal((DfuState.DownloadIdle, DfuStatusCode.Ok, TimeSpan.Zero), (status.State, status.Code, status.PollTimeout));
        Assert.Equal(TimeSpan.FromMicroseconds(20_000 + 512 * 52.5), busy);
        Assert.Equal((byte[])[.. one, .. two], _wire.Board.Flash.Read(Alt2, 2048).ToArray());
        Assert.Empty(_wire.Board.Violations);
    }

    [Theory]
    [InlineData(DfuRequest.GetStatus)]
    [InlineData(DfuRequest.GetState)]
    public void One_look_too_many_and_the_next_block_goes_to_the_start(DfuRequest look)
    {
        _wire.Download(0, SketchImage.Noise(1, 1024));
        _wire.Status();

        _wire.Board.Control(new UsbSetup(0xA1, (byte)look, 0, 0, 6), []);
        var block = SketchImage.Noise(2, 1024);
        _wire.Download(1, block);
        _wire.Status();

        Assert.Equal(block, _wire.Board.Flash.Read(Alt2, 1024).ToArray());
        Assert.True(_wire.Board.Flash.IsErased(Alt2 + 1024, 1024));
    }

    [Fact]
    public void Every_request_clears_the_status_so_that_an_error_says_ok()
    {
        Assert.Equal(ControlOutcome.Stall, _wire.Send(DfuRequest.ClearStatus).Outcome);

        var status = _wire.Status().Status;

        Assert.Equal((DfuState.Error, DfuStatusCode.Ok), (status.State, status.Code));
        Assert.Equal(ControlOutcome.Done, _wire.Send(DfuRequest.ClearStatus).Outcome);
        Assert.Equal(DfuState.Idle, _wire.State);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Any_alternate_setting_can_be_selected_and_two_can_be_written(int alternate)
    {
        var wire = On("maple20,start=bootloader", alternate);

        Assert.Equal(ControlOutcome.Stall, wire.Download(0, new byte[1024]).Outcome);

        Assert.Equal(DfuState.Error, wire.State);
        Assert.Equal(0, wire.Board.Flash.Erases.Sum());
    }

    [Fact]
    public void The_other_alternate_setting_erases_the_page_of_this_one()
    {
        var wire = On("maple20,start=bootloader", alternate: 1);
        Assert.False(wire.Board.Flash.IsErased(Alt2, 1024));

        Assert.Equal(TimeSpan.FromMilliseconds(20), wire.Download(0, SketchImage.Noise(1, 1024)).Busy);

        Assert.True(wire.Board.Flash.IsErased(Alt2, 1024));
        Assert.Equal(1, wire.Board.Flash.Erases.Sum());
    }

    [Fact]
    public void A_bus_reset_does_nothing_in_idle_and_resets_it_everywhere_else()
    {
        Assert.Equal(DfuState.Idle, _wire.State);
        _wire.Board.BusReset();
        Assert.NotNull(_wire.Board.Attached);

        _wire.Upload(0);
        _wire.Board.BusReset();
        Assert.Null(_wire.Board.Attached);

        // Nothing was downloaded: it goes through its boot window.
        _wire.Wait(TimeSpan.FromMilliseconds(500));
        Assert.IsType<MapleFunction>(_wire.Board.Function);
        _wire.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("old", _wire.Board.RunningSketch?.Name);
    }

    [Fact]
    public void Once_a_download_has_begun_a_bus_reset_starts_whatever_has_a_stack_pointer()
    {
        var half = SketchImage.Bytes(Alt2, 4096, stack: 0x2000_5000)[..1024];
        _wire.Download(0, half);
        _wire.Status();

        _wire.Board.BusReset();
        _wire.Wait(MapleBuild.BootTime);

        Assert.IsNotType<MapleFunction>(_wire.Board.Function);
        Assert.Equal(Alt2, _wire.Board.RunningSketch?.Address);
    }

    [Fact]
    public void Without_a_stack_pointer_it_comes_back_and_stays()
    {
        _wire.Download(0, [.. Enumerable.Repeat((byte)0xFF, 1024)]);
        _wire.Status();

        _wire.Board.BusReset();
        _wire.Wait(TimeSpan.FromMinutes(1));

        Assert.IsType<MapleFunction>(_wire.Board.Function);
    }

    [Theory]
    [InlineData("maple20", 1325)]
    [InlineData("maple-orig", 1325)]
    [InlineData("maple-f4", 800)]
    public void Its_boot_window_is_open_for_a_second_or_so_unless_somebody_speaks(string board, int milliseconds)
    {
        var wire = On(board, alternate: 1);
        wire.Board.PressReset();
        wire.Wait(MapleBuild.BootTime + TimeSpan.FromMilliseconds(milliseconds - 1));
        Assert.IsType<MapleFunction>(wire.Board.Function);
        wire.Wait(TimeSpan.FromMilliseconds(1));
        Assert.Equal("old", wire.Board.RunningSketch?.Name);

        wire.Board.PressReset();
        wire.Wait(MapleBuild.BootTime);
        Assert.Equal(DfuState.Idle, wire.State);
        wire.Wait(TimeSpan.FromMinutes(1));
        Assert.IsType<MapleFunction>(wire.Board.Function);
    }

    [Theory]
    [InlineData("maple20", true)]
    [InlineData("maple-orig", false)]
    public void Only_the_stm32duino_bootloader_knows_the_sketchs_flag(string board, bool stays)
    {
        var wire = On(board, alternate: 1);
        wire.Board.Reset("magic", BootCause.Flag);

        wire.Wait(TimeSpan.FromMinutes(1));

        Assert.Equal(stays, wire.Board.Function is MapleFunction);
    }

    [Fact]
    public void A_block_behind_a_short_one_erases_what_the_short_one_wrote()
    {
        _wire.Download(0, SketchImage.Noise(1, 512));
        _wire.Status();
        _wire.Download(1, SketchImage.Noise(2, 512));
        _wire.Status();

        Assert.True(_wire.Board.Flash.IsErased(Alt2, 512));
        Assert.NotEmpty(_wire.Board.Violations);
    }

    [Fact]
    public void A_block_that_is_larger_than_a_page_is_programmed_over_what_is_not_erased()
    {
        _wire.Board.Flash.Preload(Alt2 + 1024, SketchImage.Noise(3, 1024));
        _wire.Download(0, SketchImage.Noise(1, 2048));
        _wire.Status();

        Assert.Equal(SketchImage.Noise(1, 2048)[..1024], _wire.Board.Flash.Read(Alt2, 1024).ToArray());
        Assert.Equal(SketchImage.Noise(3, 1024), _wire.Board.Flash.Read(Alt2 + 1024, 1024).ToArray());
        Assert.NotEmpty(_wire.Board.Violations);
    }

    [Fact]
    public void Past_the_end_of_the_flash_it_hangs()
    {
        for (var page = Alt2; page < 0x0802_0000; page += 1024)
        {
            _wire.Download(0, new byte[1024]);
            _wire.Status();
        }

        Assert.Empty(_wire.Board.Violations);
        _wire.Download(0, new byte[1024]);
        Assert.Equal(ControlOutcome.Silent, _wire.GetStatus().Outcome);
        Assert.NotEmpty(_wire.Board.Violations);
    }

    [Fact]
    public void It_is_read_by_block_number_up_to_the_end_of_the_flash()
    {
        Assert.Equal(_wire.Board.Flash.Read(Alt2 + 3 * 1024, 1024).ToArray(), _wire.Upload(3).Data.ToArray());
        Assert.Equal(_wire.Board.Flash.Read(Alt2 + 119 * 1024, 1024).ToArray(), _wire.Upload(119).Data.ToArray());
        Assert.Equal(DfuState.UploadIdle, _wire.State);

        Assert.Equal(0, _wire.Upload(120).Data.Length);
        Assert.Equal(DfuState.Idle, _wire.State);
        Assert.Empty(_wire.Board.Violations);
    }

    [Fact]
    public void Leaflabs_programs_in_its_main_loop_and_says_that_it_is_busy()
    {
        var wire = On("maple-orig,start=bootloader", alternate: 1);
        wire.Download(0, SketchImage.Noise(1, 1024));

        var first = wire.Status().Status;
        Assert.Equal((DfuState.DownloadBusy, TimeSpan.FromMilliseconds(32)), (first.State, first.PollTimeout));
        wire.Wait(first.PollTimeout);
        Assert.Equal(DfuState.DownloadBusy, wire.State);
        wire.Wait(first.PollTimeout);

        var last = wire.Status().Status;
        Assert.Equal((DfuState.DownloadIdle, TimeSpan.Zero), (last.State, last.PollTimeout));
        Assert.Equal(SketchImage.Noise(1, 1024), wire.Board.Flash.Read(Alt1, 1024).ToArray());
    }

    [Fact]
    public void The_f4_port_keeps_half_of_its_poll_timeout_and_loses_a_sector_with_its_first_block()
    {
        var wire = On("maple-f4,start=bootloader", alternate: 1);
        var blocks = SketchImage.Noise(1, 4096);
        Write(blocks[..2048]);
        Write(blocks[2048..]);
        Assert.Equal(blocks, wire.Board.Flash.Read(0x0801_0000, 4096).ToArray());
        Assert.Equal(1, wire.Board.Flash.Erases.Sum());

        wire.Send(DfuRequest.Abort);
        Write(blocks[..2048]);
        Assert.True(wire.Board.Flash.IsErased(0x0801_0800, 2048));
        Assert.Empty(wire.Board.Violations);

        void Write(byte[] block)
        {
            wire.Download(0, block);
            Assert.Equal(TimeSpan.FromMilliseconds(0x1FF), wire.Status().Status.PollTimeout);
            wire.Wait(TimeSpan.FromSeconds(1));
            Assert.Equal(TimeSpan.FromMilliseconds(0x100), wire.Status().Status.PollTimeout);
        }
    }

    private static DfuWire On(string options, int alternate)
    {
        var wire = new DfuWire(options);
        wire.Board.Control(new UsbSetup(0x00, 9, 1, 0, 0), []);
        wire.Board.Control(new UsbSetup(0x01, 11, (ushort)alternate, 0, 0), []);
        return wire;
    }

    // As the published binaries do on an emulated STM32F103.
    [Theory]
    [InlineData("maple20", ControlOutcome.NoHandshake)]
    [InlineData("maple-orig", ControlOutcome.Silent)]
    public void It_stays_on_the_bus_when_it_starts_a_sketch_without_usb_until_the_host_resets_the_port(string board, ControlOutcome first)
    {
        var wire = new DfuWire($"{board},start=bootloader,sketch=none");
        wire.Board.PressReset();
        wire.Wait(TimeSpan.FromSeconds(1));
        var generation = wire.Board.Attached!.Generation;
        wire.Wait(TimeSpan.FromSeconds(5));

        Assert.Equal("old", wire.Board.RunningSketch?.Name);
        Assert.Equal(generation, wire.Board.Attached!.Generation);
        Assert.Equal((first, ControlOutcome.NoHandshake, ControlOutcome.NoHandshake), (wire.GetStatus().Outcome, wire.GetStatus().Outcome, wire.GetStatus().Outcome));
        wire.Board.BusReset();
        Assert.Null(wire.Board.Attached);
    }
}
