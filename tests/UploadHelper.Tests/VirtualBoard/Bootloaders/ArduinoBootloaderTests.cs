using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>Arduino's bootloader on a Portenta H7 on the wire: arduino/mcuboot-arduino-stm32h7.</summary>
public class ArduinoBootloaderTests
{
    private const uint Qspi = ArduinoBootloader.QspiBase;
    private readonly DfuWire _wire = new("h747,boot=arduino,start=bootloader", ArduinoBootloader.TransferSize);

    [Theory]
    [InlineData(0x0804_0000, 32)]
    [InlineData(0x0804_0000, 4_096)]
    [InlineData(Qspi, 4_096)]
    [InlineData(Qspi + 0xFF_F000, 4_096)]
    public void Each_address_goes_to_its_memory(uint address, int size)
    {
        var data = SketchImage.Noise(size, size);

        _wire.Erase(address);
        _wire.Write(address, data);

        Assert.Equal(data, _wire.Read(address, size));
        Assert.Equal(data, (address >= Qspi ? _wire.Board.SpiFlash! : _wire.Board.Flash).Read(address, size).ToArray());
        Assert.Empty(_wire.Board.Violations);
    }

    [Fact]
    public void A_short_block_for_the_qspi_is_followed_by_what_earlier_ones_left()
    {
        var first = SketchImage.Noise(1, 4_096);
        _wire.Write(Qspi, first);

        _wire.Write(Qspi + 0x1000, [9, 9, 9, 9, 9, 9]);

        // The last command with an address stands before it in the buffer; the block covers it.
        Assert.Equal(first[6..], _wire.Board.SpiFlash!.Read(Qspi + 0x1006, 4_090).ToArray());
        Assert.Single(_wire.Board.Violations);
    }

    [Theory]
    [InlineData(0x0804_0100)]
    [InlineData(0x0820_0000)]
    [InlineData(Qspi + 0x100)]
    [InlineData(Qspi + 0x100_0000)]
    [InlineData(0xA000_0000)]
    public void An_erase_that_fails_stays_busy(uint address)
    {
        _wire.Command(0x41, address);

        Assert.Equal(DfuState.DownloadBusy, _wire.State);
        Assert.Equal(DfuState.DownloadBusy, _wire.State);
        Assert.Equal(0, _wire.Board.SectorsErased);
        Assert.NotEmpty(_wire.Board.Violations);
    }

    [Fact]
    public void Behind_the_qspi_it_reads_its_buffer_and_behind_the_flash_it_hangs()
    {
        Assert.Equal(4_096, _wire.Read(Qspi + 0x100_0000, 4_096).Length);
        _wire.SetAddress(0x0820_0000);
        _wire.Send(DfuRequest.Abort);

        Assert.Equal(ControlOutcome.Silent, _wire.Upload(2, 32).Outcome);
    }

    [Fact]
    public void Nothing_protects_the_bootloader_from_its_own_erase()
    {
        _wire.Command(0x41, 0x0800_0000);
        _wire.GetStatus();

        Assert.Equal(ControlOutcome.Silent, _wire.GetStatus().Outcome);
        Assert.NotEmpty(_wire.Board.Violations);
    }

    [Fact]
    public void It_leaves_200_ms_later_and_starts_the_sketch()
    {
        Assert.Equal(ControlOutcome.Done, _wire.Leave().Outcome);

        _wire.Wait(TimeSpan.FromMilliseconds(199));
        Assert.Equal(DfuState.ManifestWaitReset, _wire.State);
        _wire.Wait(TimeSpan.FromMilliseconds(1));
        Assert.Null(_wire.Board.Attached);
        _wire.Wait(TimeSpan.FromSeconds(1));

        Assert.Equal(("old", ArduinoBootloader.SketchAddress), (_wire.Board.RunningSketch!.Name, _wire.Board.RunningSketch.Address));
    }

    // valid_application().
    [Theory]
    [InlineData(0x2002_0000, true)]
    [InlineData(0x2408_0000, true)]
    [InlineData(0x3000_8000, true)]
    [InlineData(0x1000_8000, false)]
    [InlineData(0xFFFF_FFFF, false)]
    public void It_starts_what_has_its_stack_in_ram(uint stack, bool starts)
    {
        _wire.Board.Flash.Preload(ArduinoBootloader.SketchAddress, BitConverter.GetBytes(stack));

        _wire.Board.PressReset();
        _wire.Wait(TimeSpan.FromSeconds(2));

        Assert.Equal(starts, _wire.Board.RunningSketch is not null);
        _wire.Board.Reset("pressed twice", BootCause.ByHand);
        _wire.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal(DfuState.Idle, _wire.State);
    }
}
