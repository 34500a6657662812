using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>Real dfu-util 0.11 judges the Maple bootloaders behind a real USB stack, and ours is measured against it.</summary>
[Collection(RigCollection.Name)]
public sealed class MapleTests(MapleTests.Run rig, ITestOutputHelper output) : IClassFixture<MapleTests.Run>
{
    private const int ImageSize = 65_536;

    public sealed class Run(RigMachine machine) : RigRun(machine, "maple");

    [RigTheory]
    [InlineData("maple20-2", "STM32duino bootloader v1.0  Upload to Flash 0x8002000")]
    [InlineData("maple20-1", "STM32duino bootloader v1.0  ERROR. Upload to RAM not supported.")]
    [InlineData("maple-orig", "DFU Program FLASH 0x08005000")]
    [InlineData("maple-f4", "DFU Program FLASH 0x08010000")]
    public void It_lists_the_board(string board, string name)
    {
        Assert.Equal(0, rig.Status($"{board}-list"));
        Assert.Contains($"name=\"{name}\"", rig.Text($"{board}-list.out"), StringComparison.Ordinal);
    }

    // dfu-util exits 74 or 251 when the board that it has reset comes back as another device: that is the sketch.
    [RigTheory]
    [InlineData("maple20-2", 0x2000)]
    [InlineData("maple20-1", 0x5000)]
    [InlineData("maple20-big", 0x2000)]
    [InlineData("maple-orig", 0x5000)]
    [InlineData("maple-f4", 0x1_0000)]
    public void It_writes_the_image_and_its_reset_starts_the_sketch(string board, int offset)
    {
        output.WriteLine($"{board}: dfu-util -R exits {rig.Status($"{board}-write")}");
        Assert.Contains(rig.Status($"{board}-write"), (int[])[0, 74, 251]);
        Assert.Matches("Download\\s+\\[=+\\] 100% +65536 bytes", rig.Text($"{board}-write.out"));
        Assert.Equal(rig.Bytes($"{board}.image"), rig.Bytes($"{board}.flash")[offset..(offset + ImageSize)]);
        Assert.Equal("sketch blink", rig.Text($"{board}-greeting.out").Trim());
        Assert.Equal("sketch:blink", rig.Summary(board)["running"]);
        Assert.Equal("0", rig.Summary(board)["violations"]);
    }

    [RigTheory]
    [InlineData("maple20-2", 0x2000)]
    [InlineData("maple20-1", 0x5000)]
    [InlineData("maple20-big", 0x2000)]
    [InlineData("maple-orig", 0x5000)]
    public void It_reads_all_of_the_flash_back(string board, int offset)
    {
        // At the end of the flash it refuses an answer of no bytes (ST's USB library), which dfu-util takes for an error (EX_IOERR).
        Assert.Equal(74, rig.Status($"{board}-read"));
        Assert.Equal(rig.Bytes($"{board}.flash")[offset..], rig.Bytes($"{board}.read"));
        Assert.Equal("0", rig.Summary($"{board}-again")["violations"]);
    }

    [RigTheory]
    [InlineData("maple20-2", "verified")]
    [InlineData("maple20-1", "verified")]
    [InlineData("maple20-big", "verified")]
    [InlineData("maple-orig", "verified")]
    [InlineData("maple-f4", "not verified")]
    public void Ours_writes_the_same_flash_and_starts_the_sketch(string board, string verified)
    {
        Assert.True(rig.Status($"{board}-ours") == 0, rig.Text($"{board}-ours.out"));
        Assert.Contains($"bytes at 0x080", rig.Text($"{board}-ours.out"), StringComparison.Ordinal);
        Assert.Contains($", {verified}, ", rig.Text($"{board}-ours.out"), StringComparison.Ordinal);
        Assert.Equal(rig.Bytes($"{board}.flash"), rig.Bytes($"{board}.flash-ours"));
        Assert.Equal("sketch blink", rig.Text($"{board}-ours-greeting.out").Trim());
        Assert.Equal("0", rig.Summary($"{board}-ours")["violations"]);
        output.WriteLine(
            $"{board}, 64 KiB: dfu-util 0.11 {rig.Summary(board)["dfu_requests"]} DFU requests (without verification), "
                + $"upload-helper {rig.Summary($"{board}-ours")["dfu_requests"]} (with)");
    }
}

