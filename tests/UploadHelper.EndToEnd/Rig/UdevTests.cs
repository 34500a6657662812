using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>The udev rules on a running udev.</summary>
[Collection(RigCollection.Name)]
public sealed class UdevTests(UdevTests.Run rig) : IClassFixture<UdevTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "udev");

    [RigFact]
    public void The_installer_installs_and_removes()
    {
        Assert.True(rig.Status("install") == 0, rig.Text("install.out"));
        Assert.Equal("installed /etc/udev/rules.d/60-upload-helper.rules\n", rig.Text("install.out"));
        Assert.True(rig.Status("remove") == 0, rig.Text("remove.out"));
        Assert.Equal("removed /etc/udev/rules.d/60-upload-helper.rules\n", rig.Text("remove.out"));
    }

    [RigTheory]
    [InlineData("with-dfu")]
    [InlineData("with-port")]
    [InlineData("late-with")]
    public void A_board_is_the_users_and_no_modem(string step)
    {
        var properties = rig.Text(step + ".properties");
        Assert.Contains(":uaccess:", properties, StringComparison.Ordinal);
        Assert.Contains("ID_MM_DEVICE_IGNORE=1\n", properties, StringComparison.Ordinal);
        Assert.Matches("^c.{7}-", rig.Text(step + ".mode"));
    }

    [RigTheory]
    [InlineData("without-dfu")]
    [InlineData("without-port")]
    [InlineData("late-without")]
    public void Without_them_it_is_as_any_device(string step)
    {
        // The tag may come from rules of other packages.
        var properties = rig.Text(step + ".properties");
        Assert.Contains("DEVNAME=", properties, StringComparison.Ordinal);
        Assert.DoesNotContain("ID_MM_DEVICE_IGNORE", properties, StringComparison.Ordinal);
    }

    [RigFact]
    public void Udev_has_nothing_to_say_against_the_rules()
    {
        Assert.DoesNotContain("60-upload-helper.rules:", rig.Text("test.out"), StringComparison.Ordinal);
        var verify = rig.Text("verify.out");
        Assert.True(verify.Contains("Unknown command verb", StringComparison.Ordinal) || verify.Contains("Success: 1", StringComparison.Ordinal), verify);
    }
}
