using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>Uploads through dapboot, and through plain DFU devices of which nothing is known.</summary>
public class DapbootUploadTests
{
    private const uint Low = 0x0800_2000;
    private const uint High = 0x0800_0000;
    private const uint F1Stack = 0x2000_5000;

    public static TheoryData<string, uint, int> Boards()
    {
        var data = new TheoryData<string, uint, int>();
        foreach (var size in (int[])[600, 1024, 1025, 4_003, 30_001, 57 * 1024])
        {
            data.Add("dapboot", Low, size);
            data.Add("dapboot,boot=tolerant", Low, size);
            data.Add("dapboot,boot=high", High, size);
            data.Add("dapboot,boot=skr", Low, size);
            data.Add("dapboot,boot=skr-high", High, size);
        }

        data.Add("dapboot", Low, 120 * 1024);
        data.Add("dapboot,boot=high-128", High, 57 * 1024 + 1);
        data.Add("dapboot,boot=high-128", High, 121 * 1024);
        data.Add("dapboot,boot=skr", Low, 248 * 1024);
        data.Add("dapboot,boot=skr-high", High, 248 * 1024);
        return data;
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void From_the_bootloader_to_the_new_sketch(string board, uint address, int size)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var request = Request(bench, address, size);
        var before = bench.Board.Flash.Bytes.ToArray();

        var result = bench.Upload(request);
        bench.Settle();

        Assert.True(result.Verified);
        Assert.Empty(bench.Board.Violations);
        var vectors = address == High ? 0x24 : 0;
        Assert.Equal(request.File.Content.ToArray()[vectors..], bench.Flash(address, size)[vectors..]);
        Assert.Equal(address, bench.Board.RunningSketch!.Address);
        Assert.Equal(F1Stack, bench.Board.RunningSketch.StackPointer);
        var end = (int)(address - High) + (size + 2047) / 2048 * 2048;
        Assert.Equal(before[end..], bench.Board.Flash.Bytes[end..].ToArray());
        Assert.Equal(before[..(int)(address - High)], bench.Board.Flash.Bytes[..(int)(address - High)].ToArray());
    }

    [Fact]
    public void The_first_page_is_sent_as_erased_at_first_and_for_real_at_last_and_all_is_read_before_the_start()
    {
        var bench = new Bench("dapboot", StartState.Bootloader);

        bench.Upload(Request(bench, Low, 3_000));

        Assert.Equal(
            ["0x08002000", "0x08002400", "0x08002800", "0x08002000"],
            bench.Log.Where(e => e.Text.StartsWith("program 1024 bytes", StringComparison.Ordinal)).Select(e => e.Text.Split(' ')[^1]));
        var requests = bench.Log.Where(e => e.Kind == BoardEventKind.Request && !e.Text.StartsWith("standard", StringComparison.Ordinal)).Select(e => e.Text).ToList();
        Assert.StartsWith("DETACH", requests[^1], StringComparison.Ordinal);
        Assert.InRange(requests.FindLastIndex(r => r.StartsWith("UPLOAD", StringComparison.Ordinal)), requests.FindLastIndex(r => r.StartsWith("DNLOAD", StringComparison.Ordinal)), requests.Count);
        Assert.DoesNotContain(requests, r => r.StartsWith("DNLOAD block", StringComparison.Ordinal) && !r.Contains("1024 bytes", StringComparison.Ordinal));
        Assert.DoesNotContain(bench.Log, e => e.Text == "bus reset");
    }

    [Fact]
    public void A_board_that_must_stay_in_its_bootloader_does()
    {
        var bench = new Bench("dapboot", StartState.Bootloader);

        var result = bench.Upload(Request(bench, Low) with { Leave = false });
        bench.Settle();

        Assert.False(result.Left);
        Assert.NotNull(bench.Board.Attached);
        Assert.Null(bench.Board.RunningSketch);
        Assert.DoesNotContain(bench.Log, e => e.Text == "bus reset");
    }

