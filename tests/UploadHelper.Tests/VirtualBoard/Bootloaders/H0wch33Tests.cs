using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>h0wch33/stm32f1_dfu on the wire, wrong behaviours included. Source: <see cref="H0wch33"/> names it.</summary>
public class H0wch33Tests
{
    private const uint Base = 0x0800_0000;
    private readonly DfuWire _wire = new DfuWire("h0wch33,start=bootloader").Configure();

    private ReadOnlySpan<byte> FirstPage => _wire.Board.Flash.Read(Base, 1024);

    [Fact]
    public void A_block_goes_from_sync_to_idle_with_one_status_and_is_carried_out_behind_it()
    {
        _wire.Command(0x41, 0x0800_0400);

        var answer = _wire.GetStatus();
        var status = DfuStatus.Read(answer.Data.Span);

        Assert.Equal((DfuState.DownloadBusy, TimeSpan.FromMilliseconds(100)), (status.State, status.PollTimeout));
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromMilliseconds(20)), (answer.Busy, answer.BusyAfter));
        var (next, busy) = _wire.Status();
        Assert.Equal((DfuState.DownloadIdle, TimeSpan.FromMilliseconds(20)), (next.State, busy));
        Assert.Equal(1, _wire.Board.Flash.Erases[1]);
    }

    [Fact]
    public void Nothing_can_be_read()
    {
        Assert.Equal(ControlOutcome.Stall, _wire.Upload(2).Outcome);
        Assert.Equal(ControlOutcome.Stall, _wire.Upload(0, 4).Outcome);
        Assert.Equal(DfuState.Idle, _wire.State);
    }

    [Fact]
    public void A_longer_block_than_its_buffer_stalls_and_detach_is_unknown()
    {
        Assert.Equal(ControlOutcome.Stall, _wire.Download(2, new byte[1025]).Outcome);
        Assert.Equal(ControlOutcome.Stall, _wire.Send(DfuRequest.Detach).Outcome);
    }

    [Fact]
    public void A_block_is_taken_in_any_state()
    {
        _wire.Download(2, 1, 2);

        Assert.Equal(ControlOutcome.Done, _wire.Download(3, 3, 4).Outcome);

        Assert.Equal(DfuState.DownloadSync, (DfuState)_wire.Board.Control(new(0xA1, (byte)DfuRequest.GetState, 0, 0, 1), []).Data.Span[0]);
        Assert.Single(_wire.Board.Violations);
    }

    [Theory]
    [InlineData(DfuRequest.ClearStatus)]
    [InlineData(DfuRequest.Abort)]
    public void It_is_never_in_error(DfuRequest request)
    {
        _wire.Send(request);

        Assert.Equal(DfuState.Idle, _wire.State);
        Assert.Empty(_wire.Board.Violations);
    }

    [Fact]
    public void The_first_page_is_erased_when_it_is_written_and_the_vectors_are_swapped()
    {
        var own = FirstPage[..8].ToArray();
        var image = SketchImage.Bytes(Base, 1024, 0x2000_5000);
        _wire.Erase(Base);
        Assert.Equal(0, _wire.Board.Flash.Erases[0]);

        var busy = _wire.Write(Base, image);

        Assert.Equal(1, _wire.Board.Flash.Erases[0]);
        Assert.Equal(TimeSpan.FromMilliseconds(20) + 512 * TimeSpan.FromMicroseconds(52.5), busy);
        Assert.Equal(own, FirstPage[..8].ToArray());
        Assert.Equal(image[..8], FirstPage[0x1C..0x24].ToArray());
        Assert.Equal(image[8..0x1C], FirstPage[8..0x1C].ToArray());
        Assert.Equal(image[0x24..], FirstPage[0x24..].ToArray());
        Assert.Empty(_wire.Board.Violations);
    }

    [Theory]
    [InlineData(46, true)]
    [InlineData(47, false)]
    public void Power_that_fails_while_the_first_page_is_rewritten_costs_the_bootloader(int milliseconds, bool lost)
    {
        _wire.SetAddress(Base);
        _wire.Download(2, SketchImage.Bytes(Base, 1024, 0x2000_5000));
        _wire.GetStatus();
        _wire.Wait(TimeSpan.FromMilliseconds(milliseconds));

        _wire.Board.Unplug();
        _wire.Board.Plug();
        _wire.Wait(TimeSpan.FromSeconds(1));
        _wire.Board.PressReset();
        _wire.Wait(TimeSpan.FromSeconds(1));

        Assert.Equal(lost, _wire.Board.Attached is null);
    }

    [Fact]
    public void With_the_two_words_taken_it_programs_over_the_old_page_and_says_ok()
    {
        var old = FirstPage.ToArray();
        var image = SketchImage.Bytes(Base, 1024, 0x2000_5000);
        image[0x1C] = 1;
        _wire.Erase(Base);

        _wire.Write(Base, image);

        Assert.Equal(0, _wire.Board.Flash.Erases[0]);
        Assert.Equal(old[..8], FirstPage[..8].ToArray()); // not erased and not 0: left as they are
        Assert.Equal([0, 0], FirstPage[0x20..0x22].ToArray()); // 0x0000 always goes through
        Assert.Contains(_wire.Board.Violations, v => v.Text.EndsWith("but the status is OK", StringComparison.Ordinal));
    }

    [Fact]
    public void An_erase_inside_the_first_page_is_not_skipped_and_costs_its_vectors()
    {
        _wire.Command(0x41, Base + 0x200);
        _wire.GetStatus();

        Assert.Equal(1, _wire.Board.Flash.Erases[0]);
        Assert.Contains("the bootloader's vectors", Assert.Single(_wire.Board.Violations).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_own_pages_are_read_only_in_the_map_and_nowhere_else()
    {
        _wire.Command(0x41, H0wch33.OwnPages);
        _wire.GetStatus();

        Assert.Equal(1, _wire.Board.Flash.Erases[50]);
        Assert.Equal(ControlOutcome.Silent, _wire.GetStatus().Outcome);
    }

    [Fact]
    public void An_erase_command_without_an_address_takes_the_one_in_its_buffer()
    {
        _wire.SetAddress(0x0800_0800);

        _wire.Download(0, 0x41);
        _wire.GetStatus();

        Assert.Equal(1, _wire.Board.Flash.Erases[2]);
    }

    [Fact]
    public void The_last_half_word_is_filled_from_the_buffer()
    {
        _wire.Erase(0x0800_0400);
        _wire.Write(0x0800_0400, [1, 2, 3, 4]);
        _wire.Write(0x0800_0500, [5]);

        // The command that set the address stands in the same buffer: its second byte is the lowest of the address.
        Assert.Equal([5, 0x00, 0xFF], _wire.Board.Flash.Read(0x0800_0500, 3).ToArray());
    }

    [Fact]
    public void It_leaves_after_the_status_stage_and_the_sketch_starts()
    {
        var answer = _wire.Leave();

        Assert.Equal((ControlOutcome.Done, DfuState.Manifest), (answer.Outcome, DfuStatus.Read(answer.Data.Span).State));
        _wire.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal("old", _wire.Board.RunningSketch?.Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_bus_reset_starts_the_sketch_once_it_is_configured(bool configured)
    {
        var wire = configured ? _wire : new DfuWire("h0wch33,start=bootloader");

        wire.Board.BusReset();
        wire.Wait(TimeSpan.FromSeconds(1));

        Assert.Equal(configured, wire.Board.RunningSketch is not null);
    }

    [Fact]
    public void Until_it_is_configured_it_knows_no_class_request() =>
        Assert.Equal(ControlOutcome.Stall, new DfuWire("h0wch33,start=bootloader").GetStatus().Outcome);

    [Theory]
    [InlineData(BootCause.Power, true)]
    [InlineData(BootCause.Software, true)]
    [InlineData(BootCause.Flag, true)]
    [InlineData(BootCause.ResetButton, false)]
    public void Only_the_button_leads_into_dfu_mode(BootCause cause, bool sketch)
    {
        _wire.Board.Reset("test", cause);
        _wire.Wait(TimeSpan.FromSeconds(1));

        Assert.Equal(sketch, _wire.Board.RunningSketch is not null);
    }

    [Theory]
    [InlineData(0x2000_0000, true)]
    [InlineData(0x2001_8000, true)]
    [InlineData(0x2001_8004, false)]
    [InlineData(0x1FFF_FFFC, false)]
    public void A_stack_beyond_96_KiB_of_ram_is_no_sketch_to_it(uint stack, bool starts)
    {
        _wire.Board.Flash.Preload(Base + H0wch33.SketchVectors, BitConverter.GetBytes(stack));

        _wire.Leave();
        _wire.Wait(TimeSpan.FromMinutes(1));

        Assert.Equal(starts, _wire.Board.Function is not H0wch33);
    }

    [Fact]
    public void Boot0_leads_to_a_rom_without_usb() =>
        Assert.Contains("has no USB", Assert.Throws<FormatException>(() => new DfuWire("h0wch33,boot0=1")).Message, StringComparison.Ordinal);
}
