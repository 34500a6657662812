using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>
/// The native libraries inside the executable: on a system without libusb, and for a user who may not open the sketch's device,
/// so that the reset goes through the terminal and System.IO.Ports.
/// </summary>
[Collection(RigCollection.Name)]
public sealed class CarriedTests(CarriedTests.Run rig) : IClassFixture<CarriedTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "carried");

    [RigFact]
    public void Doctor_finds_the_libusb_inside()
    {
        Assert.Equal("", rig.Text("libusb.out"));
        Assert.Matches("\n  ok       libusb 1[.]0[.][0-9]+, the one inside upload-helper\n", rig.Text("doctor.out"));
    }

    [RigTheory]
    [InlineData("maple20-libmaple-f4", 0x2000, "blink-08002000")]
    [InlineData("maple20-libmaple-f1", 0x2000, "blink-08002000")]
    [InlineData("maple20-touch1200", 0x2000, "blink-08002000")]
    [InlineData("f4boot-stm32generic", 0x4000, "blink-08004000")]
    [InlineData("f4boot-usbcomposite", 0x4000, "blink-08004000")]
    [InlineData("f4boot-stm32core", 0x4000, "blink-08004000")]
    [InlineData("blackpill-rom-touch", 0, "blink-08000000")]
    public void Each_reset_rule_works_through_the_terminal(string step, int offset, string image) =>
        UploadChecks.SketchRuns(rig, step, offset, image);

    // Linux keeps the speed of a terminal beyond its close, but not beyond its device. At 1200 baud, the next program would touch the new sketch.
    [RigTheory]
    [InlineData("maple20-touch1200")]
    [InlineData("blackpill-rom-touch")]
    public void After_a_touch_the_next_program_finds_9600_baud(string step) => Assert.Equal("9600", rig.Text(step + "-speed.out").Trim());
}