/// <summary>The executable takes a running sketch behind /dev/ttyACM0 to a new one through the Maple bootloaders, and resets the sketches of all cores.</summary>
[Collection(RigCollection.Name)]
public sealed class MapleUploadTests(MapleUploadTests.Run rig) : IClassFixture<MapleUploadTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "maple-upload");

    [RigTheory]
    [InlineData("maple20-upload-2", 0x2000, "blink-08002000")]
    [InlineData("maple20-upload-1", 0x5000, "blink-08005000")]
    [InlineData("maple20-upload-libmaple-f4", 0x2000, "blink-08002000")]
    [InlineData("maple20-upload-libmaple-f1", 0x2000, "blink-08002000")]
    [InlineData("maple20-upload-libmaple-f1-old", 0x2000, "blink-08002000")]
    [InlineData("f4boot-upload-stm32generic", 0x4000, "blink-08004000")]
    [InlineData("f4boot-upload-usbcomposite", 0x4000, "blink-08004000")]
    [InlineData("f4boot-upload-stm32core", 0x4000, "blink-08004000")]
    [InlineData("maple20-upload-touch1200", 0x2000, "blink-08002000")]
    [InlineData("maple20-upload-old-shape", 0x2000, "blink-08002000")]
    [InlineData("maple-orig-upload", 0x5000, "blink-08005000")]
    [InlineData("maple-orig-upload-old-shape", 0x5000, "blink-08005000")]
    [InlineData("maple-f4-upload", 0x1_0000, "blink-maple-f4")]
    public void From_the_running_sketch_to_the_new_one_with_the_port_back(string step, int offset, string firmware)
    {
        Assert.True(rig.Status(step) == 0, rig.Text(step + ".out"));
        var image = File.ReadAllBytes(Repository.PathOf("tests", "firmware", firmware + ".bin"));
        Assert.Equal(image, rig.Bytes(step + ".flash")[offset..(offset + image.Length)]);
        Assert.Contains("The sketch is running on /dev/ttyACM0.", rig.Text(step + ".out"), StringComparison.Ordinal);
        Assert.Equal("/dev/ttyACM0", rig.Text(step + ".port").Trim());

        // The F4 core hangs when the terminal that reads its greeting sends back what it prints.
        Assert.Equal(step.EndsWith("libmaple-f4", StringComparison.Ordinal) ? "" : "sketch blink", rig.Text(step + "-greeting.out").Trim());
        Assert.Equal("0", rig.Summary(step)["violations"]);
    }

    // One byte is too much: Arduino_STM32 for the F1 before February 2021 then ignores the magic, or crashes.
    [RigTheory]
    [InlineData("maple20-upload-2")]
    [InlineData("maple20-upload-libmaple-f1")]
    [InlineData("maple20-upload-libmaple-f1-old")]
    [InlineData("f4boot-upload-usbcomposite")]
    [InlineData("maple20-upload-libmaple-f4")]
    [InlineData("f4boot-upload-stm32generic")]
    [InlineData("f4boot-upload-stm32core")]
    [InlineData("maple20-upload-touch1200")]
    public void No_byte_but_the_magic_reaches_the_sketch(string step)
    {
        var old = rig.Text(step + ".board").Split("off the bus: reset:", 2);

        Assert.Equal(2, old.Length);
        Assert.DoesNotContain("sketch receives", old[0], StringComparison.Ordinal);
    }

    [RigFact]
    public void A_refused_board_runs_its_old_sketch_again()
    {
        Assert.Equal(4, rig.Status("maple20-refused"));
        Assert.Equal("sketch old", rig.Text("maple20-refused-greeting.out").Trim());
        Assert.Equal("0", rig.Summary("maple20-refused")["sectors_erased"]);
    }
}
