using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>doctor, and the commands around upload, on a real USB stack.</summary>
[Collection(RigCollection.Name)]
public sealed class DoctorTests(DoctorTests.Run rig) : IClassFixture<DoctorTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "doctor");

    [RigTheory]
    [InlineData("reachable", "  ok       0483:DF11 at 1-1 (STM32  BOOTLOADER): ", "can be opened")]
    [InlineData("reachable", "  note     The udev rules are not installed", "Only root can open boards.")]
    [InlineData("denied", "  PROBLEM  0483:DF11 at 1-1 (STM32  BOOTLOADER): ", "this user has no permission to open it.")]
    [InlineData("denied", "             SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0483\", ATTR{idProduct}==\"df11\"", ", TAG+=\"uaccess\"")]
    [InlineData("held", "  PROBLEM  0483:DF11 at 1-1 (STM32  BOOTLOADER): ", "in use by dfu-util (process ")]
    [InlineData("port", "  ok       /dev/ttyACM0: 0483:5740 at 1-1, ", "can be opened")]
    [InlineData("port-denied", "  PROBLEM  /dev/ttyACM0: 0483:5740 at 1-1, ", "this user has no permission to open it.")]
    [InlineData("port-denied", "             sudo usermod --append --groups dialout nobody", "")]
    [InlineData("no-library", "  ok       libusb 1.0.", ", the one inside upload-helper")]
    public void What_is_wrong_is_said(string step, string beginning, string rest)
    {
        var page = rig.Text(step + ".out");

        Assert.True(rig.Status(step) == 0, page);
        Assert.Contains(page.Split('\n'), l => l.StartsWith(beginning, StringComparison.Ordinal) && l.Contains(rest, StringComparison.Ordinal));
    }

    [RigFact]
    public void The_board_that_may_not_be_opened_is_told_by_list_as_well() =>
        Assert.Contains("does not have permission to open it", rig.Text("denied-list.out"), StringComparison.Ordinal);

    [RigFact]
    public void The_rules_are_handed_out() =>
        Assert.Equal(File.ReadAllText(Repository.PathOf("arduino", "udev", "60-upload-helper.rules")), rig.Text("rules.out"));

    [RigTheory]
    [InlineData("info", "  driver          none")]
    [InlineData("read", "Done: 16384 bytes from 0x08000000 written to /tmp/read.bin.")]
    [InlineData("verify", "Done: the board holds read.bin, all 16384 bytes at 0x08000000.")]
    [InlineData("erase", "Done: 16384 bytes erased from 0x08004000 to 0x08007FFF, verified.")]
    [InlineData("leave", "Done: the board has left DFU mode. The sketch is running on /dev/ttyACM0.")]
    [InlineData("reset", "Done: the magic reset was sent to /dev/ttyACM0. The port is gone: the board has reset.")]
    public void The_commands_around_upload_do_their_work(string step, string line)
    {
        Assert.True(rig.Status(step) == 0, rig.Text(step + ".out"));
        Assert.Contains(rig.Text(step + ".out").Split('\n'), l => l.StartsWith(line, StringComparison.Ordinal));
    }

    [RigFact]
    public void Nothing_of_it_was_wrong_for_the_board() => Assert.Equal("0", rig.Summary("dfu")["violations"]);
}
