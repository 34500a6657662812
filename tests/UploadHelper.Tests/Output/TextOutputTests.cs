using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Output;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Output;

/// <summary>What text looks like: progress, sectors, colours, and how long it stays.</summary>
public class TextOutputTests
{
    [Fact]
    public void Off_a_terminal_marks_are_only_appended()
    {
        var text = Show(isTerminal: false, (10, 100), (30, 100), (80, 100), (100, 100));

        Assert.Equal("Write     25% 50% 75% 100%\n", text);
    }

    [Fact]
    public void On_a_terminal_a_bar_is_written_over()
    {
        var text = Show(isTerminal: true, (50, 100), (100, 100));

        Assert.Equal(
            "Write     \rWrite     [###############               ]  50%\rWrite     [##############################] 100%\n", text);
    }

    private static string Show(bool isTerminal, params (long Done, long Total)[] steps)
    {
        var writer = new StringWriter { NewLine = "\n" };
        var line = new ProgressLine(writer, isTerminal);
        foreach (var (done, total) in steps)
        {
            line.Show("Write     ", done, total, () => "");
        }

        return writer.ToString();
    }

    [Fact]
    public void Sectors_in_a_row_are_one_line()
    {
        var map = MemoryMap.Parse("@Internal Flash   /0x08000000/04*016Kg,01*064Kg,02*128Kg");

        var lines = SectorText.Of(map.Groups.SelectMany(g => Enumerable.Range(0, g.Count).Select(i => map.SectorAt(g.Address + i * g.SectorSize)!.Value)));

        Assert.Equal(
            [
                "sectors 0x08000000 to 0x0800FFFF, 4 of 16384 bytes",
                "sector 0x08010000 to 0x0801FFFF",
                "sectors 0x08020000 to 0x0805FFFF, 2 of 131072 bytes",
            ],
            lines);
    }

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

    [Theory]
    [InlineData(false, "hint: ?[2J\nerror: ?]0;x? [no-device]\n")]
    [InlineData(true, "hint: ?[2J\n\e[31merror:\e[0m ?]0;x? [no-device]\n")]
    public void Only_the_programs_own_colours_are_escape_sequences(bool color, string printed)
    {
        var error = new StringWriter { NewLine = "\n" };
        var streams = new ConsoleStreams(TextReader.Null, TextWriter.Null, error, ErrorIsTerminal: color);

        new TextReporter(streams, verbose: false, quiet: false, color).Failed(new UploadException(UploadError.NoDevice, "\e]0;x\a", "\e[2J"));

        Assert.Equal(printed, error.ToString());
    }
}
