using UploadHelper.Core.Timing;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.VirtualBoard.InProcess;

public class VirtualClockTests
{
    [Fact]
    public void Waiting_moves_the_clock_to_the_due_time()
    {
        var clock = new VirtualClock();
        var start = clock.GetTimestamp();

        clock.Wait(TimeSpan.FromSeconds(20), default);

        Assert.Equal(TimeSpan.FromSeconds(20), clock.GetElapsedTime(start));
    }

    [Fact]
    public void A_cancelled_wait_does_not_move_it()
    {
        var clock = new VirtualClock();

        Assert.Throws<OperationCanceledException>(() => clock.Wait(TimeSpan.FromSeconds(20), new CancellationToken(canceled: true)));

        Assert.Equal(TimeSpan.Zero, clock.Now);
    }

    [Fact]
    public void With_several_flows_it_moves_to_the_earliest_due_time_once_all_of_them_wait()
    {
        var clock = new VirtualClock();
        var seen = new List<TimeSpan>[] { [], [] };

        clock.RunTogether([.. seen.Select((times, i) => (Action)(() =>
        {
            for (var step = 0; step < 50; step++)
            {
                clock.Advance(TimeSpan.FromMilliseconds(i + 2));
                times.Add(clock.Now);
            }
        }))]);

        Assert.Equal(Enumerable.Range(1, 50).Select(n => TimeSpan.FromMilliseconds(2 * n)), seen[0]);
        Assert.Equal(Enumerable.Range(1, 50).Select(n => TimeSpan.FromMilliseconds(3 * n)), seen[1]);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(TimeSpan.FromMilliseconds(151), clock.Now);
    }
}
