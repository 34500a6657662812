using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>A wrong command line is answered with what is wrong, what was probably meant, and the nearest form of the command.</summary>
public class BadInputTests
{
    private const string ByHand = "Usage: upload-helper PORT OFFSET FILE. See: upload-helper --help";
    private const string AsMapleLoader = "Usage: upload-helper PORT ALT VID:PID FILE [IDE-PATH] [DFUSE-ADDRESS]. See: upload-helper --help";
    private const string Upload = "Usage: upload-helper upload FILE [options]. See: upload-helper upload --help";
    private const string NoCommand = "Usage: upload-helper PORT OFFSET FILE, or upload-helper COMMAND. See: upload-helper --help";

    [Theory]
    [InlineData("uplaod x.bin", "Unknown command \"uplaod\". Did you mean \"upload\"?", "See: upload-helper upload --help")]
    [InlineData("--json=false lits", "Unknown command \"lits\". Did you mean \"list\"?", "See: upload-helper list --help")]
    [InlineData("frobnicate", "Unknown command \"frobnicate\".", "See: upload-helper --help")]
    [InlineData("x.bin", "The command is missing. Did you mean: upload-helper upload x.bin?", ByHand)]
    [InlineData("", "The command is missing.", NoCommand)]
    [InlineData("--verbose", "The command is missing.", NoCommand)]
    [InlineData("--all x.bin", "The command is missing: --all is an option of upload.", "See: upload-helper --help")]
    public void A_command(string line, string message, string hint) => AssertRefused(line, message, hint);

    [Theory]
    [InlineData("upload --ofset 0x4000 x.bin", "Unknown option --ofset. Did you mean --offset?", Upload)]
    [InlineData("upload x.bin --ofset=0x4000", "Unknown option --ofset. Did you mean --offset?", Upload)]
    [InlineData("upload x.bin --no-verfy", "Unknown option --no-verfy. Did you mean --no-verify?", Upload)]
    [InlineData("upload x.bin -port COM5", "Unknown option -port. Did you mean --port?", Upload)]
    [InlineData("upload --frobnicate x.bin", "Unknown option --frobnicate.", Upload)]
    [InlineData("COM5 0x4000 x.bin --no-leeve", "Unknown option --no-leeve. Did you mean --no-leave?", Upload)]
    [InlineData("list --ofset 0x4000", "Unknown option --ofset. Did you mean --offset?", "Usage: upload-helper list [options]. See: upload-helper list --help")]
    [InlineData("list --offset 0x4000", "list has no option --offset; it is an option of upload, verify, erase, leave and image.", "Usage: upload-helper list [options]. See: upload-helper list --help")]
    [InlineData("upload x.bin --yes", "upload has no option --yes; it is an option of erase, unprotect and install-bootloader.", Upload)]
    [InlineData("upload x.bin --offset", "The value of --offset is missing. Expected --offset OFFSET.", Upload)]
    [InlineData("upload --offset --port COM5 x.bin", "The value of --offset is missing. Expected --offset OFFSET.", Upload)]
    [InlineData("upload x.bin --wait-port", "The value of --wait-port is missing. Expected --wait-port auto|yes|no.", Upload)]
    [InlineData("upload x.bin --offset 0x4000 --address 0x8000", "--address is given twice.", Upload)]
    [InlineData("upload x.bin --full=perhaps", "Invalid value \"perhaps\" for --full. Expected true or false.", Upload)]
    [InlineData("simulate --for 1", "--board is missing. Expected --board NAME[,key=value].", "Usage: upload-helper simulate [options]. See: upload-helper simulate --help")]
    public void An_option(string line, string message, string hint) => AssertRefused(line, message, hint);

    [Theory]
    [InlineData("/dev/ttyACM0 0x4000", "FILE is missing.", ByHand)]
    [InlineData("COM5 0x4000 --verbose", "FILE is missing.", ByHand)]
    [InlineData("COM5 x.bin", "OFFSET is missing.", ByHand)]
    [InlineData("COM5 x.hex", "OFFSET is missing.", "Usage: upload-helper PORT OFFSET FILE, or upload-helper upload --port COM5 x.hex. See: upload-helper --help")]
    [InlineData("COM5", "OFFSET and FILE are missing.", ByHand)]
    [InlineData("COM5 0x4000 x.bin y", "Unexpected argument \"y\".", ByHand)]
    [InlineData("COM5 0x4000 x.bin y z", "Unexpected arguments \"y\" and \"z\".", ByHand)]
    [InlineData("COM5 2 1EAF:0003", "FILE is missing.", AsMapleLoader)]
    [InlineData("COM5 2 1EAF:0003 --json=false", "FILE is missing.", AsMapleLoader)]
    [InlineData("COM5 1EAF:0003 x.bin", "ALT is missing.", AsMapleLoader)]
    [InlineData("COM5 0x2 1EAF:0003 x.bin", "Unexpected argument \"1EAF:0003\".", ByHand)]
    [InlineData("COM5 2 0x4000 1EAF:0003 x.bin", "Unexpected argument \"0x4000\".", AsMapleLoader)]
    [InlineData("COM5 2 1EAF 0003", "FILE is missing.", "Usage: upload-helper PORT ALT VID PID FILE. See: upload-helper --help")]
    [InlineData("COM5 2 1EAF:0003 my sketch.bin", "Unexpected argument \"sketch.bin\" after the file my.", "Usage: upload-helper PORT ALT VID:PID FILE [IDE-PATH] [DFUSE-ADDRESS]. Put quotes around a path with spaces. See: upload-helper --help")]
    public void A_calling_shape(string line, string message, string hint) => AssertRefused(line, message, hint);

