using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Tests.Faults;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;
using Xunit.Abstractions;

namespace UploadHelper.Tests.Hostile;

/// <summary>
/// A process that does not run for an hour (SIGSTOP, a laptop that is closed) each time it asks the clock or waits, one after the other: the
/// board had all that time, so one more look tells how it is, and the upload ends as it would have.
/// </summary>
public class StoppedProcessTests(ITestOutputHelper output)
{
    private const uint Uart = 0x0800_0000;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static TheoryData<string> Boards => [.. FaultBench.All.Select(b => b.Board), "uart"];

    [Theory]
    [MemberData(nameof(Boards))]
    public void Wherever_it_is_stopped_the_upload_ends_as_without(string board)
    {
        var (clock, undisturbed) = Upload(board, 0);
        var times = clock.Calls;
        var late = 0;

        Assert.Equal("verified", undisturbed.Replace("written", "verified", StringComparison.Ordinal).Split('\n')[0]);
        Assert.InRange(times, 10, int.MaxValue);
        for (var n = 1; n <= times; n++)
        {
            var (stopped, run) = Upload(board, n);

            // A bootloader that has waited for its host in vain has started the old sketch again, and its port is not reset a second time.
            if (run.StartsWith(nameof(UploadError.NoDevice), StringComparison.Ordinal) && stopped.IsLost)
            {
                late++;
                continue;
            }

            Assert.Equal((n, undisturbed), (n, run));
        }

        output.WriteLine($"{board}: stopped at each of {times} places; the bootloader was gone after {late} of them");
    }

    [Theory]
    [InlineData("f4boot")]
    [InlineData("maple20")]
    [InlineData("f4rom")]
    public void Wherever_it_is_stopped_the_bootloader_is_seen_to_leave(string board)
    {
        var (clock, undisturbed) = Leave(board, 0);
        for (var n = 1; n <= clock.Calls; n++)
        {
            Assert.Equal((n, undisturbed), (n, Leave(board, n).Left));
        }
    }

    [Theory]
    [InlineData("UploadHelper.Core")]
    [InlineData("UploadHelper.Devices")]
    [InlineData("upload-helper")]
    public void Nothing_reads_the_time_of_day(string assembly) => Assert.Empty(
        AssemblyNames.TypesOf(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")).Intersect(["System.DateTime", "System.DateTimeOffset", "System.Diagnostics.Stopwatch"]));

    private static (StoppedClock Clock, string Run) Upload(string board, int stopAt)
    {
        var kind = FaultBench.All.FirstOrDefault(b => b.Board == board);
        var bench = kind?.Create() ?? new Bench("bluepill,adapter=1,boot0=1");
        var request = kind?.Request(bench) ?? bench.Request(Uart) with
        {
            Port = InProcessSerialPorts.FirstAdapterName,
            Uart = new UartOptions(UartOptions.DefaultBaudRate, ResetSequence.Auto),
            WaitPort = WaitPort.No,
        };
        var clock = new StoppedClock(bench, stopAt);
        try
        {
            var result = new Uploader(bench.Bus, bench.System.SerialPorts, clock, bench.Events.Add).Run(request, CancellationToken.None);
            kind?.AssertComplete(bench);
            return (clock, $"{(result.Verified ? "verified" : "written")}\n{result.Port}\n{Told(bench)}");
        }
        catch (UploadException e)
        {
            Assert.DoesNotContain(bench.Board.Flash.Erases, erased => erased > 0);
            return (clock, $"{e.Error}\n{e.Message}\n{Told(bench)}");
        }
    }

    private static (StoppedClock Clock, string Left) Leave(string board, int stopAt)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var clock = new StoppedClock(bench, 0);
        var result = new BoardOperation(bench.Bus, bench.System.SerialPorts, clock, bench.Events.Add).Run(
            new BootloaderRequest(bench.Filter),
            session =>
            {
                clock.StopAt = stopAt == 0 ? 0 : clock.Calls + stopAt;
                return new BootloaderLeaver(bench.Bus, bench.System.SerialPorts, clock, bench.Events.Add).Leave(session, null, null, CancellationToken.None);
            },
            null,
            CancellationToken.None);
        return (clock, $"{result}\n{Told(bench)}");
    }

    // No warning and no second attempt that the undisturbed upload does without.
    private static string Told(Bench bench) => string.Join('\n', bench.Events.Where(e => e is UploadWarning or Recovering).Select(e => e.ToString()));

    /// <summary>The clock of a bench for a process that is stopped once: the boards go on. It has no time of day.</summary>
    /// <param name="bench">The bench.</param>
    /// <param name="stopAt">At which call of the clock, from 1; 0 for never.</param>
    private sealed class StoppedClock(Bench bench, int stopAt) : TimeProvider
    {
        /// <summary>How often it was asked.</summary>
        public int Calls { get; private set; }

        /// <summary>At which call the process is stopped.</summary>
        public int StopAt { get; set; } = stopAt;

        /// <summary>Whether the board was in its bootloader, or on the way there, and is not any longer.</summary>
        public bool IsLost { get; private set; }

        public override long TimestampFrequency => bench.System.Clock.TimestampFrequency;

        public override long GetTimestamp()
        {
            Stop();
            return bench.System.Clock.GetTimestamp();
        }

        public override DateTimeOffset GetUtcNow() => throw new NotSupportedException("the time of day jumps");

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = bench.System.Clock.CreateTimer(callback, state, dueTime, period);
            Stop();
            return timer;
        }

        private void Stop()
        {
            if (++Calls == StopAt)
            {
                bench.Wait(Hour);
                IsLost = bench.Board.RunningSketch is not null;
            }
        }
    }
}
