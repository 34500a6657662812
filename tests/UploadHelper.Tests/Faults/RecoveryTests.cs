using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Faults;

/// <summary>What fails for a moment does not end an upload; what fails for good does, and is told as what it was.</summary>
public class RecoveryTests
{
    public static TheoryData<string> Boards() => new(FaultBench.All.Select(b => b.Board));

    public static TheoryData<string, string> Failures()
    {
        var data = new TheoryData<string, string>();
        foreach (var kind in FaultBench.All)
        {
            foreach (var fault in (string[])["stall", "silent", "late", "reset", "renamed"])
            {
                data.Add(kind.Board, fault);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void What_fails_once_while_it_writes_is_got_over_and_told_in_a_line(string board, string fault)
    {
        var (kind, at) = Writing(board);
        var bench = kind.Create($",fault={fault}@{at}");

        bench.Upload(kind.Request(bench));

        kind.AssertComplete(bench);

        // A STALL is got over by asking again, block by block, where it can be read what was written.
        var recovered = bench.Events.OfType<Recovering>().Count();
        Assert.InRange(recovered, fault == "stall" ? 0 : 1, 1);
    }

    [Theory]
    [InlineData("f4rom")]
    [InlineData("maple-f4")]
    public void A_board_in_another_port_is_another_board(string board)
    {
        var (kind, at) = Writing(board);
        var bench = kind.Create($",fault=moved@{at}");

        var e = Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench)));

        Assert.Equal(UploadError.DeviceLost, e.Error);
        Assert.Single(bench.Events.OfType<Recovering>());
    }

    [Fact]
    public void Of_two_boards_the_one_is_taken_up_again_that_was_written_to()
    {
        var (kind, at) = Writing("f4rom");
        var bench = kind.Create($",fault=twin@{at - 1},fault=reset@{at}");

        bench.Upload(kind.Request(bench));

        kind.AssertComplete(bench);
        Assert.Equal(0, bench.System.Boards[1].SectorsErased);
    }

    [Fact]
    public void A_board_that_comes_back_before_its_user_may_open_it_is_waited_for()
    {
        var (kind, at) = Writing("f4rom");
        var bench = kind.Create($",fault=reset@{at},denied=500,held=700");

        bench.Upload(kind.Request(bench));

        kind.AssertComplete(bench);
    }

    [Fact]
    public void What_fails_for_ever_is_tried_three_times_more()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var writes = false;
        bench.Seen = e => writes |= e.Text.StartsWith("program", StringComparison.Ordinal);
        bench.Bus.AfterTransfer = _ =>
        {
            if (writes)
            {
                writes = false;
                throw new UsbException(UsbFault.Timeout, "lost");
            }
        };

        var e = Assert.Throws<UploadException>(() => bench.Upload(bench.Request(0x0800_0000) with { Port = null }));

