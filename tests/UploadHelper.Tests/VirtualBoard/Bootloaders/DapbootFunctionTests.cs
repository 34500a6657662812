using System.Text;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>
/// dapboot on the wire, as its source (devanlai/dapboot at 8a1f099, dfu.c) has it and as its builds behave on an emulated STM32F103.
/// </summary>
public class DapbootFunctionTests
{
    private const uint Low = 0x0800_2000;
    private const uint High = 0x0800_0000;

    [Fact]
    public void A_block_goes_where_the_last_one_ended_and_so_does_reading_whatever_the_number()
    {
        var wire = On("dapboot");
        var data = SketchImage.Noise(1, 2048);

        var took = Write(wire, 7, data[..1024]);
        Write(wire, 7, data[1024..]);
        wire.Send(DfuRequest.Abort);

        Assert.Equal(data, wire.Board.Flash.Read(Low, 2048).ToArray());
        Assert.Equal(data[..100], wire.Upload(9, 100).Data.ToArray());
        Assert.Equal(data[100..1124], wire.Upload(9).Data.ToArray());
        Assert.Equal((DfuState.DownloadBusy, TimeSpan.FromMilliseconds(100)), (took.Status.State, took.Status.PollTimeout));
        Assert.Empty(wire.Board.Violations);
    }

    [Fact]
    public void It_erases_and_programs_when_the_answer_is_out_and_the_next_request_waits()
    {
        var wire = On("dapboot");
        wire.Download(0, SketchImage.Noise(1, 1024));

        Assert.Equal(TimeSpan.Zero, wire.Status().Busy);
        Assert.Equal(TimeSpan.FromMicroseconds(20_000 + 512 * 52.5), wire.Status().Busy);
        Assert.Equal(DfuState.DownloadIdle, wire.State);
    }

    [Fact]
    public void A_request_in_the_wrong_state_is_answered()
    {
        var wire = On("dapboot");
        var data = SketchImage.Noise(1, 1024);
        wire.Download(0, data);

        Assert.Equal(ControlOutcome.Done, wire.Download(1, SketchImage.Noise(2, 1024)).Outcome);
        wire.Status();
        var read = wire.Upload(0).Data.ToArray();

        // The second block is lost, and stands in the buffer under the status.
        Assert.Equal(data, wire.Board.Flash.Read(Low, 1024).ToArray());
        Assert.Equal(SketchImage.Noise(2, 1024)[6..], read[6..]);
        Assert.Equal(DfuState.DownloadIdle, wire.State);
        Assert.Equal(2, wire.Board.Violations.Count);
    }

    [Fact]
    public void A_download_that_ends_before_it_begins_is_acknowledged_and_then_an_error()
    {
        var wire = On("dapboot");

        Assert.Equal(ControlOutcome.Done, wire.Download(0).Outcome);

        var status = wire.Status().Status;
        Assert.Equal((DfuState.Error, DfuStatusCode.ErrStalledPacket), (status.State, status.Code));
        wire.Send(DfuRequest.Abort);
        Assert.Equal(DfuState.Error, wire.State);
        wire.Send(DfuRequest.ClearStatus);
        Assert.Equal(DfuState.Idle, wire.State);
    }

    [Fact]
    public void What_is_longer_than_a_block_is_refused_and_changes_nothing()
    {
        var wire = On("dapboot");

        Assert.Equal(ControlOutcome.Stall, wire.Download(0, new byte[1025]).Outcome);
        Assert.Equal(DfuState.Idle, wire.State);
        Assert.Equal(ControlOutcome.Stall, wire.Board.Control(new UsbSetup(0xA1, 7, 0, 0, 4), []).Outcome);
        Assert.Equal(DfuStatusCode.ErrStalledPacket, wire.Status().Status.Code);
    }

    [Fact]
    public void The_last_byte_of_an_odd_block_is_lost_and_the_next_block_is_shifted()
    {
        var wire = On("dapboot");
        Write(wire, 0, SketchImage.Noise(1, 1023));

        Assert.Equal(0xFF, wire.Board.Flash.Read(Low + 1022, 1)[0]);
        Assert.Single(wire.Board.Violations);
    }

    [Fact]
    public void Behind_the_end_of_the_flash_a_block_is_not_what_was_sent()
    {
        var wire = On("dapboot");
        for (var i = 0; i < 120; i++)
        {
            Write(wire, (ushort)i, SketchImage.Noise(i, 1024));
        }

        wire.Download(120, new byte[1024]);
        wire.Status();
        var status = wire.Status().Status;

        Assert.Equal((DfuState.Error, DfuStatusCode.ErrVerify), (status.State, status.Code));
    }

