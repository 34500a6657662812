using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Uploading;

/// <summary>"Verified" means that the whole image was read back after the last erase, whatever else the chip erased with it.</summary>
public class ReadBackTests
{
    private const int Size = 20_000;
    private const int Page = 1024;

    // A chip with pages of 2 KiB, and a bootloader whose map says 1 KiB.
    private const string LargerPages = ",page=2048";

    [Fact]
    public void A_page_that_was_correct_and_is_erased_with_another_is_written_again()
    {
        // Each page in turn differs, and every other one is on the board already.
        for (var at = 0; at < Size; at += Page)
        {
            var (bench, result) = Change("dsonano" + LargerPages, 0x0800_4000, at);

            Assert.True(result.Verified, $"page at {at}");
            Assert.Equal(Image(bench, 0x0800_4000), bench.Flash(0x0800_4000, Size));
            if (at == Page)
            {
                // Its neighbour is the page of the vector table, which is written anyway.
                Assert.Empty(bench.Events.OfType<UploadWarning>());
                continue;
            }

            Assert.Equal(0, result.Unchanged);
            var warning = Assert.Single(bench.Events.OfType<UploadWarning>());
            Assert.Equal(WarningCode.WrittenAgain, warning.Code);
            Assert.Contains("Most likely the chip erases more at once than its memory map says", warning.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void With_full_everything_is_written_in_one_pass()
    {
        var bench = new Bench("dsonano" + LargerPages, StartState.Bootloader);
        var request = bench.Request(0x0800_4000) with { Port = null, Full = true };
        bench.Board.Flash.Preload(0x0800_4000, request.File.Content.Span);

        Assert.True(bench.Upload(request).Verified);

        Assert.Equal(request.File.Content.ToArray(), bench.Flash(0x0800_4000, Size));
        Assert.Empty(bench.Events.OfType<UploadWarning>());
        Assert.All(bench.Board.Flash.Erases, n => Assert.InRange(n, 0, 1));
    }

    // Each block erases its own page before it is written, so no order of writing helps.
    [Theory]
    [InlineData("maple20", 0x0800_2000, 2_000)]
    [InlineData("maple20", 0x0800_2000, Size)]
    [InlineData("maple-orig", 0x0800_5000, 2_000)]
    [InlineData("maple-orig", 0x0800_5000, Size)]
    public void Where_writing_again_does_not_help_the_cause_is_named_and_nothing_is_started(string board, uint address, int size)
    {
        var bench = new Bench(board + LargerPages, StartState.Bootloader);

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(address, size) with { Port = null }));

        Assert.Equal(UploadError.VerifyFailed, e.Error);
        Assert.Contains("most likely the chip erases more at once than its memory map says", e.Message, StringComparison.Ordinal);
        Assert.EndsWith(InterruptedUpload.Incomplete, e.Message, StringComparison.Ordinal);
        Assert.True(bench.Board.Flash.IsErased(address, 4), "the damaged sketch would be started");
        Assert.Single(bench.Events.OfType<UploadWarning>(), w => w.Code == WarningCode.WrittenAgain);
    }

    // --full would not help there either, and is not proposed.
    [Theory]
    [InlineData("maple20", 0x0800_2000, 5 * Page)]
    [InlineData("maple20", 0x0800_2000, 0)]
    [InlineData("maple-orig", 0x0800_5000, 5 * Page)]
    public void The_hint_proposes_what_helps(string board, uint address, int at)
    {
        var bench = new Bench(board + LargerPages, StartState.Bootloader);
        var request = bench.Request(address, Size) with { Port = null };
        bench.Board.Flash.Preload(address, request.File.Content.Span);
        bench.Board.Flash.Preload(address + (uint)at, [(byte)~request.File.Content.Span[at]]);

        Assert.Throws<UploadException>(() => bench.Upload(request));

        var warning = Assert.Single(bench.Events.OfType<UploadWarning>(), w => w.Code == WarningCode.WrittenAgain);
        Assert.EndsWith("this bootloader was built for a chip with smaller sectors.", warning.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("--full", warning.Hint, StringComparison.Ordinal);
    }

    // An upload that erases nothing has compared every byte already. Otherwise the price is one read of the image at most.
    [Theory]
    [InlineData("f4boot", 0x0800_4000)]
    [InlineData("f4rom", 0x0800_0000)]
    [InlineData("dsonano", 0x0800_4000)]
    [InlineData("l496", 0x0800_0000)]
    [InlineData("h747", 0x0800_0000)]
    [InlineData("maple20", 0x0800_2000)]
    [InlineData("maple-orig", 0x0800_5000)]
    public void Reading_back_costs_no_more_than_one_read_of_the_image(string board, uint address)
    {
        var unchanged = ReadBytes(Change(board, address, null).Bench);
        var (bench, result) = Change(board, address, Size - 1);
        var written = bench.Events.OfType<PlanMade>().Single().Plan.BytesToWrite;

        Assert.True(result.Verified);
        Assert.InRange(unchanged, Size, Size + 4096);
        // A Maple bootloader writes all before the last byte again, so that comparing ends with the last page.
        Assert.InRange(ReadBytes(bench), board.StartsWith("maple", StringComparison.Ordinal) ? Size : 2 * Size, unchanged + Size + written + 4096);
        Assert.DoesNotContain(bench.Events.OfType<UploadWarning>(), w => w.Code == WarningCode.WrittenAgain);
    }

    [Fact]
    public void A_read_protected_board_that_refuses_everything_is_said_to_be_unchanged()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var before = bench.Board.Flash.Bytes.ToArray();
        var bus = new RefusingBus(bench.System.Usb, DfuStatusCode.ErrVendor, RefusingBus.Upload, RefusingBus.Download);

        var e = Assert.Throws<UploadException>(() => bench.Upload(bus, bench.Request(0x0800_0000) with { Port = null }));

        Assert.Equal(UploadError.ReadProtected, e.Error);
        Assert.EndsWith("Nothing was erased.", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, bench.Board.Flash.Bytes.ToArray());
    }

    // The sketch is on the board, except for one byte, or completely.
    private static (Bench Bench, UploadResult Result) Change(string board, uint address, int? at)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var request = bench.Request(address, Size) with { Port = null, WaitPort = WaitPort.No };
        bench.Board.Flash.Preload(address, request.File.Content.Span);
        if (at is { } offset)
        {
            bench.Board.Flash.Preload(address + (uint)offset, [(byte)~request.File.Content.Span[offset]]);
        }

        return (bench, bench.Upload(request));
    }

    private static byte[] Image(Bench bench, uint address) => bench.Request(address, Size).File.Content.ToArray();

    private static long ReadBytes(Bench bench) => bench.Bus.BytesRead;
}