    [Theory]
    [InlineData("upload --offset 0x4000", "FILE is missing.", Upload)]
    [InlineData("upload a.bin b.bin", "Unexpected argument \"b.bin\".", Upload)]
    [InlineData("upload 0x4000 x.bin", "Unexpected argument \"0x4000\". Did you mean --offset 0x4000?", Upload)]
    [InlineData("upload COM5 0x4000 x.bin", "Unexpected arguments \"COM5\" and \"0x4000\". Did you mean --port COM5 --offset 0x4000?", Upload)]
    [InlineData("read 0x4000", "FILE is missing.", "Usage: upload-helper read ADDRESS [LENGTH] FILE [options]. See: upload-helper read --help")]
    [InlineData("read x.bin", "ADDRESS is missing.", "Usage: upload-helper read ADDRESS [LENGTH] FILE [options]. See: upload-helper read --help")]
    [InlineData("reset", "PORT is missing.", "Usage: upload-helper reset PORT [options]. See: upload-helper reset --help")]
    [InlineData("erase 0x4000 0x4000 0x4000", "Unexpected argument \"0x4000\". Did you mean --offset 0x4000?", "Usage: upload-helper erase [ADDRESS] [LENGTH] [options]. See: upload-helper erase --help")]
    [InlineData("list boards", "Unexpected argument \"boards\".", "Usage: upload-helper list [options]. See: upload-helper list --help")]
    public void The_arguments_of_a_command(string line, string message, string hint) => AssertRefused(line, message, hint);

    [Theory]
    [InlineData("upload x.bin --ofset 0x4000")]
    [InlineData("upload x.bin y.bin")]
    [InlineData("read 0x4000 x.bin --offset 0x4000")]
    [InlineData("leave --timeout")]
    public void Nothing_is_opened_before(string line)
    {
        using var run = new ProgramRun();
        var (flash, trace) = (run.PathOf("flash"), run.PathOf("trace"));

        Assert.Equal(2, run.Run([.. line.Split(' ')[..1], "--simulate", $"f4boot,flash={flash}", "--trace", trace, .. line.Split(' ')[1..]]));

        Assert.False(File.Exists(flash));
        Assert.False(File.Exists(trace));
    }

    [Theory]
    [InlineData("upload --ofset --help", "upload <FILE> [options]")]
    [InlineData("--help uplaod", "[command] [options]")]
    public void Help_comes_first(string line, string expected)
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run(line.Split(' ')));

        Assert.Contains(expected, run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("upload -- -x.bin --simulate f4boot --offset 0x4000")]
    [InlineData("upload -x.bin")]
    public void A_file_whose_name_begins_with_a_dash_stands_behind_two(string line)
    {
        using var run = new ProgramRun();

        Assert.Equal(2, run.Run(line.Split(' ')));

        Assert.Contains(line.Contains("-- ", StringComparison.Ordinal) ? "Unexpected argument" : "Unknown option -x.bin.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_may_look_like_anything()
    {
        using var run = new ProgramRun();

        Assert.Equal(3, run.Run("upload", run.PathOf("none.bin"), "--serial", "--ofset", "--simulate=f4boot", "--full", "false"));

        Assert.Contains("[image-missing]", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_reads_it_as_JSON()
    {
        using var run = new ProgramRun();

        Assert.Equal(2, run.Run("upload", "--json", "--ofset", "1"));

        Assert.StartsWith("{\"schema\":1,\"event\":\"result\",\"board\":null,\"exitStatus\":2,\"code\":\"usage\",\"message\":\"Unknown option --ofset.", run.Out, StringComparison.Ordinal);
    }

    // A pattern that a shell has expanded.
    [Theory]
    [InlineData("COM5")]
    [InlineData("upload")]
    public void Very_many_arguments_are_refused_at_once(string first)
    {
        using var run = new ProgramRun();

        Assert.Equal(2, run.Run([first, .. Enumerable.Range(0, 10_000).Select(n => $"{n}.bin")]));

        Assert.Contains("Unexpected arguments \"1.bin\", \"2.bin\", \"3.bin\" and 9996 more.", run.Error, StringComparison.Ordinal);
    }

    private static void AssertRefused(string line, string message, string hint)
    {
        using var run = new ProgramRun();

        Assert.Equal(2, run.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

        Assert.Equal($"hint: {hint}\nerror: {message} [usage]\n", run.Error.ReplaceLineEndings("\n"));
        Assert.Empty(run.Out);
    }
}