    [Fact]
    public void Reading_ends_with_a_short_block_at_the_end_of_the_flash()
    {
        var wire = On("dapboot");
        for (var i = 0; i < 120; i++)
        {
            Assert.Equal(1024, wire.Upload((ushort)i).Data.Length);
        }

        Assert.Equal(0, wire.Upload(120).Data.Length);
        Assert.Equal(DfuState.Idle, wire.State);
    }

    [Fact]
    public void A_sketch_that_it_would_not_start_is_told_at_the_end()
    {
        var wire = On("dapboot");
        Write(wire, 0, SketchImage.Bytes(Low, 1024, stack: 0x1000_1000));
        wire.Download(1);

        Assert.Equal(DfuState.Manifest, wire.Status().Status.State);
        var status = wire.Status().Status;

        Assert.Equal((DfuState.Error, DfuStatusCode.ErrFirmware), (status.State, status.Code));
    }

    [Fact]
    public void After_a_whole_download_it_leaves_by_itself()
    {
        var wire = On("dapboot");
        Write(wire, 0, SketchImage.Bytes(Low, 1024, stack: 0x2000_5000));
        wire.Download(1);

        Assert.Equal(DfuState.Manifest, DfuStatus.Read(wire.GetStatus().Data.Span).State);

        Assert.Null(wire.Board.Attached);
        wire.Wait(IBoardKind.ResetTime);
        Assert.Equal(Low, wire.Board.RunningSketch?.Address);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_tolerant_build_stays_until_a_detach_or_a_bus_reset(bool detach)
    {
        var wire = On("dapboot,boot=tolerant");
        Write(wire, 0, SketchImage.Bytes(Low, 1024, stack: 0x2000_5000));
        wire.Download(1);

        Assert.Equal([DfuState.Manifest, DfuState.Idle, DfuState.Idle], (DfuState[])[wire.State, wire.State, wire.State]);
        if (detach)
        {
            wire.Send(DfuRequest.Detach);
        }
        else
        {
            wire.Board.BusReset();
        }

        wire.Wait(IBoardKind.ResetTime);
        Assert.Equal(Low, wire.Board.RunningSketch?.Address);
    }

    [Fact]
    public void A_bus_reset_before_the_first_configuration_is_an_enumeration()
    {
        var wire = new DfuWire("dapboot,start=bootloader");

        wire.Board.BusReset();
        Assert.IsType<DapbootFunction>(wire.Board.Function);
        wire.Configure();
        wire.Board.BusReset();

        Assert.Null(wire.Board.Attached);
    }

    [Fact]
    public void A_high_build_puts_its_own_vectors_in_and_reads_as_the_sketch()
    {
        var wire = On("dapboot,boot=high");
        var sketch = SketchImage.Bytes(High, 2048, stack: 0x2000_5000);
        Write(wire, 0, sketch[..1024]);
        Write(wire, 1, sketch[1024..]);
        wire.Send(DfuRequest.Abort);
        var flash = wire.Board.Flash.Read(High, 2048).ToArray();
        byte[] read = [.. wire.Upload(0).Data.Span, .. wire.Upload(1).Data.Span];

        Assert.Equal(DapbootBuild.OwnVectors, flash[..8]);
        Assert.Equal(sketch[..8], flash[0x1C..0x24]);
        sketch.AsSpan(0x1C, 8).Clear();
        Assert.Equal(sketch, read);
        wire.Send(DfuRequest.Detach);
        wire.Wait(IBoardKind.ResetTime);
        Assert.Equal(0x2000_5000u, wire.Board.RunningSketch?.StackPointer);
    }

    [Fact]
    public void A_short_first_block_is_an_error_that_is_no_error_and_costs_a_high_build_its_vectors()
    {
        var wire = On("dapboot,boot=high");

        Write(wire, 0, SketchImage.Noise(1, 30));

        var status = wire.Status().Status;
        Assert.Equal((DfuState.DownloadIdle, DfuStatusCode.ErrVendor), (status.State, status.Code));
        wire.Board.Reset("by hand", BootCause.ByHand);
        wire.Wait(IBoardKind.ResetTime);
        Assert.Null(wire.Board.Attached);
    }

    [Fact]
    public void A_file_that_is_too_large_kills_a_high_build()
    {
        var wire = On("dapboot,boot=high");
        for (var i = 0; i < 57; i++)
        {
            Write(wire, (ushort)i, SketchImage.Noise(i, 1024));
        }

        Assert.Empty(wire.Board.Violations);
        wire.Download(57, new byte[1024]);
        wire.GetStatus();

        Assert.Contains("the bootloader itself", Assert.Single(wire.Board.Violations).Text, StringComparison.Ordinal);
        Assert.Equal(ControlOutcome.Silent, wire.GetStatus().Outcome);
    }

    [Theory]
    [InlineData("dapboot,boot=high", 0xE400)]
    [InlineData("dapboot,boot=high-128", 0x1_E400)]
    public void A_high_build_has_its_product_string_in_its_own_pages(string board, int own)
    {
        var wire = On(board);
        var text = Encoding.ASCII.GetBytes("DAPBoot High-Memory DFU Bootloader");

        Assert.InRange(wire.Board.Flash.Bytes.IndexOf(text), own, own + 0x1C00);
    }

    [Theory]
    [InlineData("80 06 2100 0000 9", null)]
    [InlineData("81 06 2100 0000 9", null)]
    [InlineData("80 06 0f00 0000 5", "050f1d0001")]
    [InlineData("80 06 03ee 0000 12", "12034d0053004600540031003000300021 00")]
    [InlineData("80 06 0304 0409 18", "180344004100500042006f006f007400200044004600 5500")]
    [InlineData("81 0a 0000 0000 1", "00")]
    [InlineData("01 0b 0001 0000 0", null)]
    [InlineData("80 00 0000 0000 2", "0000")]
    public void Standard_requests_are_those_of_libopencm3(string request, string? answer)
    {
        var reply = Ask(On("dapboot"), request);

        Assert.Equal(answer?.Replace(" ", "", StringComparison.Ordinal), reply.Outcome == ControlOutcome.Done ? Convert.ToHexStringLower(reply.Data.Span) : null);
    }

    [Theory]
    [InlineData("03ee 0409 12", "c0 21 0000 0004 10", "28000000000104000100000000000000")]
    [InlineData("03ee 0000 12", "c0 21 0000 0004 28", "28000000000104000100000000000000 0001 57494e5553420000 0000000000000000 000000000000")]
    [InlineData("0f00 0000 5", "c1 21 0000 0005 0a", null)]
    [InlineData("0f00 0000 1d", "c0 01 0001 0002 ff", "260301 646576616e6c61692e6769746875622e696f2f7765626466752f6466752d7574696c2f")]
    [InlineData("0f00 0000 1d", "c0 01 0002 0002 ff", null)]
    public void What_Windows_and_a_browser_ask_for_is_answered_and_leaves_the_download_alone(string descriptor, string request, string? answer)
    {
        var wire = On("dapboot");
        var data = SketchImage.Noise(1, 1024);
        Write(wire, 0, data);

        var found = Ask(wire, $"80 06 {descriptor}");
        var reply = Ask(wire, request);
        wire.Send(DfuRequest.Abort);

        Assert.Equal(ControlOutcome.Done, found.Outcome);
        Assert.Equal(answer?.Replace(" ", "", StringComparison.Ordinal), reply.Outcome == ControlOutcome.Done ? Convert.ToHexStringLower(reply.Data.Span) : null);
        Assert.Equal(data, wire.Upload(0).Data.ToArray());
    }

    [Theory]
    [InlineData("c0 21 0000 0004 28", true)]
    [InlineData("c0 01 0001 0002 ff", false)]
    [InlineData("a1 03 0000 0000 6", false)]
    public void Only_Windows_is_answered_before_it_is_configured(string request, bool answers) =>
        Assert.Equal(answers ? ControlOutcome.Done : ControlOutcome.Stall, Ask(new DfuWire("dapboot,start=bootloader"), request).Outcome);

    private static ControlReply Ask(DfuWire wire, string request)
    {
        var words = request.Split(' ').Select(w => Convert.ToUInt16(w, 16)).ToArray();
        return wire.Board.Control(new UsbSetup((byte)words[0], (byte)words[1], words[2], words[3], words[4]), []);
    }

    private static DfuWire On(string board) => new DfuWire($"{board},start=bootloader").Configure();

    // Its first answer, and the wait for what it does.
    private static (DfuStatus Status, TimeSpan Busy) Write(DfuWire wire, ushort block, byte[] data)
    {
        Assert.Equal(ControlOutcome.Done, wire.Download(block, data).Outcome);
        var first = wire.Status();
        wire.Status();
        return first;
    }
}
