using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>The bootloader of a DSO Nano on the wire, wrong behaviours included. Source: <see cref="DsoNano"/> names it.</summary>
public class DsoNanoTests
{
    private const uint Library = 0x0800_4000;
    private readonly DfuWire _wire = new DfuWire("dsonano,start=bootloader").Idle();

    [Fact]
    public void It_powers_up_in_error_with_the_pointer_at_the_library()
    {
        var wire = new DfuWire("dsonano,start=bootloader");

        Assert.Equal((DfuState.Error, DfuStatusCode.ErrFirmware), (wire.Status().Status.State, wire.Status().Status.Code));
        Assert.Equal(Library, Assert.IsType<DsoNano>(wire.Board.Function, exactMatch: true).Pointer);
    }

    [Fact]
    public void An_operation_runs_behind_the_status_request_that_says_busy()
    {
        _wire.Command(0x41, Library);

        var answer = _wire.GetStatus();

        Assert.Equal((TimeSpan.Zero, TimeSpan.FromMilliseconds(20)), (answer.Busy, answer.BusyAfter));
        Assert.Equal(DfuState.DownloadIdle, _wire.State);
    }

    [Fact]
    public void Poll_timeouts_go_by_the_length_of_a_block_and_by_the_pointer_before_an_erase()
    {
        Assert.Equal(32, Poll(() => _wire.Command(0x41, 0x0000_0000)));
        Assert.Equal(1500, Poll(() => _wire.Command(0x41, 0x0001_0000)));
        Assert.Equal(1500, Poll(() => _wire.Command(0x41, Library)));
        Assert.Equal(0, Poll(() => _wire.Command(0x21, Library)));
        Assert.Equal(80, Poll(() => _wire.Download(2, new byte[1024])));
        Assert.Equal(20, Poll(() => _wire.Download(2, new byte[300])));
    }

    [Fact]
    public void The_memory_is_told_by_the_address_whatever_the_alternate_setting()
    {
        var data = SketchImage.Noise(1, 1024);
        _wire.Erase(0x0002_0000);
        _wire.Write(0x0002_0000, data);

        Assert.Equal(data, _wire.Board.SpiFlash!.Read(0x0002_0000, 1024).ToArray());
        Assert.Equal(data, _wire.Read(0x0002_0000, 1024));
        Assert.Equal(1, _wire.Board.SpiFlash.Erases[2]);
        Assert.Equal(0, _wire.Board.Flash.Erases.Sum());
    }

    [Fact]
    public void A_short_block_is_filled_to_a_word_or_to_a_page_of_the_spi_flash()
    {
        _wire.Erase(Library);
        _wire.Write(Library, [1, 2, 3, 4, 5]);
        _wire.Erase(0x0000_0000);
        _wire.Write(0x0000_0000, new byte[257]);

        Assert.Equal([1, 2, 3, 4, 5, 0xFF, 0xFF, 0xFF], _wire.Board.Flash.Read(Library, 8).ToArray());
        Assert.Equal(512, _wire.Board.SpiFlash!.BytesProgrammed);
        Assert.Empty(_wire.Board.Violations);
    }

    [Fact]
    public void A_block_that_begins_inside_a_page_of_the_spi_flash_wraps_around_in_it()
    {
        _wire.Erase(0x0000_0000);
        _wire.Write(0x0000_00F0, [.. Enumerable.Range(1, 32).Select(i => (byte)i)]);

        var page = _wire.Board.SpiFlash!.Read(0, 512);
        Assert.Equal((16, 17, 0xFF), (page[0xFF], page[0x00], page[0x100]));
        Assert.Single(_wire.Board.Violations);
    }

    [Fact]
    public void After_one_failure_the_internal_flash_is_left_alone_and_every_status_says_ok()
    {
        _wire.Erase(Library);
        _wire.Write(Library, [1, 2, 3, 4]);
        _wire.Write(Library, [5, 6, 7, 8]);

        _wire.Erase(0x0800_8000);
        _wire.Write(0x0800_8000, [9, 9]);

        Assert.Equal(0, _wire.Board.Flash.Erases[32]);
        Assert.Equal([1, 2, 3, 4], _wire.Board.Flash.Read(Library, 4).ToArray());
        Assert.True(_wire.Board.Flash.IsErased(0x0800_8000, 2));
        _wire.Board.Reset("a button is held", BootCause.ByHand);
        _wire.Wait(TimeSpan.FromSeconds(1));
        _wire.Idle();
        _wire.Erase(0x0800_8000);
        Assert.Equal(1, _wire.Board.Flash.Erases[32]);
    }

    [Fact]
    public void It_lies_up_to_the_library_though_the_map_says_up_to_12_KiB()
    {
        _wire.Command(0x41, 0x0800_3C00);
        _wire.GetStatus();

        Assert.Equal(1, _wire.Board.Flash.Erases[15]);
        Assert.Equal(ControlOutcome.Silent, _wire.GetStatus().Outcome);
    }

    [Fact]
    public void Reading_past_the_end_hangs_it_and_wraps_around_in_the_spi_flash()
    {
        _wire.Board.SpiFlash!.Preload(0, [0xA5]);
        Assert.Equal([0xFF, 0xA5], _wire.Read(0x007F_FFFF, 2));
        _wire.SetAddress(0x0802_0000);
        _wire.Send(DfuRequest.Abort);

        Assert.Equal(ControlOutcome.Silent, _wire.Upload(2).Outcome);
    }

    [Fact]
    public void Detach_is_unknown_and_a_longer_block_overruns_its_buffer()
    {
        Assert.Equal(ControlOutcome.Stall, _wire.Send(DfuRequest.Detach).Outcome);
        _wire.Download(2, new byte[1025]);
        Assert.Equal(ControlOutcome.Silent, _wire.GetStatus().Outcome);
    }

    [Theory]
    [InlineData(0x2000_5000, true)]
    [InlineData(0x2000_FFFC, true)]
    [InlineData(0x2001_0000, false)]
    [InlineData(0x2800_0000, false)]
    public void It_leaves_after_the_status_stage_and_starts_a_library_whose_stack_it_knows(uint stack, bool starts)
    {
        _wire.Board.Flash.Preload(Library, BitConverter.GetBytes(stack));

        Assert.Equal(DfuState.Manifest, DfuStatus.Read(_wire.Leave().Data.Span).State);
        _wire.Wait(TimeSpan.FromMinutes(1));

        Assert.Equal(starts, _wire.Board.Attached is null);
    }

    private double Poll(Action request)
    {
        request();
        var poll = _wire.Status().Status.PollTimeout.TotalMilliseconds;
        Assert.Equal(DfuState.DownloadIdle, _wire.State);
        return poll;
    }
}
