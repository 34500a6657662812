using UploadHelper.EndToEnd.Processor;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>
/// Debian's Arduino IDE 1.8.19 compiles a sketch with Debian's gcc for a core in tests/arduino, whose overlay is ours and
/// decides where the sketch is linked, and presses Upload with /dev/ttyACM0 selected.
/// </summary>
[Collection(RigCollection.Name)]
public sealed class IdeTests(IdeTests.Run rig) : IClassFixture<IdeTests.Run>
{
    private const string Sketch = "clicked";
    private const string Text = $"UPLOAD-HELPER-SKETCH {Sketch}";

    public sealed class Run(RigMachine machine) : RigRun(machine, "ide")
    {
        protected override int Seconds => 1800;
    }

    [IdeTheory]
    [InlineData("f4boot", 0x4000)]
    [InlineData("f4rom", 0)]
    [InlineData("maple20-alt2", 0x2000)]
    [InlineData("maple20-alt1", 0x5000)]
    [InlineData("maple-orig", 0x5000)]
    [InlineData("maple-f4", 0x1_0000)]
    [InlineData("oneclick", 0)]
    [InlineData("oneclick-boot0", 0)]
    public void The_new_sketch_runs_and_the_port_is_back(string step, int offset) =>
        UploadChecks.SketchRuns(rig, step, offset, rig.Bytes(step + ".image"), Sketch);

    [IdeFact]
    public void A_Black_Pill_whose_sketch_enters_the_ROM_needs_no_button()
    {
        Assert.Contains("off the bus: reset: magic", rig.Text("oneclick.board"), StringComparison.Ordinal);
        // Before that, the IDE prints how it compiles.
        var said = rig.Text("oneclick.out").Split("\nUploading...\n")[1];
        Assert.DoesNotContain("warning:", said, StringComparison.Ordinal);
        Assert.DoesNotContain("BOOT0", said, StringComparison.Ordinal);
    }

    [IdeFact]
    public void For_any_other_sketch_one_line_tells_of_BOOT0_and_RESET_before_the_wait() => UploadChecks.TellsOfBoot0Once(rig, "oneclick-boot0");

    // The sketch writes through an exception: without the vector table where the overlay's flag says, nothing comes out.
    [IdeFact]
    public void What_it_compiled_runs_on_a_processor_behind_the_bootloader()
    {
        var flash = rig.Bytes("f4boot.flash");
        File.ReadAllBytes(Repository.PathOf("tests", "firmware", "bootloader.bin")).CopyTo(flash, 0);

        Assert.Equal(Text, Boot.Of(flash).FirstLine);
    }

    [IdeFact]
    public void What_it_compiled_runs_on_a_processor_from_the_start_of_the_flash() => Assert.Equal(Text, Boot.Of(rig.Bytes("f4rom.flash")).FirstLine);

    [IdeTheory]
    [InlineData("wrong-board", "error: The board at 1-1 has a different bootloader: 1EAF:0003, not 0483:DF11.")]
    [InlineData("elsewhere", "error: Blink.ino.bin was linked for 0x08000000, but would be written to 0x08004000")]
    [InlineData("empty", "error: Blink.ino.bin is empty.")]
    public void What_cannot_run_is_told_and_the_old_sketch_runs_on(string step, string message)
    {
        UploadChecks.OldSketchRunsOn(rig, step, message);
        Assert.Contains("An error occurred while uploading the sketch", rig.Text(step + ".out"), StringComparison.Ordinal);
    }

    [IdeFact]
    public void Without_a_board_it_is_told_what_to_do()
    {
        Assert.NotEqual(0, rig.Status("no-board"));
        Assert.Contains("error: No bootloader appeared", rig.Text("no-board.out"), StringComparison.Ordinal);
    }
}
