using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What differs by who calls: a person at a terminal, IDE 1.8 (which says nothing of itself), arduino-cli and IDE 2.</summary>
public class CallingHostTests
{
    private const string Cli = "arduino-cli/1.2.0 ArduinoIDE/2.3.6";

    [Theory]
    [InlineData(null, "f4boot", 0x0800_4000, "Wait Board", "4000 0x08004000 11.6", " sim.")]
    [InlineData(Cli, "f4boot", 0x0800_4000, "Board", "4000 0x08004000 0.8 10", "bootloader starts")]
    [InlineData(Cli, "f4rom", 0x0800_0000, "Board", "4000 0x08000000 1.0", "bootloader was told")]
    public void Whether_it_waits_for_the_sketchs_port(string? agent, string board, uint address, string then, string done, string result)
    {
        using var run = Run(agent, terminal: false);

        run.Sketch(address, name: "Blink.ino.bin").Run("upload", run.PathOf("Blink.ino.bin"), "--simulate", board, "--port=sim", $"--offset=0x{address:X8}");

        run.Printed.Exits(0).Steps($"Image Reset Wait Found Compare Plan Erase Write Verify Finalize Start {then}").Ends(done, ", verified", result);
    }

    [Fact]
    public void Asked_to_wait_it_waits_under_arduino_cli_as_well()
    {
        using var run = Run(Cli, terminal: false);

        Assert.Equal(0, Upload(run, "--wait-port=yes"));

        run.Printed.Ends("4000 0x08004000 11.6", " sim.");
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(Cli, false)]
    public void Lines_are_written_over_and_coloured_on_a_persons_terminal_only(string? agent, bool expected)
    {
        using var run = Run(agent, terminal: true);

        Assert.Equal(0, Upload(run));
        Assert.Equal(expected, run.Error.Contains('\r'));
        Assert.Equal(6, run.Run("upload", run.PathOf("x.bin"), "--simulate=f4rom,sketch=none", "--port=", "--offset=0x4000"));
        Assert.Equal(expected, run.Error.Contains('\e'));
    }

    [Fact]
    public void The_status_bar_of_ide_18_gets_the_failure()
    {
        using var run = Run(null, terminal: false);

        run.Run("upload", run.PathOf("missing.bin"), "--simulate=f4boot", "--offset=0x4000");

        // It shows the last line that has "error" in it, and takes any line after it for a part of that.
        var lines = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lines[^1], Assert.Single(lines, l => l.Contains("error", StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public void Json_tells_how_long_the_bootloader_takes()
    {
        using var run = Run(Cli, terminal: false);

        Assert.Equal(0, Upload(run, "--json"));

        Assert.Equal(10, run.Printed.Result.GetProperty("startsAfter").GetInt32());
    }

    [Theory]
    [InlineData(Cli, "upload x.bin --simulate=f4rom,sketch=none --port=/dev/ttyACM9 --offset=0 --alt=0")]
    [InlineData(null, "upload x.bin --simulate=f4rom,sketch=none --port= --offset=0 --alt=0")]
    [InlineData(null, "upload x.bin --simulate=f4rom,sketch=none --port=/dev/ttyACM9 --offset=0 --alt={upload.altID}")]
    [InlineData(null, "upload arduino_build_7.bin --simulate=f4rom,sketch=none --port=/dev/ttyACM9 --offset=0 --alt=0")]
    [InlineData(null, "ttyACM9 0 0483:DF11 x.bin /opt/arduino-1.8 --simulate=f4rom,sketch=none --offset=0")]
    public void A_user_of_an_ide_is_told_to_press_Upload_again(string? agent, string line)
    {
        using var run = Run(agent, terminal: false);
        run.Sketch(0x0800_0000, name: "x.bin").Sketch(0x0800_0000, name: "arduino_build_7.bin");

        run.Run(Words(run, line));

        run.Printed.Fails(6, "no-device").Hints("press Upload again").PrintsNot("command again");
        run.Run([.. Words(run, line), "--json"]);
        Assert.Contains("press Upload again", run.Printed.Result.GetProperty("hint").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "upload x.bin --simulate=f4rom,sketch=none --port=/dev/ttyACM9 --offset=0 --alt=0")]
    [InlineData(true, "upload x.bin --simulate=f4rom,sketch=none --port= --offset=0")]
    [InlineData(false, "ttyACM9 0 0483:DF11 x.bin --simulate=f4rom,sketch=none --offset=0")]
    public void A_person_is_told_to_run_the_command_again(bool terminal, string line)
    {
        using var run = Run(null, terminal);
        run.Sketch(0x0800_0000, name: "x.bin");

        run.Run(Words(run, line));

        run.Printed.Exits(6).Prints("run the same command again at once").PrintsNot("Upload again");
    }

    // One phrase stands for both: a hint that says it otherwise would tell the user of an IDE to type.
    [Fact]
    public void No_hint_asks_for_a_repetition_in_other_words() => Assert.DoesNotMatch(
        "(?i)\\brun\\b[^\".,;:]{0,25}\\bagain\\b",
        string.Concat(TestFiles.Sources("src").Where(s => !s.Contains("class ErrorTable", StringComparison.Ordinal) && !s.Contains("class WarningTable", StringComparison.Ordinal) && !s.Contains("class Again", StringComparison.Ordinal))
            .SelectMany(s => s.Split('\n')).Select(l => l.TrimStart()).Where(l => l.Contains('"', StringComparison.Ordinal) && !l.StartsWith("//", StringComparison.Ordinal))));

    private static string[] Words(ProgramRun run, string line) =>
        [.. line.Split(' ').Select(w => w.EndsWith(".bin", StringComparison.Ordinal) ? run.PathOf(w) : w)];

    private static ProgramRun Run(string? agent, bool terminal)
    {
        var run = new ProgramRun { Typed = terminal ? "" : null };
        if (agent is not null)
        {
            run.Environment["ARDUINO_USER_AGENT"] = agent;
        }

        return run;
    }

    private static int Upload(ProgramRun run, params string[] more) =>
        run.Run(["upload", run.File("x.bin", SketchImage.Bytes(0x0800_4000, 4_000)), "--simulate=f4boot", "--port=sim", "--offset=0x4000", .. more]);
}
