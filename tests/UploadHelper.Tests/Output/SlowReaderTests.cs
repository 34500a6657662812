using UploadHelper.Output;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Output;

public class SlowReaderTests
{
    private const int RefusedAtOnce = 20;

    [Theory]
    [InlineData(4, RefusedAtOnce, false, null, true)]
    [InlineData(0, RefusedAtOnce, false, null, false)]
    [InlineData(4, 15_000, false, null, false)]
    [InlineData(4, RefusedAtOnce, true, null, false)]
    [InlineData(4, RefusedAtOnce, false, "arduino-cli/1.2.0", false)]
    public void A_run_that_fails_at_once_stays_until_arduinos_ide_has_begun_to_read(int status, int ran, bool terminal, string? agent, bool waits)
    {
        var clock = new VirtualClock();
        var start = clock.GetTimestamp();
        var environment = new Dictionary<string, string>();
        if (agent is not null)
        {
            environment["ARDUINO_USER_AGENT"] = agent;
        }

        clock.Advance(TimeSpan.FromMilliseconds(ran));
        SlowReader.WaitFor(status, new ConsoleStreams(TextReader.Null, TextWriter.Null, TextWriter.Null, terminal), environment, clock, start);

        Assert.Equal(waits ? SlowReader.Begins : TimeSpan.Zero, clock.GetElapsedTime(start) - TimeSpan.FromMilliseconds(ran));
    }
}
