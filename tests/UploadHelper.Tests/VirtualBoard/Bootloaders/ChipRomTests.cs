using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>The ROMs of other chips on the wire: what sets each apart.</summary>
public class ChipRomTests
{
    private const uint Base = 0x0800_0000;

    [Theory]
    [InlineData("f072-rom", DfuState.Error, 2048)]
    [InlineData("f072-rom,chip=l083", DfuState.Error, 2048)]
    [InlineData("g431-rom", DfuState.Idle, 1024)]
    [InlineData("g431-rom,chip=c562", DfuState.Idle, 1024)]
    [InlineData("gd32vf103", DfuState.Error, 2048)]
    [InlineData("at32f415", DfuState.Idle, 2048)]
    public void It_powers_up_in_its_state_and_takes_blocks_of_its_size(string board, DfuState state, int block)
    {
        var wire = new DfuWire($"{board},start=bootloader", block);
        Assert.Equal(state, wire.State);
        wire.Idle();
        wire.SetAddress(Base);

        Assert.Equal(ControlOutcome.Stall, wire.Download(2, new byte[block + 1]).Outcome);
        Assert.Equal(ControlOutcome.Done, wire.Download(2, new byte[block]).Outcome);
    }

    [Fact]
    public void An_F072_refuses_everything_while_it_writes_but_not_while_it_erases()
    {
        var wire = new DfuWire("f072-rom,start=bootloader", 2048).Idle();
        Assert.Equal(20, wire.Erase(Base + 0x1000).TotalMilliseconds);
        wire.SetAddress(Base + 0x1000);
        wire.Download(2, SketchImage.Noise(1, 512));

        var (status, busy) = wire.Status();

        Assert.Equal((DfuState.DownloadBusy, 60, TimeSpan.Zero), (status.State, status.PollTimeout.TotalMilliseconds, busy));
        Assert.Equal(ControlOutcome.Stall, wire.GetStatus().Outcome);
        wire.Wait(status.PollTimeout);
        Assert.Equal(DfuState.DownloadIdle, wire.State);
        Assert.Equal(SketchImage.Noise(1, 512), wire.Read(Base + 0x1000, 512));
    }

    [Fact]
    public void The_flash_of_an_L083_erases_to_0_and_programming_sets_bits()
    {
        var wire = new DfuWire("f072-rom,chip=l083,start=bootloader", 2048).Idle();
        wire.Erase(Base);
        Assert.Equal(new byte[128], wire.Read(Base, 128));

        wire.Write(Base, [0x0F, 0x00, 0xFF, 0x00]);
        wire.Write(Base, [0xF0, 0x00, 0x00, 0x00]);

        // A word that is not erased is left alone, and nothing is reported.
        Assert.Equal([0x0F, 0x00, 0xFF, 0x00], wire.Read(Base, 4));
        Assert.Equal(1, wire.Board.Flash.Erases[0]);
    }

    [Fact]
    public void A_C562_stalls_a_Clrstatus_outside_an_error_and_never_answers_for_its_functional_descriptor()
    {
        var wire = new DfuWire("g431-rom,chip=c562,start=bootloader");

        Assert.Equal(ControlOutcome.Stall, wire.Send(DfuRequest.ClearStatus).Outcome);
        Assert.Equal(DfuState.Idle, wire.State);
        Assert.Equal(ControlOutcome.Silent, wire.Board.Control(new UsbSetup(0x80, 6, 0x2100, 0, 9), []).Outcome);

        wire.Write(Base + 0x2000, new byte[12]);
        Assert.Contains(wire.Board.Violations, v => v.Text.Contains("not a multiple of 16", StringComparison.Ordinal));
    }

    [Fact]
    public void An_H563_vanishes_when_it_is_told_to_leave()
    {
        var wire = new DfuWire("g431-rom,chip=h563,start=bootloader");
        wire.SetAddress(Base);

        Assert.Equal(ControlOutcome.Gone, wire.Leave().Outcome);

        wire.Wait(TimeSpan.FromSeconds(30));
        Assert.Null(wire.Board.Attached);
        Assert.Null(wire.Board.RunningSketch);
    }

    [Theory]
    [InlineData("gd32vf103", "GD32 0x418 DFU Bootloade", 0x1000)]
    [InlineData("gd32vf103,rom=0100", "GD32 USB DFU in FS Mode", 0x0100)]
    public void A_GD32VF103_sends_its_serial_number_in_single_bytes(string board, string product, int release)
    {
        var identity = new DfuWire($"{board},start=bootloader").Board.Function!.Identity;

        Assert.Equal([6, 3, 0x33, 0x43, 0x42, 0x4A], identity.StringDescriptor(3)!);
        Assert.Equal((product, release), (identity.Strings[1], identity.Release));
    }

    [Fact]
    public void A_GD32VF103_leaves_on_the_download_without_data()
    {
        var wire = new DfuWire("gd32vf103,start=bootloader", 2048).Idle();
        wire.SetAddress(Base);

        Assert.Equal(ControlOutcome.Gone, wire.Download(2).Outcome);

        wire.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal("old", wire.Board.RunningSketch?.Name);
    }

    [Theory]
    [InlineData(0x0000)]
    [InlineData(0xFFFF)]
    public void A_GD32VF103_without_an_instruction_comes_back(int first)
    {
        var wire = new DfuWire("gd32vf103,start=empty", 2048).Idle();
        if (first == 0)
        {
            wire.Write(Base, [0, 0]);
        }

        wire.SetAddress(Base);
        wire.Download(2);

        wire.Wait(TimeSpan.FromSeconds(2));
        Assert.Null(wire.Board.RunningSketch);
        Assert.Equal(DfuState.Error, wire.State);
    }

    [Theory]
    [InlineData("at32f415", DfuState.DownloadIdle)]
    [InlineData("f072-rom,chip=apm32", DfuState.DownloadBusy)]
    public void An_AT32_does_not_say_that_it_is_busy_when_it_removes_the_protection(string board, DfuState state)
    {
        var wire = new DfuWire($"{board},start=bootloader,rdp=1", 2048).Idle();
        wire.Download(0, 0x92);

        Assert.Equal((state, DfuStatusCode.Ok), (DfuStatus.Read(wire.GetStatus().Data.Span).State, DfuStatus.Read(wire.GetStatus().Data.Span).Code));

        wire.Wait(TimeSpan.FromSeconds(30));
        Assert.False(wire.Board.Flash.IsReadProtected);
        Assert.All(wire.Board.Flash.Bytes.ToArray(), b => Assert.Equal(0xFF, b));
        Assert.Contains(wire.Log, e => e.Text.Contains("the option bytes are loaded", StringComparison.Ordinal));
    }

    [Fact]
    public void An_AT32F437_writes_where_its_map_says_that_it_is_read_only()
    {
        var wire = new DfuWire("at32f415,chip=f437,start=bootloader", 2048);
        Assert.Contains("@Internal Flash   /0x08000000/08*04Ka,1000*04Kg", wire.Board.Function!.Identity.Strings);

        wire.Erase(Base);
        wire.Write(Base, SketchImage.Noise(1, 64));

        Assert.Equal(SketchImage.Noise(1, 64), wire.Read(Base, 64));
        Assert.Empty(wire.Board.Violations);
    }
}