    [Fact]
    public void What_is_on_the_board_already_is_not_written_again()
    {
        var bench = new Bench("dapboot,boot=high", StartState.Bootloader);
        bench.Upload(Request(bench, High, 9_000));
        var erased = bench.Board.SectorsErased;
        bench.Board.Reset("by hand", BootCause.ByHand);

        var result = bench.Upload(Request(bench, High, 9_000));

        Assert.Equal((9_000, erased), (result.Unchanged, bench.Board.SectorsErased));
    }

    [Theory]
    [InlineData("dapboot,boot=high", 57 * 1024, "0x0800E3FF")]
    [InlineData("dapboot,boot=high-128", 121 * 1024, "0x0801E3FF")]
    [InlineData("dapboot,boot=skr-high", 248 * 1024, "0x0803DFFF")]
    public void A_sketch_that_would_overwrite_a_high_build_is_refused(string board, int most, string last)
    {
        var bench = new Bench(board, StartState.Bootloader);

        var e = Assert.Throws<UploadException>(() => bench.Upload(Request(bench, High, most + 1)));

        Assert.Equal(UploadError.ImageTooLarge, e.Error);
        Assert.Contains(last, e.Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Board.SectorsErased);
        Assert.Empty(bench.Board.Violations);
    }

    [Fact]
    public void A_high_build_is_looked_for_only_if_the_sketch_may_reach_it()
    {
        var bench = new Bench("dapboot,boot=high-128", StartState.Bootloader);

        bench.Upload(Request(bench, High, 20_000));

        // Compared and read back.
        Assert.InRange(bench.Bus.BytesRead, 20_000, 3 * 22 * 1024);
    }

    [Fact]
    public void Killed_in_the_middle_it_starts_nothing_and_takes_the_same_upload_again()
    {
        var bench = new Bench("dapboot", StartState.Bootloader);
        using var killed = new CancellationTokenSource();
        bench.Seen = e =>
        {
            if (e.Text.EndsWith("bytes at 0x08003000", StringComparison.Ordinal))
            {
                killed.Cancel();
            }
        };
        Assert.Throws<OperationCanceledException>(() => bench.Upload(Request(bench, Low), killed.Token));
        bench.Board.PressReset();
        bench.Settle();

        Assert.Null(bench.Board.RunningSketch);
        Assert.True(bench.Upload(Request(bench, Low)).Verified);
    }

    [Fact]
    public void A_flash_that_does_not_hold_what_was_sent_is_told_in_words()
    {
        var (bench, at) = (new Bench("dapboot", StartState.Bootloader), 0);
        bench.Seen = e => at = e.Text == "program 1024 bytes at 0x08003000" ? bench.Board.BootloaderTransfers - 1 : at;
        bench.Upload(Request(bench, Low) with { Full = true });
        bench = new Bench("dapboot", StartState.Bootloader);
        bench.Board.InjectFault(new Fault(FaultKind.Bit, at));

        var e = Assert.Throws<UploadException>(() => bench.Upload(Request(bench, Low) with { Full = true }));

        Assert.Contains("errVERIFY", e.Message, StringComparison.Ordinal);
        Assert.Contains("does not hold what was sent", e.Hint, StringComparison.Ordinal);
        Assert.Contains(InterruptedUpload.Incomplete, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_that_an_earlier_host_has_left_does_not_count()
    {
        var bench = new Bench("dapboot,boot=high", StartState.Bootloader);
        bench.Board.Control(new UsbSetup(0x00, 9, 1, 0, 0), []);
        bench.Board.Control(new UsbSetup(0x21, 1, 0, 0, 30), new byte[30]);
        bench.Board.Control(new UsbSetup(0xA1, 3, 0, 0, 6), []);
        Assert.Equal(0x0B, bench.Board.Control(new UsbSetup(0xA1, 3, 0, 0, 6), []).Data.Span[0]);

        Assert.True(bench.Upload(Request(bench, High)).Verified);
    }

    [Theory]
    [InlineData("dapboot,ids=custom", false)]
    [InlineData("dapboot,ids=custom-tolerant", true)]
    [InlineData("dapboot,ids=custom-unreadable", false)]
    public void An_unknown_device_gets_the_whole_image_and_is_read_back_if_it_allows_it(string board, bool verified)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var request = Request(bench, Low, 5_001);

        var result = bench.Upload(request);
        bench.Settle();

        Assert.Equal((verified, true), (result.Verified, result.Left));
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(Low, 5_001));
        Assert.Equal(Low, bench.Board.RunningSketch!.Address);
        Assert.Empty(bench.Board.Violations);
        Assert.Equal(!verified, bench.Events.OfType<UploadWarning>().Any(w => w.Code == WarningCode.NotVerifiable));
        Assert.Contains(bench.Events.OfType<UploadWarning>(), w => w.Code == WarningCode.DeviceLimit && w.Message.Contains("does not know this bootloader", StringComparison.Ordinal));
        Assert.Equal(
            ["1024", "1024", "1024", "1024", "906", "0"],
            bench.Log.Where(e => e.Text.StartsWith("DNLOAD", StringComparison.Ordinal)).Select(e => e.Text.Split(' ')[3]));
    }

