using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>The executable takes a running sketch behind /dev/ttyACM0 to a new one, through the kernel's own USB stack.</summary>
[Collection(RigCollection.Name)]
public sealed class UploadTests(UploadTests.Run rig) : IClassFixture<UploadTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "upload");

    [RigTheory]
    [InlineData("f4boot-libmaple-f4", 0x4000, "blink-08004000")]
    [InlineData("f4boot-stm32generic", 0x4000, "blink-08004000")]
    [InlineData("f4boot-libmaple-f1", 0x4000, "blink-08004000")]
    [InlineData("f4rom-libmaple-f4", 0, "blink-08000000")]
    [InlineData("f4rom-stm32generic", 0, "blink-08000000")]
    [InlineData("f4rom-libmaple-f1", 0, "blink-08000000")]
    [InlineData("f4boot-old-libmaple-f4", 0x1_0000, "blink-08010000")]
    [InlineData("f4boot-old-libmaple-f1", 0x1_0000, "blink-08010000")]
    [InlineData("blackpill-rom-magic", 0, "blink-08000000")]
    [InlineData("blackpill-rom-touch", 0, "blink-08000000")]
    [InlineData("blackpill-boot0", 0, "blink-08000000")]
    public void From_the_running_sketch_to_the_new_one_with_the_port_back(string step, int offset, string firmware) =>
        UploadChecks.SketchRuns(rig, step, offset, firmware);

    [RigTheory]
    [InlineData("blackpill-rom-magic", "the magic reset", "reset: magic")]
    [InlineData("blackpill-rom-touch", "the 1200-baud touch", "reset: touch")]
    public void A_Black_Pill_is_taken_into_its_ROM_without_a_button(string step, string last, string cause)
    {
        Assert.Contains($"Reset     /dev/ttyACM0: sending {last}\nWait ", rig.Text(step + ".out"), StringComparison.Ordinal);
        Assert.Contains($"off the bus: {cause}", rig.Text(step + ".board"), StringComparison.Ordinal);
        Assert.DoesNotContain("warning", rig.Text(step + ".out"), StringComparison.Ordinal);
    }

    [RigTheory]
    [InlineData("blackpill-waits")]
    [InlineData("blackpill-boot0")]
    public void Without_a_way_into_the_ROM_one_line_tells_of_BOOT0_and_RESET(string step) => UploadChecks.TellsOfBoot0Once(rig, step);

    [RigFact]
    public void And_if_nobody_presses_them_the_wait_ends_and_the_sketch_runs_on()
    {
        Assert.Equal(6, rig.Status("blackpill-waits"));
        UploadChecks.OldSketchRunsOn(rig, "blackpill-waits", "No bootloader appeared within 3 s");
    }

    [RigFact]
    public void What_the_board_cannot_take_is_refused_and_its_sketch_runs_on()
    {
        Assert.Equal(4, rig.Status("refused"));
        UploadChecks.OldSketchRunsOn(rig, "refused", "is read-only");
    }
}

/// <summary>The same where no udev runs and nobody tells of arrivals.</summary>
[Collection(RigCollection.Name)]
public sealed class UploadWithoutUdevTests(UploadWithoutUdevTests.Run rig) : IClassFixture<UploadWithoutUdevTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "no-udev", udev: false);

    [RigFact]
    public void The_executable_looks_for_itself() => UploadChecks.SketchRuns(rig, "no-udev", 0x4000, "blink-08004000");
}

internal static class UploadChecks
{
    /// <summary>A test sketch is on the board, and nothing but it was touched.</summary>
    public static void SketchRuns(RigRun rig, string step, int offset, string firmware) =>
        SketchRuns(rig, step, offset, File.ReadAllBytes(Repository.PathOf("tests", "firmware", firmware + ".bin")), "blink");

    /// <summary>The same for any sketch.</summary>
    public static void SketchRuns(RigRun rig, string step, int offset, byte[] image, string sketch)
    {
        Assert.True(rig.Status(step) == 0, rig.Text(step + ".out"));
        Assert.Equal(image, rig.Bytes(step + ".flash")[offset..(offset + image.Length)]);
        Assert.Contains("The sketch is running on /dev/ttyACM0.", rig.Text(step + ".out"), StringComparison.Ordinal);
        Assert.Equal("/dev/ttyACM0", rig.Text(step + ".port").Trim());
        Assert.Equal($"sketch {sketch}", rig.Text(step + "-greeting.out").Trim());
        Assert.Equal($"sketch:{sketch}", rig.Summary(step)["running"]);
        // Maple and HID bootloaders erase as they are written to, page by page.
        if (rig.Summary(step)["board"] is not ("maple20" or "maple-orig" or "maple-f4" or "hid-f1" or "hid-f4"))
        {
            Assert.Equal("1", rig.Summary(step)["sectors_erased"]);
        }

        Assert.Equal("0", rig.Summary(step)["violations"]);
    }

    /// <summary>One line tells how to start the bootloader in ROM, before the wait for it. With --verbose, the time precedes each step.</summary>
    public static void TellsOfBoot0Once(RigRun rig, string step)
    {
        var lines = rig.Text(step + ".out").Split('\n').ToList();
        var wait = lines.FindIndex(l => l.TrimStart(' ', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9').StartsWith("Wait ", StringComparison.Ordinal));
        Assert.True(wait > 0, rig.Text(step + ".out"));
        Assert.Single(lines[..wait], l => l.Contains("hold BOOT0, press RESET and release BOOT0", StringComparison.Ordinal));
    }

    /// <summary>The upload failed with a message, and the board and its old sketch are as they were.</summary>
    public static void OldSketchRunsOn(RigRun rig, string step, string message)
    {
        Assert.NotEqual(0, rig.Status(step));
        Assert.Contains(message, rig.Text(step + ".out"), StringComparison.Ordinal);
        Assert.Equal("0", rig.Summary(step)["sectors_erased"]);
        Assert.Equal("sketch old", rig.Text(step + "-greeting.out").Trim());
        Assert.Equal("0", rig.Summary(step)["violations"]);
    }
}
