using UploadHelper.Host;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Hostile;

/// <summary>
/// An output that fails at its Nth write, for every N of a run: the work on the board goes on to its end, and the exit status
/// is its outcome. What can still be said is said; no half file has the name of a whole one.
/// </summary>
public class FailingOutputTests
{
    private const string Upload = "upload blink.bin --offset 0x2000 --simulate maple20,flash=flash.bin";

    /// <summary>Which output fails, the command, and at least how often it writes there.</summary>
    public static TheoryData<string, string, int> Outputs { get; } = new()
    {
        { "stdout", Upload, 1 },
        { "stderr", Upload, 20 },
        { "stderr", Upload + " --verbose", 20 },
        { "stderr", "upload blink.bin --offset 0x5000 --simulate maple20,flash=flash.bin", 2 },
        { "stdout", Upload + " --json", 15 },
        { "stderr", Upload + " --json", 0 },
        { "trace.txt", Upload + " --trace trace.txt", 40 },
        { "flash.bin", Upload, 1 },
        { "stderr", "erase --yes --simulate f4boot", 5 },
        { "stdout", "leave --simulate maple20", 1 },
        { "stderr", "verify blink.bin --offset 0x2000 --simulate maple20,flash=flash.bin", 2 },
        { "stdout", "verify flash.bin --offset 0x08000000 --simulate maple20,flash=flash.bin", 0 },
        { "trace.txt", "verify blink.bin --offset 0x2000 --simulate maple20,flash=flash.bin --trace trace.txt", 5 },
        { "stdout", "erase --yes --simulate f4boot --json", 2 },
        { "trace.txt", "erase --yes --simulate maple20,flash=flash.bin --trace trace.txt", 5 },
        { "stderr", "leave --simulate maple20", 1 },
        { "trace.txt", "leave --simulate maple20 --trace trace.txt", 5 },
        { "stdout", "read 0x4000 0x400 dump.bin --simulate f4boot", 1 },
        { "stderr", "read 0x4000 0x400 dump.bin --simulate f4boot", 1 },
        { "trace.txt", "read 0x4000 0x400 dump.bin --simulate f4boot --trace trace.txt", 5 },
        { "stderr", "reset sim --simulate f4boot", 1 },
        { "stdout", "reset sim --simulate f4boot", 1 },
        { "trace.txt", "info --simulate f4boot --trace trace.txt", 5 },
        { "stdout", "UPLOADHELPER_SIMULATE=maple20,flash=flash.bin,start=bootloader dfu-util -d 1EAF:0003 -a 2 -D blink.bin", 1 },
        { "stderr", "UPLOADHELPER_SIMULATE=maple20,flash=flash.bin,start=bootloader dfu-util -d 1EAF:0003 -a 2 -D blink.bin", 1 },
        { "stdout", "UPLOADHELPER_SIMULATE=maple20,flash=flash.bin sim 2 1EAF:0003 blink.bin", 1 },
        { "stderr", "UPLOADHELPER_SIMULATE=maple20,flash=flash.bin sim 2 1EAF:0003 blink.bin", 5 },
    };

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Every_write_may_fail_and_the_board_gets_its_sketch(string output, string line, int fewest)
    {
        var (good, whole) = Run(output, line, new FaultyOutput(0, false));
        var writes = whole.Writes;

        Assert.InRange(writes, fewest, int.MaxValue);
        for (var n = 1; n <= writes; n++)
        {
            foreach (var forEver in new[] { false, true })
            {
                var (failed, faulty) = Run(output, line, new FaultyOutput(n, forEver));

                Assert.Equal((n, forEver, good.Status), (n, forEver, failed.Status));
                Assert.True(failed.Flash.AsSpan().SequenceEqual(output == "flash.bin" ? good.Before : good.Flash));
                Assert.Equal(output is "flash.bin" or "trace.txt" ? [output] : [], failed.Warned);
                Assert.Empty(failed.Halves);
                Assert.True(faulty.Writes >= (output == "trace.txt" ? n : writes));
            }
        }
    }