    [Fact]
    public void What_an_unknown_device_does_not_accept_is_told_in_words()
    {
        // It is told that the stack pointer is right, and finds that it is not.
        var bench = new Bench("dapboot,ids=custom-tolerant", StartState.Bootloader);
        var file = new ImageFile("blink.bin", SketchImage.Bytes(Low, 4_000, stack: 0x1000_1000));

        var e = Assert.Throws<UploadException>(() => bench.Upload(Request(bench, Low) with { File = file }));

        Assert.Contains("errFIRMWARE", e.Message, StringComparison.Ordinal);
        Assert.Contains("would not start it", e.Hint, StringComparison.Ordinal);
        Assert.Contains(InterruptedUpload.WrittenUnverified, e.Message, StringComparison.Ordinal);
    }

    // Nobody knows how much it holds; it says so itself.
    [Theory]
    [InlineData("dapboot,ids=custom")]
    [InlineData("dapboot,ids=custom-tolerant")]
    public void What_an_unknown_device_cannot_hold_is_told_when_it_says_so(string board)
    {
        var bench = new Bench(board, StartState.Bootloader);

        var e = Assert.Throws<UploadException>(() => bench.Upload(Request(bench, Low, 120 * 1024 + 2)));

        Assert.Equal(UploadError.DeviceFailed, e.Error);
        Assert.Contains("errVERIFY", e.Message, StringComparison.Ordinal);
        Assert.Contains("make the sketch smaller", e.Hint, StringComparison.Ordinal);
        bench.Board.Reset("by hand", BootCause.ByHand);
        Assert.True(bench.Upload(Request(bench, Low)).Left);
    }

    [Fact]
    public void An_unknown_device_has_nothing_that_erases_alone_and_can_be_read()
    {
        var bench = new Bench("dapboot,ids=custom", StartState.Bootloader);
        bench.Work(new BootloaderRequest(bench.Filter) { MemoryStart = Low }, session =>
        {
            var read = new FlashReader(session, _ => { }).Read(Low, 100, null);
            Assert.Equal(bench.Flash(Low, 100), read.Data.ToArray());
            Assert.Equal(UploadError.NotSupported, Assert.Throws<UploadException>(() => new ErasePlanner(session.Memories, session.Info, null).Plan(Low, null)).Error);
        });
    }

    [Theory]
    [InlineData("dapboot", Low)]
    [InlineData("dapboot,boot=high", High)]
    public void Its_sketch_is_erased_page_by_page(string board, uint address)
    {
        var bench = new Bench(board, StartState.Bootloader);
        bench.Work(new BootloaderRequest(bench.Filter), session =>
            new FlashEraser(session, bench.Events.Add).Run(new ErasePlanner(session.Memories, session.Info, null).Plan(address, 4096)));
        bench.Board.PressReset();
        bench.Settle();

        Assert.Null(bench.Board.RunningSketch);
        Assert.NotNull(bench.Board.Attached);
    }

    private static UploadRequest Request(Bench bench, uint address, int size = 20_000) =>
        bench.Request(address, size) with { Port = null, File = SketchImage.File(address, size, F1Stack), WaitPort = WaitPort.No };
}
