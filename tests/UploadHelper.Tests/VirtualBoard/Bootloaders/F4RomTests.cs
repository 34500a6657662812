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

        Assert.Equal(TimeSpan.FromMilliseconds(4 * 400 + 1200 + 7 * 2000), busy);
        Assert.All(wire.Board.Flash.Erases, erases => Assert.Equal(1, erases));
    }

    // DS8626, table 40, and DS10916: typical times in ms of the first sector, the fifth and the last, and us for a block of 2 KiB; by voltage range.
    [Theory]
    [InlineData("f4rom", 0, 400, 1200, 2000, 2048 * 16)]
    [InlineData("f4rom", 1, 300, 700, 1300, 1024 * 16)]
    [InlineData("f4rom", 2, 300, 700, 1300, 1024 * 16)]
    [InlineData("f4rom", 3, 250, 550, 1000, 512 * 16)]
    [InlineData("f7rom", 0, 400, 1100, 2100, 2048 * 16)]
    [InlineData("f7rom", 2, 250, 800, 1500, 1024 * 16)]
    [InlineData("f7rom", 3, 200, 500, 1000, 512 * 16)]
    public void The_voltage_range_decides_how_long_it_erases_and_programs(string name, byte range, int first, int fifth, int last, int block)
    {
        var wire = new DfuWire($"{name},start=bootloader").Idle();
        if (range > 0)
        {
            SetRange(wire, range, 0xFF, 0xFF, 0xFF);
        }

        var sectors = wire.Board.Flash.Part.Sectors;
        foreach (var (index, expected) in new[] { (0, first), (4, fifth), (sectors.Count - 1, last) })
        {
            wire.Download(0, [0x41, .. BitConverter.GetBytes(sectors[index].Address)]);
            Assert.Equal(TimeSpan.FromMilliseconds(expected), BusyAltogether(wire));
        }

        wire.SetAddress(sectors[0].Address);
        wire.Download(2, new byte[2048]);
        Assert.Equal(TimeSpan.FromMicroseconds(block), BusyAltogether(wire));
        Assert.Equal(range, ((F4Rom)wire.Board.Function!).VoltageRange);
    }

    // AN2606, table 4.
    [Theory]
    [InlineData(5, 0xFF, 0xFF, 0xFF)]
    [InlineData(3, 0, 0xFF, 0xFF)]
    [InlineData(3, 0xFF, 0xFF, 0xFE)]
    public void A_voltage_range_that_it_does_not_know_and_reserved_bytes_are_refused(byte range, byte second, byte third, byte fourth)
    {
        var wire = new DfuWire("f4rom,start=bootloader").Idle();

        SetRange(wire, range, second, third, fourth);

        Assert.Equal(DfuState.Error, wire.State);
        Assert.Equal(0, ((F4Rom)wire.Board.Function!).VoltageRange);
    }

    [Fact]
    public void Double_words_need_another_supply_that_no_board_has()
    {
        var wire = new DfuWire("f4rom,start=bootloader").Idle();

        SetRange(wire, 4, 0xFF, 0xFF, 0xFF);

        Assert.Single(wire.Board.Violations);
    }

    [Fact]
    public void A_reset_makes_it_forget_the_voltage_range_and_a_bootloader_in_flash_programs_words()
    {
        var wire = new DfuWire("f4boot,boot0=1").Idle();
        Assert.Equal(1, wire.Board.Flash.Times.Width);
        SetRange(wire, 3, 0xFF, 0xFF, 0xFF);
        Assert.Equal(4, wire.Board.Flash.Times.Width);

        wire.Board.PressReset();
        wire.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal(1, wire.Board.Flash.Times.Width);

        var own = new DfuWire("f4boot,start=bootloader");
        Assert.Equal(4, own.Board.Flash.Times.Width);
    }

    private static void SetRange(DfuWire wire, params byte[] setting)
    {
        wire.SetAddress(0xFFFF_0000);
        wire.Download(2, setting);
        wire.Status();
        wire.Status();
    }

    // The first GETSTATUS waits for the end on an F4, the second on an F7.
    private static TimeSpan BusyAltogether(DfuWire wire)
    {
        var (first, second) = (wire.Status(), wire.Status());
        Assert.Equal((DfuState.DownloadBusy, DfuState.DownloadIdle), (first.Status.State, second.Status.State));
        return first.Busy + second.Busy;
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
