using UploadHelper.VirtualBoard.Bootloaders;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>The ROM of an STM32F405/407 on the wire.</summary>
public class F4RomTests
{
    [Fact]
    public void It_powers_up_in_error()
    {
        var wire = new DfuWire("f4rom,start=bootloader");

        var status = wire.Status().Status;

        Assert.Equal((DfuState.Error, DfuStatusCode.ErrFirmware), (status.State, status.Code));
        wire.Send(DfuRequest.ClearStatus);
        Assert.Equal(DfuState.Idle, wire.State);
    }

    [Theory]
    [InlineData("f4boot")]
    [InlineData("f4boot-old")]
    [InlineData("f4rom")]
    public void With_boot0_high_it_starts_whatever_is_in_flash(string name)
    {
        var wire = new DfuWire($"{name},boot0=1");
        Assert.IsType<F4Rom>(wire.Board.Function, exactMatch: true);

        wire.Board.PressReset();
        wire.Wait(TimeSpan.FromSeconds(1));
        Assert.IsType<F4Rom>(wire.Board.Function, exactMatch: true);
    }

    [Fact]
    public void Without_a_program_in_flash_and_with_boot0_low_nothing_comes_onto_the_bus()
    {
        var wire = new DfuWire("f4rom,start=empty");

        wire.Board.PressReset();
        wire.Wait(TimeSpan.FromMinutes(1));

        Assert.Null(wire.Board.Attached);
        Assert.Null(wire.Board.RunningSketch);
    }

    [Fact]
    public void It_erases_everything_if_it_is_told_to()
    {
        var wire = new DfuWire("f4rom,start=bootloader").Idle();

        wire.Download(0, 0x41);
        var busy = wire.Status().Busy;

        Assert.Equal(TimeSpan.FromMilliseconds(4 * 250 + 550 + 7 * 1000), busy);
        Assert.All(wire.Board.Flash.Erases, erases => Assert.Equal(1, erases));
    }

    [Fact]
    public void It_jumps_to_the_pointer_and_resets_if_there_is_no_program()
    {
        var wire = new DfuWire("f4rom,start=bootloader").Idle();
        wire.SetAddress(0x0804_0000);
        Assert.Equal(DfuState.Manifest, DfuStatus.Read(wire.Leave().Data.Span).State);
        wire.Wait(TimeSpan.FromSeconds(1));
        Assert.IsType<F4Rom>(wire.Board.Function, exactMatch: true);

        wire.Idle();
        wire.SetAddress(0x0800_0000);
        wire.Leave();
        wire.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal("old", wire.Board.RunningSketch?.Name);
    }
}
