using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>Real dfu-util 0.11 judges dapboot behind a real USB stack, and DFU run-time mode; ours is measured against it.</summary>
[Collection(RigCollection.Name)]
public sealed class DapbootTests(DapbootTests.Run rig, ITestOutputHelper output) : IClassFixture<DapbootTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "dapboot");

    [RigTheory]
    [InlineData("dapboot", "alt=0, name=\"DAPBoot DFU\"")]
    [InlineData("dapboot-skr", "alt=2, name=\"DAPBoot DFU\"")]
    public void It_lists_the_board(string board, string name)
    {
        Assert.Equal(0, rig.Status($"{board}-list"));
        Assert.Contains(name, rig.Text($"{board}-list.out"), StringComparison.Ordinal);
    }

    // dfu-util exits 74 or 251 when the board that it has told to leave is gone: that is the sketch.
    [RigTheory]
    [InlineData("dapboot", 0x2000)]
    [InlineData("dapboot-tolerant", 0x2000)]
    [InlineData("dapboot-high", 0)]
    [InlineData("dapboot-skr", 0x2000)]
    public void It_writes_the_image_and_the_sketch_starts(string board, int offset)
    {
        output.WriteLine($"{board}: dfu-util exits {rig.Status($"{board}-write")}");
        Assert.Contains(rig.Status($"{board}-write"), (int[])[0, 74, 251]);
        Assert.Contains("Download done.", rig.Text($"{board}-write.out"), StringComparison.Ordinal);
        AssertWritten(board, rig.Bytes($"{board}.flash"), offset);
        Assert.Equal("sketch blink", rig.Text($"{board}-greeting.out").Trim());
        Assert.Equal("sketch:blink", rig.Summary(board)["running"]);
        Assert.Equal("0", rig.Summary(board)["violations"]);
    }

    [RigTheory]
    [InlineData("dapboot")]
    [InlineData("dapboot-tolerant")]
    [InlineData("dapboot-high")]
    [InlineData("dapboot-skr")]
    public void It_reads_back_what_ours_finds_equal(string board)
    {
        var image = rig.Bytes($"{board}.image");
        Assert.True(rig.Status($"{board}-read") == 0, rig.Text($"{board}-read.out"));
        Assert.Equal(image[0x24..], rig.Bytes($"{board}.read")[0x24..image.Length]);
        Assert.Equal(image[..0x1C], rig.Bytes($"{board}.read")[..0x1C]);
        Assert.True(rig.Status($"{board}-ours-verify") == 0, rig.Text($"{board}-ours-verify.out"));
        Assert.Equal("0", rig.Summary($"{board}-again")["violations"]);
    }

    [RigTheory]
    [InlineData("dapboot", 0x2000)]
    [InlineData("dapboot-tolerant", 0x2000)]
    [InlineData("dapboot-high", 0)]
    [InlineData("dapboot-skr", 0x2000)]
    public void Ours_writes_the_same_sketch_verifies_and_starts_it(string board, int offset)
    {
        Assert.True(rig.Status($"{board}-ours") == 0, rig.Text($"{board}-ours.out"));
        Assert.Contains(", verified, ", rig.Text($"{board}-ours.out"), StringComparison.Ordinal);
        AssertWritten(board, rig.Bytes($"{board}.flash-ours"), offset);
        Assert.Equal("sketch blink", rig.Text($"{board}-ours-greeting.out").Trim());
        Assert.Equal("0", rig.Summary($"{board}-ours")["violations"]);
        output.WriteLine(
            $"{board}, {rig.Bytes($"{board}.image").Length / 1024} KiB: dfu-util 0.11 {rig.Summary(board)["dfu_requests"]} DFU requests (without verification), "
                + $"upload-helper {rig.Summary($"{board}-ours")["dfu_requests"]} (with)");
    }

    [RigTheory]
    [InlineData("runtime-dfu-util")]
    [InlineData("runtime-id")]
    [InlineData("runtime-reset")]
    public void A_device_in_run_time_mode_is_told_to_start_its_bootloader(string step)
    {
        Assert.Contains("Found Runtime: [1209:0001]", rig.Text($"{step}-list.out"), StringComparison.Ordinal);
        Assert.True(step == "runtime-dfu-util" || rig.Status(step) == 0, rig.Text($"{step}.out"));
        AssertWritten("dapboot", rig.Bytes($"{step}.flash"), 0x2000);
        Assert.Equal("sketch blink", rig.Text($"{step}-greeting.out").Trim());
    }

    [RigFact]
    public void One_that_is_not_named_is_left_alone()
    {
        Assert.Equal(6, rig.Status("runtime-unnamed"));
        Assert.Contains("1209:0001 at", rig.Text("runtime-unnamed.out"), StringComparison.Ordinal);
        Assert.Equal("sketch:old", rig.Summary("runtime-unnamed")["running"]);
    }

    // The high-memory build keeps the sketch's stack pointer and reset vector at 0x1C, and its own in their place.
    private void AssertWritten(string board, byte[] flash, int offset)
    {
        var image = rig.Bytes($"{board}.image");
        var from = board == "dapboot-high" ? 0x24 : 0;
        Assert.Equal(image[from..], flash[(offset + from)..(offset + image.Length)]);
        Assert.True(from == 0 || image[..8].SequenceEqual(flash[0x1C..0x24]));
    }
}
