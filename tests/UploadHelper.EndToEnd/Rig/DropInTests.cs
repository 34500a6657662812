using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>
/// Command lines of dfu-util, by real dfu-util 0.11 and by ours under its name, on the same virtual board: exit status, flash and files.
/// The lines and the known differences are in tests/rig/dfu-util-lines.tsv.
/// </summary>
[Collection(RigCollection.Name)]
public sealed class DropInTests(DropInTests.Run rig, ITestOutputHelper output) : IClassFixture<DropInTests.Run>
{
    private const int LargestUnit = 32;

    public sealed class Run(RigMachine machine) : RigRun(machine, "drop-in")
    {
        protected override int Seconds => 1500;
    }

    private static readonly IReadOnlyList<string[]> Rows =
        [.. File.ReadLines(Repository.PathOf("tests", "rig", "dfu-util-lines.tsv")).Where(l => !l.StartsWith('#')).Select(l => l.Split('\t'))];

    public static TheoryData<string> Lines => [.. Rows.Select(r => r[0])];

    [RigTheory]
    [MemberData(nameof(Lines))]
    public void Both_do_the_same(string name)
    {
        var row = Rows.Single(r => r[0] == name);
        output.WriteLine($"dfu-util {row[2]}");
        output.WriteLine($"dfu-util 0.11: exit {rig.Status($"{name}-theirs")}, {rig.Text($"{name}-theirs.seconds").Trim()} s; upload-helper: exit {rig.Status($"{name}-ours")}, {rig.Text($"{name}-ours.seconds").Trim()} s");
        output.WriteLine(rig.Text($"{name}-ours.out"));

        Assert.Equal((row[3], row[4]), ($"{rig.Status($"{name}-theirs")}", $"{rig.Status($"{name}-ours")}"));
        Assert.True(row[3] == row[4] && row[5] is "same" or "-" || row.Length > 6, "A difference needs a reason.");
        Assert.Equal(row[5], row[5] == "-" ? "-" : Difference(name, row));
        if (row[5] != "-")
        {
            Assert.True(row[1] == "=" || rig.Summary($"{name}-ours")["violations"] == "0", rig.Text($"{name}-ours.board"));
        }
    }

    /// <summary>Scripts find boards in these lines; only the device's number on the bus is another each time it is plugged in.</summary>
    [RigTheory]
    [InlineData("list")]
    [InlineData("list-id")]
    [InlineData("list-alternate")]
    [InlineData("list-path")]
    [InlineData("list-runtime")]
    public void Its_list_is_the_same(string name)
    {
        var theirs = Found(name + "-theirs");

        Assert.NotEmpty(theirs);
        Assert.Equal(theirs, Found(name + "-ours"));

        IReadOnlyList<string> Found(string step) => [.. rig.Text(step + ".out").Split('\n').Where(l => l.StartsWith("Found", StringComparison.Ordinal)).Select(WithoutNumber)];
        static string WithoutNumber(string line) => string.Concat(line.Split(", ").Where(f => !f.StartsWith("devnum=", StringComparison.Ordinal)));
    }

    [RigFact]
    public void The_lines_that_callers_read_are_there()
    {
        Assert.All((string[])["Download done.", "File downloaded successfully"], l => Assert.Contains(l, rig.Text("qmk-ours.out"), StringComparison.Ordinal));
        Assert.Contains("Download done.", rig.Text("maple-ours.out"), StringComparison.Ordinal);
        Assert.Contains(", verified, ", rig.Text("qmk-ours.out"), StringComparison.Ordinal);
    }

    [RigFact]
    public void It_waits_for_a_board_that_comes_later()
    {
        Assert.Equal(0, rig.Status("wait-later"));
        Assert.Contains("Download done.", rig.Text("wait-later.out"), StringComparison.Ordinal);
        Assert.Equal("0", rig.Summary("wait-later")["violations"]);
    }

    private string Difference(string name, string[] row)
    {
        var kind = row[2].Contains("{new}", StringComparison.Ordinal) ? "new" : "flash";
        var (theirs, ours) = (rig.Bytes($"{name}-theirs.{kind}"), rig.Bytes($"{name}-ours.{kind}"));
        Assert.Equal(theirs.Length, ours.Length);
        var differences = Enumerable.Range(0, ours.Length).Where(i => ours[i] != theirs[i]).ToList();
        return differences.Count == 0 ? "same" : differences.TrueForAll(i => ours[i] == 0xFF) && LongestRun(differences) < LargestUnit ? "padded" : "differs";
    }

    // dfu-util sends a last block as it is, and the device fills its unit of programming with whatever is in its buffer; ours pads it.
    private static int LongestRun(List<int> indices)
    {
        var (longest, run) = (1, 1);
        for (var i = 1; i < indices.Count; i++)
        {
            run = indices[i] == indices[i - 1] + 1 ? run + 1 : 1;
            longest = Math.Max(longest, run);
        }

        return longest;
    }
}