    [Theory]
    [InlineData("stdout", Upload, "stderr")]
    [InlineData("stdout", Upload + " --json", "stderr")]
    [InlineData("stderr", Upload, "stdout")]
    public void What_one_output_loses_the_other_tells_once(string output, string line, string other)
    {
        var (run, _) = Run(output, line, new FaultyOutput(1, true));

        var told = other == "stdout" ? run.Out : run.Error;
        Assert.Equal(2, told.Split("[output-lost]").Length);
        Assert.Contains("No space left on device", told, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void Whatever_the_system_calls_it_no_fault_of_an_output_ends_an_upload(string type)
    {
        var fault = Faults[type];
        foreach (var output in new[] { "stdout", "stderr", "trace.txt" })
        {
            for (var n = 1; n <= 40; n++)
            {
                Assert.Equal(0, Run(output, Upload + " --trace trace.txt", new FaultyOutput(n, true, fault)).Outcome.Status);
            }
        }
    }

    private static readonly Dictionary<string, Exception> Faults = new()
    {
        ["EIO"] = new IOException("Input/output error"),
        ["EBADF"] = new UnauthorizedAccessException(),
        ["EFBIG"] = new ArgumentOutOfRangeException("value"),
        ["closed"] = new ObjectDisposedException("stream"),
    };

    public static TheoryData<string> Exceptions() => new(Faults.Keys);

    [Theory]
    [InlineData("list --simulate f4boot")]
    [InlineData("info --simulate f4boot")]
    [InlineData("explain no-device")]
    [InlineData("image blink.bin")]
    [InlineData("doctor --udev-rules")]
    [InlineData("--help")]
    [InlineData("upload --help")]
    [InlineData("--version")]
    public void A_command_that_only_prints_fails_with_its_output(string line)
    {
        var (run, _) = Run("stdout", line, new FaultyOutput(1, true));

        Assert.Equal(2, run.Status);
        Assert.EndsWith("error: Cannot write to standard output: No space left on device [configuration]\n", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dump.bin")]
    [InlineData("dump.hex")]
    public void A_dump_that_cannot_be_kept_is_an_error_and_leaves_the_file_that_was_there(string file)
    {
        for (var n = 1; n <= 3; n++)
        {
            using var run = Prepared();
            run.With(file, [1, 2, 3]);
            run.CreateFile = path => path.EndsWith(file + ".part", StringComparison.Ordinal) ? new FaultyOutput(n, true).AsStream(OutputFile.OnDisk(path)) : OutputFile.OnDisk(path);

            run.Do($"read 0x4000 0x4000 {file} --simulate f4boot");

            if (run.Printed.Status == 0)
            {
                Assert.True(n > 1);
                return;
            }

            run.Printed.Exits(2).Errs("configuration", file, "No space left on device", "The board is unchanged.");
            Assert.Equal([1, 2, 3], run.Bytes(file));
            Assert.False(File.Exists(run.PathOf(file + ".part")));
        }
    }

    [Fact]
    public void A_trace_has_its_name_when_it_is_complete()
    {
        using var run = Prepared();
        var names = new List<string>();
        run.CreateFile = path =>
        {
            names.Add(Path.GetFileName(path));
            return OutputFile.OnDisk(path);
        };

        run.Do(Upload + " --trace trace.txt").Exits(0);

        Assert.Equal(["trace.txt.part", "flash.bin.part"], names);
        Assert.EndsWith("}\n", File.ReadAllText(run.PathOf("trace.txt")), StringComparison.Ordinal);
        Assert.False(File.Exists(run.PathOf("trace.txt.part")));
    }

    [Fact]
    public void A_trace_that_cannot_even_begin_is_left_out()
    {
        using var run = Prepared();
        run.CreateFile = path => path.Contains("trace", StringComparison.Ordinal) ? throw new IOException("No space left on device") : OutputFile.OnDisk(path);

        run.Do(Upload + " --trace trace.txt").Exits(0).Warns("file-not-kept", "trace.txt");
    }

    [BashFact]
    public void A_file_takes_no_devices_place()
    {
        using var run = Prepared();
        File.CreateSymbolicLink(run.PathOf("null.txt"), "/dev/null");
        File.CreateSymbolicLink(run.PathOf("link.txt"), run.PathOf("real.txt"));
        run.With("real.txt", [1]);

        run.Do(Upload + " --trace null.txt").Exits(0);
        run.Do(Upload + " --trace link.txt").Exits(0);

        Assert.Equal("/dev/null", new FileInfo(run.PathOf("null.txt")).LinkTarget);
        Assert.Equal(run.PathOf("real.txt"), new FileInfo(run.PathOf("link.txt")).LinkTarget);
        Assert.NotEqual(1, new FileInfo(run.PathOf("real.txt")).Length);
    }

    private static ProgramRun Prepared() => new ProgramRun().Sketch(0x0800_2000, 3_000, 0x2000_5000).With("flash.bin", SketchImage.Noise(3, 1 << 17));

    private static (Outcome Outcome, FaultyOutput Output) Run(string output, string line, FaultyOutput faulty)
    {
        using var run = Prepared();
        var before = run.Bytes("flash.bin");
        run.Output = output == "stdout" ? faulty.AsWriter() : null;
        run.ErrorOutput = output == "stderr" ? faulty.AsWriter() : null;
        run.CreateFile = path => Path.GetFileName(path) == output + ".part" ? faulty.AsStream(OutputFile.OnDisk(path)) : OutputFile.OnDisk(path);
        var words = run.Arguments(line);
        foreach (var variable in words.Where(w => w.StartsWith("UPLOADHELPER_", StringComparison.Ordinal)))
        {
            run.Environment[variable.Split('=', 2)[0]] = variable.Split('=', 2)[1];
        }

        run.Run([.. words.Where(w => !w.StartsWith("UPLOADHELPER_", StringComparison.Ordinal))]);
        string[] halves = [.. Directory.GetFiles(Path.GetDirectoryName(run.PathOf("x"))!, "*.part")];
        var hasTrace = File.Exists(run.PathOf("trace.txt"));
        Assert.True(!hasTrace || File.ReadAllText(run.PathOf("trace.txt")).EndsWith("}\n", StringComparison.Ordinal));
        var lost = run.Printed.Coded().Where(c => c.Code == "file-not-kept").Select(c => c.Line).ToList();
        Assert.True(output != "trace.txt" || lost.Count == (hasTrace ? 0 : 1));
        return (new Outcome(run.Printed.Status, before, run.Bytes("flash.bin"), halves, [.. lost.Select(l => l.Contains(output, StringComparison.Ordinal) ? output : l)], run.Out, run.Error), faulty);
    }

    private sealed record Outcome(int Status, byte[] Before, byte[] Flash, string[] Halves, string[] Warned, string Out, string Error);
}
