using System.CommandLine;
using UploadHelper.Tests.Arduino;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>
/// Whole transcripts of typical runs, for readers: Snapshots/*.txt shows what the program looks like. Everything else is
/// asserted by the lines that matter (<see cref="Printed"/>). UPDATE_SNAPSHOTS=1 writes them anew.
/// </summary>
public class ShowcaseTests
{
    // A snapshot that nobody reads is no showcase.
    private const int MostSnapshots = 24;

    [Theory]
    [InlineData("help-program", "--help")]
    [InlineData("help-upload", "upload --help")]
    [InlineData("explain", "explain")]
    [InlineData("list-f4rom", "list --simulate f4rom")]
    [InlineData("info-maple20", "info --simulate maple20")]
    [InlineData("read-flash", "read 0x4000 0x1000 dump.bin --simulate f4boot")]
    [InlineData("erase-sketch", "erase --yes --simulate f4boot")]
    [InlineData("leave-f4boot", "leave --simulate f4boot")]
    public void Without_a_sketch(string snapshot, string line) => Show(snapshot, line, run => run);

    [Theory]
    [InlineData("upload-f4boot", 0x0800_4000, "upload blink.bin --offset 0x4000 --simulate f4boot")]
    [InlineData("upload-verbose", 0x0800_4000, "upload blink.bin --offset 0x4000 --simulate f4boot --verbose")]
    [InlineData("upload-json", 0x0800_4000, "upload blink.bin --offset 0x4000 --simulate f4boot --json")]
    [InlineData("upload-maple20", 0x0800_2000, "upload blink.bin --offset 0x2000 --simulate maple20", 0x2000_5000)]
    [InlineData("upload-three-boards", 0x0800_0000, "upload blink.bin --offset 0 --simulate f4rom,count=3 --all")]
    [InlineData("upload-after-a-reset", 0x0800_0000, "upload blink.bin --offset 0 --simulate f4rom,start=bootloader,boot0=1,fault=reset@40")]
    [InlineData("upload-board-lost", 0x0800_0000, "upload blink.bin --offset 0 --simulate f4rom,start=bootloader,fault=gone@40")]
    [InlineData("upload-refused", 0x0801_0000, "upload blink.bin --offset 0x4000 --simulate f4boot")]
    [InlineData("image-bin", 0x0800_4000, "image blink.bin")]
    [InlineData("verify-difference", 0x0800_4000, "verify blink.bin --offset 0x4000 --simulate f4boot")]
    public void With_a_sketch(string snapshot, uint linkedFor, string line, uint stack = 0x2001_0000) => Show(snapshot, line, run => run.Sketch(linkedFor, stack: stack));

    [Fact]
    public void The_boards_of_a_core()
    {
        using var core = new InstalledCore("Arduino_STM32-F1");
        using var run = new ProgramRun();

        run.Run("boards", core.Boards);

        Snapshot.Match(run.Transcript, "boards-f1");
    }

    [Fact]
    public void No_snapshot_is_left_behind_by_its_test()
    {
        var sources = string.Concat(TestFiles.Sources("tests/UploadHelper.Tests"));
        var snapshots = Directory.GetFiles(Snapshot.Folder).Select(f => Path.GetFileNameWithoutExtension(f)!).ToList();

        Assert.All(snapshots, s => Assert.Contains($"\"{s}\"", sources, StringComparison.Ordinal));
        Assert.InRange(snapshots.Count, 1, MostSnapshots);
    }

    private static void Show(string snapshot, string line, Func<ProgramRun, ProgramRun> prepare)
    {
        using var run = new ProgramRun();

        prepare(run).Do(line);

        // Help names the process that it runs in.
        Snapshot.Match(run.Transcript.Replace($"  {RootCommand.ExecutableName} ", "  upload-helper ", StringComparison.Ordinal), snapshot);
    }
}
