using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>From the click to the running sketch: ours against the steps of the old chain, on the same board in one run.</summary>
public sealed class ChainTests(ChainTests.Run rig, ITestOutputHelper output) : IClassFixture<ChainTests.Run>
{
    public sealed class Run() : RigRun("chain");

    // An emulated processor takes longest to start a program, and ours is the larger one: that is told apart.
    [TimedRigTheory]
    [InlineData("f4boot", 0x4000, "blink-08004000")]
    [InlineData("maple20", 0x2000, "blink-08002000")]
    public void Both_lead_to_the_new_sketch_and_ours_takes_no_longer(string board, int offset, string firmware)
    {
        var image = File.ReadAllBytes(Repository.PathOf("tests", "firmware", firmware + ".bin"));
        foreach (var chain in (string[])["ours", "old-chain"])
        {
            Assert.Equal("sketch:blink", rig.Summary($"{board}-{chain}")["running"]);
            Assert.Equal(image, rig.Bytes($"{board}-{chain}.flash")[offset..(offset + image.Length)]);
        }

        var (ours, theirs, start) = (Milliseconds($"{board}-ours"), Milliseconds($"{board}-old-chain"), Milliseconds("ours-alone"));
        output.WriteLine(
            $"{board}, {image.Length} bytes, click to running sketch: upload-helper {ours} ms (verified; {start} ms of it to start its process in the rig), "
            + $"reset + pause + dfu-util 0.11 + wait for the port {theirs} ms (not verified)");
        Assert.True(ours - start <= theirs, $"{ours} - {start} ms is more than {theirs} ms");
    }

    private int Milliseconds(string name) => int.Parse(rig.Text(name + ".ms"));
}
