using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>The ROMs of an STM32H747 on the wire.</summary>
public class H7RomTests
{
    private const uint Base = 0x0800_0000;
    private static readonly TimeSpan Erase = TimeSpan.FromMilliseconds(1100);

    [Theory]
    [InlineData("9.0", Base, true)]
    [InlineData("9.0", H7Rom.Bank2, false)]
    [InlineData("9.1", Base + 0xE_0000, true)]
    [InlineData("9.1", H7Rom.Bank2, false)]
    [InlineData("9.1", Base + 0x1E_0000, false)]
    [InlineData("9.2", H7Rom.Bank2, true)]
    public void Older_roms_erase_in_the_second_bank_and_stay_busy_for_ever(string version, uint address, bool ends)
    {
        var wire = new DfuWire($"h747,rom={version},start=bootloader");
        wire.Command(0x41, address);

        Assert.Equal(ends ? Erase : TimeSpan.Zero, wire.Status().Busy);
        wire.Wait(TimeSpan.FromSeconds(0.5));
        Assert.Equal(ends ? DfuState.DownloadIdle : DfuState.DownloadBusy, wire.State);
        wire.Wait(TimeSpan.FromSeconds(0.5));

        Assert.Equal(ends ? DfuState.DownloadIdle : DfuState.DownloadBusy, wire.State);
        Assert.Equal(1, wire.Board.Flash.Erases[(int)((address - Base) / 0x2_0000)]);
    }

    [Fact]
    public void Clrstatus_twice_ends_it_and_reading_waits_until_the_bank_is_erased()
    {
        var wire = new DfuWire("h747,rom=9.1,start=bootloader");
        wire.Command(0x41, H7Rom.Bank2);
        wire.Status();

        wire.Send(DfuRequest.ClearStatus);
        wire.Send(DfuRequest.ClearStatus);
        Assert.Equal(DfuState.Idle, wire.State);
        wire.SetAddress(H7Rom.Bank2);
        wire.Send(DfuRequest.Abort);

        Assert.InRange(wire.Upload(2).Busy, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.2));
        Assert.Empty(wire.Board.Violations);
    }

    [Theory]
    [InlineData("9.0", null)]
    [InlineData("9.1", "old")]
    [InlineData("9.2", "old")]
    public void It_leaves_before_the_status_stage_and_v9_0_starts_nothing(string version, string? sketch)
    {
        var wire = new DfuWire($"h747,rom={version},start=bootloader");
        wire.SetAddress(Base);

        Assert.Equal(ControlOutcome.Gone, wire.Leave().Outcome);
        wire.Wait(TimeSpan.FromMinutes(1));

        Assert.Equal(sketch, wire.Board.RunningSketch?.Name);
        Assert.Equal(sketch is null, wire.Board.Attached is null);
        wire.Board.PressReset();
        wire.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal("old", wire.Board.RunningSketch?.Name);
    }

    [Fact]
    public void The_last_flash_word_of_a_block_is_filled_with_what_stands_in_the_buffer()
    {
        var wire = new DfuWire("h747,start=bootloader");
        wire.Write(Base + 0x2_0000, SketchImage.Noise(1, 32));
        wire.Write(Base + 0x4_0000, [9, 9, 9, 9, 9, 9]);

        Assert.Equal(SketchImage.Noise(1, 32)[6..], wire.Board.Flash.Read(Base + 0x4_0006, 26).ToArray());
        Assert.Single(wire.Board.Violations);
    }

    [Fact]
    public void A_flash_word_that_is_programmed_twice_cannot_be_read_until_it_is_erased()
    {
        var wire = new DfuWire("h747,start=bootloader");
        wire.Write(Base + 0x2_0000, SketchImage.Noise(1, 64));
        wire.Write(Base + 0x2_0020, SketchImage.Noise(2, 32));

        Assert.Equal(SketchImage.Noise(1, 32), wire.Read(Base + 0x2_0000, 32));
        wire.SetAddress(Base + 0x2_0000);
        wire.Send(DfuRequest.Abort);
        Assert.Equal(ControlOutcome.Silent, wire.Upload(2, 64).Outcome);

        wire.Board.Reset("BOOT0", BootCause.ByHand);
        wire.Wait(TimeSpan.FromSeconds(1));
        wire.Erase(Base + 0x2_0000);
        Assert.All(wire.Read(Base + 0x2_0000, 64), b => Assert.Equal(0xFF, b));
    }

    [Theory]
    [InlineData(0x2000_0000)]
    [InlineData(0x2400_0000)]
    [InlineData(0x0800_0010)] // inside a flash word
    public void What_is_no_flash_word_is_refused(uint address)
    {
        var wire = new DfuWire("h747,start=bootloader");
        wire.SetAddress(address);
        wire.Download(2, new byte[32]);
        wire.Status();

        Assert.Equal((DfuState.Error, DfuStatusCode.ErrTarget), (wire.Status().Status.State, wire.Status().Status.Code));
    }
}
