using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>What all bootloaders on the DFU class of ST's middleware have in common (usbd_dfu.c).</summary>
public class MiddlewareTests
{
    [Fact]
    public void An_operation_runs_inside_the_status_request_that_says_busy()
    {
        var wire = new DfuWire("f4boot,start=bootloader");

        wire.Command(0x41, 0x0800_4000);
        Assert.Equal(0, wire.Board.Flash.Erases.Sum());
        var (first, busy) = wire.Status();
        var (second, after) = wire.Status();

        Assert.Equal((DfuState.DownloadBusy, TimeSpan.FromMilliseconds(50)), (first.State, first.PollTimeout));
        Assert.Equal(TimeSpan.FromMilliseconds(250), busy);
        Assert.Equal(DfuState.DownloadIdle, second.State);
        Assert.Equal(1, wire.Board.Flash.Erases[1]);
        Assert.InRange(after, TimeSpan.Zero, busy);
    }

    [Theory]
    [InlineData("f4boot", 50, 50)]
    [InlineData("f4rom", 104, 100)]
    [InlineData("l496", 21, 21)]
    [InlineData("h747", 50, 50)]
    public void Poll_timeouts_are_the_devices_own(string name, int setAddress, int erase)
    {
        var wire = new DfuWire($"{name},start=bootloader").Idle();

        wire.Command(0x21, 0x0801_0000);
        Assert.Equal(setAddress, wire.Status().Status.PollTimeout.TotalMilliseconds);
        wire.Status();
        wire.Command(0x41, 0x0801_0000);
        Assert.Equal(erase, wire.Status().Status.PollTimeout.TotalMilliseconds);
    }

    [Theory]
    [InlineData("f4boot")]
    [InlineData("f4rom")]
    [InlineData("dsonano")]
    [InlineData("l496")]
    [InlineData("h747")]
    public void Clrstatus_outside_an_error_makes_one(string name)
    {
        var wire = new DfuWire($"{name},start=bootloader").Idle();

        wire.Send(DfuRequest.ClearStatus);

        var status = wire.Status().Status;
        Assert.Equal((DfuState.Error, DfuStatusCode.ErrUnknown), (status.State, status.Code));
        Assert.Single(wire.Board.Violations);
    }

    [Fact]
    public void Erasing_moves_the_pointer()
    {
        var wire = new DfuWire("f4boot,start=bootloader");

        wire.Erase(0x0800_8000);

        Assert.Equal(0x0800_8000u, Assert.IsType<F4Bootloader>(wire.Board.Function, exactMatch: true).Pointer);
    }

    [Fact]
    public void Block_1_is_reserved_written_it_does_nothing()
    {
        var wire = new DfuWire("f4boot,start=bootloader");
        var before = wire.Board.Flash.Bytes.ToArray();

        Assert.Equal(ControlOutcome.Done, wire.Download(1, 0x00).Outcome);
        wire.Status();

        Assert.Equal(DfuState.DownloadIdle, wire.State);
        Assert.Equal(before, wire.Board.Flash.Bytes.ToArray());
    }

    [Fact]
    public void Block_1_is_reserved_read_it_stalls_and_leaves_a_state_that_only_clrstatus_ends()
    {
        var wire = new DfuWire("f4boot,start=bootloader");

        Assert.Equal(ControlOutcome.Stall, wire.Upload(1).Outcome);

        Assert.Equal(15, (int)wire.State);
        wire.Send(DfuRequest.Abort);
        Assert.Equal(15, (int)wire.State);
        wire.Send(DfuRequest.ClearStatus);
        wire.Send(DfuRequest.ClearStatus);
        Assert.Equal(DfuState.Idle, wire.State);
    }

    [Fact]
    public void A_request_in_the_wrong_state_stalls_and_changes_nothing()
    {
        var wire = new DfuWire("f4boot,start=bootloader");
        wire.SetAddress(0x0800_4000);

        Assert.Equal(ControlOutcome.Stall, wire.Upload(2).Outcome);

        var status = wire.Status().Status;
        Assert.Equal((DfuState.DownloadIdle, DfuStatusCode.Ok), (status.State, status.Code));
        Assert.Single(wire.Board.Violations);
    }

    [Theory]
    [InlineData("f4boot", 0x0810_0000)]
    [InlineData("f4rom", 0x0810_0000)]
    [InlineData("f4rom", 0x1FFF_C010)] // behind the option bytes
    [InlineData("dsonano", 0x0802_0000)]
    [InlineData("l496", 0x0810_0000)]
    [InlineData("h747", 0x0820_0000)]
    public void Reading_past_the_end_hangs(string name, uint end)
    {
        var wire = new DfuWire($"{name},start=bootloader").Idle();
        wire.SetAddress(end);
        wire.Send(DfuRequest.Abort);

        Assert.Equal(ControlOutcome.Silent, wire.Upload(2).Outcome);
        Assert.Equal(ControlOutcome.Silent, wire.GetStatus().Outcome);

        wire.Board.Reset("by hand", BootCause.ByHand);
        wire.Wait(TimeSpan.FromSeconds(5));
        wire.Idle();
    }
}
