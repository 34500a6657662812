using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What the user sees of a Maple board.</summary>
public class MapleCommandTests
{
    [Theory]
    [InlineData("maple20-alt2", "maple20", 0x0800_2000u, "--offset 0x2000", 0)]
    [InlineData("maple20-alt1", "maple20", 0x0800_5000u, "--alt 1 --offset 0x5000", 0)]
    [InlineData("maple20-alt-names-the-place", "maple20", 0x0800_2000u, "--alt 2", 0)]
    [InlineData("maple20-alt-and-offset-disagree", "maple20", 0x0800_2000u, "--alt 1 --offset 0x2000", 4)]
    [InlineData("maple20-ram", "maple20", 0x0800_2000u, "--alt 0 --offset 0x2000", 4)]
    [InlineData("maple20-winusb", "maple20,reset=no", 0x0800_2000u, "--offset 0x2000 --wait-port yes", 10)]
    [InlineData("maple20-winusb-no-wait", "maple20,reset=no", 0x0800_2000u, "--offset 0x2000 --wait-port no", 0)]
    [InlineData("maple-orig", "maple-orig", 0x0800_5000u, "--offset 0x5000", 0)]
    [InlineData("maple-f4", "maple-f4", 0x0801_0000u, "--offset 0x10000", 0)]
    public void An_upload(string snapshot, string board, uint linkedFor, string options, int expected)
    {
        using var run = new ProgramRun();
        var file = run.File("blink.bin", SketchImage.Bytes(linkedFor, 5_000, stack: board == "maple-f4" ? 0x2001_0000u : 0x2000_5000));

        var status = run.Run(["upload", file, "--simulate", board, .. options.Split(' ')]);

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Theory]
    [InlineData("maple20")]
    [InlineData("maple-orig")]
    [InlineData("maple-f4")]
    public void The_list(string board)
    {
        using var run = new ProgramRun();

        run.Run("list", "--simulate", board);

        Snapshot.Match(run.Transcript, $"list-{board}");
    }
}
