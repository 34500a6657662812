using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>The ROM of an STM32L496 on the wire.</summary>
public class L4RomTests
{
    private const uint Base = 0x0800_0000;
    private readonly DfuWire _wire = new DfuWire("l496,start=bootloader", L4Rom.TransferSize).Idle();

    [Theory]
    [InlineData(14, 20, false)]
    [InlineData(14, 22, true)]
    [InlineData(15, 22, false)] // one of the slower pages, asked again a millisecond after the time that it named
    [InlineData(15, 25, true)]
    public void It_refuses_everything_while_it_erases_which_may_take_longer_than_it_asks_for(int page, double milliseconds, bool answers)
    {
        _wire.Command(0x41, Base + (uint)page * 0x800);
        var busy = _wire.Status();
        Assert.Equal((DfuState.DownloadBusy, TimeSpan.FromMilliseconds(21), TimeSpan.Zero), (busy.Status.State, busy.Status.PollTimeout, busy.Busy));

        _wire.Wait(TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(answers ? ControlOutcome.Done : ControlOutcome.Stall, _wire.GetStatus().Outcome);

        _wire.Wait(TimeSpan.FromMilliseconds(30));
        Assert.Equal(DfuState.DownloadIdle, _wire.State);
        Assert.Equal(1, _wire.Board.Flash.Erases[page]);
        Assert.Empty(_wire.Board.Violations);
    }

    [Fact]
    public void A_double_word_that_is_not_erased_is_refused_and_those_before_it_are_written()
    {
        _wire.Write(Base + 0x1008, [1, 2, 3, 4, 5, 6, 7, 8]);
        _wire.SetAddress(Base + 0x1000);
        _wire.Download(2, SketchImage.Noise(1, 32));
        _wire.Status();

        var status = _wire.Status().Status;
        Assert.Equal((DfuState.Error, DfuStatusCode.ErrWrite), (status.State, status.Code));
        Assert.Equal(SketchImage.Noise(1, 32)[..8], _wire.Board.Flash.Read(Base + 0x1000, 8).ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], _wire.Board.Flash.Read(Base + 0x1008, 8).ToArray());
        Assert.True(_wire.Board.Flash.IsErased(Base + 0x1010, 16));
    }

    [Fact]
    public void The_last_double_word_of_a_block_is_filled_with_what_stands_in_the_buffer()
    {
        _wire.Write(Base + 0x1000, [1, 2, 3, 4, 5, 6, 7, 8]);
        _wire.Write(Base + 0x2000, [9]);

        // Of the command that set the address, and of the block before.
        Assert.Equal([9, 0x00, 0x20, 0x00, 0x08, 6, 7, 8], _wire.Board.Flash.Read(Base + 0x2000, 8).ToArray());
        Assert.Single(_wire.Board.Violations);
    }

    [Fact]
    public void Its_serial_number_is_another_one_after_each_power_up()
    {
        var before = _wire.Board.Function!.Identity.SerialNumber;

        _wire.Board.Reset("BOOT0", BootCause.ByHand);
        _wire.Wait(TimeSpan.FromSeconds(1));

        Assert.NotEqual(before, _wire.Board.Function!.Identity.SerialNumber);
    }

    [Fact]
    public void It_leaves_after_the_status_stage()
    {
        _wire.SetAddress(Base);

        Assert.Equal(DfuState.Manifest, DfuStatus.Read(_wire.Leave().Data.Span).State);
        _wire.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal("old", _wire.Board.RunningSketch?.Name);
    }
}
