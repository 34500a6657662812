using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Faults;

/// <summary>
/// What devices make impossible: it happens on them, its user is told before anything is erased, and there is a way out.
/// </summary>
public class DeviceLimitTests
{
    [Theory]
    [InlineData("maple20", "50 ms")]
    [InlineData("maple-orig", "50 ms")]
    [InlineData("maple-f4", "vector table first")]
    [InlineData("hid-f1", "0.1 s")]
    [InlineData("hid-f1,size=512", "0.1 s")]
    public void A_maple_or_HID_that_is_cut_off_in_its_first_page_starts_half_a_sketch_and_takes_the_same_upload_again(string board, string told)
    {
        var (kind, bench) = CutInFinalize(board);
        var starts = 0;
        bench.Seen = e =>
        {
            starts += e.Text.StartsWith("sketch unnamed starts", StringComparison.Ordinal) ? 1 : 0;
            if (e.Text.StartsWith("fault", StringComparison.Ordinal))
            {
                // Nor does anybody take it up again at once, which would save it.
                bench.Bus.OnOpen = UsbFault.AccessDenied;
            }
        };

        Assert.Equal(UploadError.DeviceLost, Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench))).Error);
        bench.Wait(TimeSpan.FromSeconds(10));

        Assert.NotEqual(0, starts);
        AssertToldBefore(bench, told);
        bench.Bus.OnOpen = null;
        bench.Board.Reset("by hand", BootCause.ByHand);
        bench.Upload(kind.Request(bench));
        Assert.Equal(kind.Segments(bench.Board.StackPointer)[0].Data.ToArray(), bench.Flash(kind.Address, kind.Segments(0)[0].Data.Length));
    }

    [Fact]
    public void A_dapboot_that_is_cut_off_in_its_first_page_starts_half_a_sketch_and_takes_the_same_upload_again()
    {
        var (kind, bench) = CutInFinalize("dapboot");

        Assert.Contains("if the power failed", Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench))).Message, StringComparison.Ordinal);

        Assert.Contains(bench.Log, e => e.Text.StartsWith("sketch unnamed starts", StringComparison.Ordinal));
        AssertToldBefore(bench, "50 ms");
        bench.Board.Reset("its button is held", BootCause.ByHand);
        Assert.True(bench.Upload(kind.Request(bench)).Verified);
    }

    [Theory]
    [InlineData("h0wch33")]
    [InlineData("dapboot,boot=high")]
    public void A_bootloader_whose_vectors_are_in_the_first_page_is_lost_if_it_is_cut_off_there(string board)
    {
        var (kind, bench) = CutInFinalize(board);

        Assert.Equal(UploadError.DeviceLost, Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench))).Error);
        bench.Board.Reset("its button is held", BootCause.ByHand);
        bench.Wait(TimeSpan.FromSeconds(1));

        Assert.Null(bench.Board.Attached);
        AssertToldBefore(bench, "50 ms");
    }

    [Fact]
    public void An_h747_that_is_cut_off_in_its_last_word_hangs_on_it_and_takes_the_upload_that_reads_nothing()
    {
        var (kind, bench) = CutInFinalize("h747");
        Assert.Equal(UploadError.DeviceLost, Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench))).Error);
        AssertToldBefore(bench, "0.1 ms");

        bench.Board.Reset("BOOT0", BootCause.ByHand);
        Assert.Equal(UploadError.DeviceFailed, Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench))).Error);
        bench.Board.Reset("BOOT0", BootCause.ByHand);

        Assert.True(bench.Upload(kind.Request(bench) with { Full = true }).Verified);
    }

    // The power fails in the last program operation of all.
    private static (FaultBench Kind, Bench Bench) CutInFinalize(string board)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        return (kind, kind.Create($",fault=cut-program@{new TransferPlan(kind).LastWrite}"));
    }

    private static void AssertToldBefore(Bench bench, string told) => Assert.Contains(
        bench.Events.TakeWhile(e => e is not FlashProgress { Phase: not FlashPhase.Compare }),
        e => e is UploadWarning { Code: WarningCode.DeviceLimit } warning && warning.Message.Contains(told, StringComparison.Ordinal));
}
