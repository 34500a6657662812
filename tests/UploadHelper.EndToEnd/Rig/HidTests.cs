using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>The executable takes a running sketch to a new one through the HID bootloaders, which the kernel's usbhid has claimed first.</summary>
[Collection(RigCollection.Name)]
public sealed class HidTests(HidTests.Run rig) : IClassFixture<HidTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "hid");

    [RigTheory]
    [InlineData("hid-2.0", 0x1000, "blink-08001000")]
    [InlineData("hid-2019", 0x800, "blink-08000800")]
    [InlineData("hid-2.1", 0x800, "blink-08000800")]
    [InlineData("hid-2.2.1", 0x800, "blink-08000800")]
    [InlineData("hid-2.2.2", 0x800, "blink-08000800")]
    [InlineData("hid-512", 0x800, "blink-08000800")]
    [InlineData("hid-f4", 0x4000, "blink-08004000")]
    public void From_the_running_sketch_to_the_new_one_with_the_port_back(string step, int offset, string firmware)
    {
        UploadChecks.SketchRuns(rig, step, offset, firmware);
        Assert.Contains(", not verified, ", rig.Text(step + ".out"), StringComparison.Ordinal);
    }

    [RigTheory]
    [InlineData("killed-f1")]
    [InlineData("killed-512")]
    public void Killed_in_the_middle_of_a_page_the_same_upload_writes_everything(string step)
    {
        Assert.Contains("1209:BEBA", rig.Text(step + "-list.out"), StringComparison.Ordinal);
        Assert.True(rig.Status(step) == 0, rig.Text(step + ".out"));
        Assert.Equal(rig.Bytes(step + ".image"), rig.Bytes(step + ".flash")[0x800..(0x800 + 40_000)]);
        Assert.Equal("0", rig.Summary(step)["violations"]);
    }
}