        Assert.Equal(UploadError.DeviceFailed, e.Error);
        Assert.EndsWith(InterruptedUpload.Incomplete, e.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], bench.Events.OfType<Recovering>().Select(r => r.Number));
    }

    [Fact]
    public void What_was_written_before_is_not_written_again()
    {
        // Four sectors of 16 KiB and more; the first three are done.
        var bench = new Bench("f4rom", StartState.Bootloader);
        var reset = false;
        bench.Seen = e =>
        {
            if (!reset && e.Text.EndsWith("bytes at 0x0800C804", StringComparison.Ordinal))
            {
                reset = true;
                bench.Board.Reset("loose contact", BootCause.ByHand);
            }
        };

        Assert.True(bench.Upload(bench.Request(0x0800_0000, 60_000) with { Port = null }).Verified);

        Assert.Single(bench.Events.OfType<Recovering>());
        Assert.Equal([2, 1, 1, 2], bench.Board.Flash.Erases.Take(4));
    }

    [Theory]
    [InlineData("f4rom", false)]
    [InlineData("f4rom", true)]
    [InlineData("h747", true)]
    [InlineData("dsonano", true)]
    [InlineData("maple20", true)]
    [InlineData("maple-orig", true)]
    public void A_failure_that_the_device_reports_is_believed_though_nothing_is_read_back(string board, bool last)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        var plan = new TransferPlan(kind, verify: false);
        var bench = kind.Create($",fault=status-3@{(last ? plan.LastWrite : plan.FirstWrite)}");

        var e = Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench) with { Verify = false }));

        Assert.Equal(UploadError.DeviceFailed, e.Error);
        // A Maple bootloader clears bStatus with every request: only its state tells.
        Assert.Contains(board.StartsWith("maple", StringComparison.Ordinal) ? "dfuERROR" : "dfuERROR, errWRITE", e.Message, StringComparison.Ordinal);
        Assert.Contains(last ? InterruptedUpload.LastBlock : InterruptedUpload.Incomplete, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("f4rom")]
    [InlineData("h747")]
    [InlineData("l496")]
    public void As_long_as_the_old_vector_table_stands_nothing_else_is_erased(string board)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        var bench = kind.Create($",fault=lost@{new TransferPlan(kind).FirstErase}");
        var before = bench.Board.Flash.Bytes.ToArray();

        var e = Assert.Throws<UploadException>(() => bench.Upload(kind.Request(bench)));

        Assert.Equal(UploadError.VerifyFailed, e.Error);
        Assert.Contains("not erased", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, bench.Board.Flash.Bytes.ToArray());
        Assert.Equal(1, bench.Board.SectorsErased);
    }

    [Theory]
    [InlineData("f4boot")]
    [InlineData("f4rom")]
    [InlineData("h747")]
    [InlineData("l496")]
    public void An_old_vector_table_that_stands_is_seen_though_the_look_at_it_fails_once(string board)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        var plan = new TransferPlan(kind);
        var near = plan.Faults().Where(f => f.Index > plan.FirstErase && f.Index <= plan.FirstErase + 12);

        var broken = near.SelectMany(f => new FaultTrial(kind, $",fault=lost@{plan.FirstErase},fault={f}").Run().Select(b => $"{f}: {b}"));

        Assert.True(!broken.Any(), string.Join("\n", broken));
    }

    [Fact]
    public void Where_nothing_can_be_read_the_sector_is_begun_again_in_which_it_failed()
    {
        var bench = new Bench("h0wch33", StartState.Bootloader);
        var losses = 1;
        bench.Bus.BeforeTransfer = _ =>
        {
            if (bench.Board.Flash.BytesProgrammed > 5_000 && losses-- > 0)
            {
                throw new UsbException(UsbFault.Timeout, "lost");
            }
        };
        var request = bench.Request(0x0800_0000, 10_000) with { Port = null };

        bench.Upload(request);

        Assert.Single(bench.Events.OfType<Recovering>());
        Assert.Equal(request.File.Content.ToArray()[0x24..], bench.Flash(0x0800_0024, 10_000 - 0x24));
        Assert.Equal([1, 1, 1, 1], bench.Board.Flash.Erases.Skip(1).Take(4));
        Assert.Equal([2, 2], bench.Board.Flash.Erases.Skip(8).Take(2));
        Assert.Empty(bench.Board.Violations);
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void Cancelled_at_any_transfer_a_board_is_idle_and_its_state_is_told(string board)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        var transfers = 0;
        var clean = kind.Create();
        clean.Bus.BeforeTransfer = n => transfers = n + 1;
        clean.Upload(kind.Request(clean));
        var step = transfers > 300 ? 13 : 1;
        var idle = 0;
        for (var at = 0; at < transfers; at += step)
        {
            var bench = kind.Create();
            var before = bench.Board.Flash.Bytes.ToArray();
            using var cancellation = new CancellationTokenSource();
            bench.Bus.AfterTransfer = n =>
            {
                if (n == at)
                {
                    cancellation.Cancel();
                }
            };

            var cancelled = Record.Exception(() => bench.Upload(kind.Request(bench), cancellation.Token));
            bench.Board.AdvanceTo(bench.System.Clock.Now);

            // Some ROMs are in dfuERROR until a host has found them. The last transfer of all is followed by no border; what it started is not there to be asked.
            if (cancelled is null || bench.Board.Function is not (IDfuFunction or { IsBootloader: true }))
            {
                continue;
            }

            Assert.IsType<OperationCanceledException>(cancelled);
            var state = Assert.Single(bench.Events.OfType<UploadCancelled>()).State;
            Assert.True(state != ErrorMessages.NothingErased || bench.Board.Flash.Bytes.SequenceEqual(before), $"at {at}: {state}");
            if (bench.Events.Any(e => e is LeavingBootloader))
            {
                Assert.True(state is ErrorMessages.Written or InterruptedUpload.WrittenUnverified, $"at {at}: {state}");
                continue;
            }

            Assert.True(
                bench.Board.Function is not IDfuFunction { State: not DfuState.Idle } || !bench.Events.Any(e => e is BootloaderFound), $"at {at}: it is not idle");
            idle++;

            bench.Bus.AfterTransfer = _ => { };
            bench.Upload(kind.Request(bench));
            kind.AssertComplete(bench);
        }

        Assert.InRange(idle, 10, transfers);
    }

    private static (FaultBench Kind, int At) Writing(string board)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        return (kind, new TransferPlan(kind).FirstWrite);
    }
}
