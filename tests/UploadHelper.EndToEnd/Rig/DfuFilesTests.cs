using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>What real dfu-util 0.11 makes of a DfuSe file, ours makes of it too.</summary>
public sealed class DfuFilesTests(DfuFilesTests.Run rig) : IClassFixture<DfuFilesTests.Run>
{
    public sealed class Run() : RigRun("dfu-files");

    [RigTheory]
    [InlineData("sketch")]
    [InlineData("elements")]
    [InlineData("rom")]
    public void Both_write_the_same_flash(string name)
    {
        Assert.True(rig.Status($"{name}-theirs") == 0, rig.Text($"{name}-theirs.out"));
        Assert.True(rig.Status($"{name}-ours") == 0, rig.Text($"{name}-ours.out"));
        Assert.Equal(rig.Bytes($"{name}.theirs"), rig.Bytes($"{name}.ours"));
        Assert.Contains(rig.Bytes($"{name}.ours"), b => b != 0xFF);
        Assert.Equal("0", rig.Summary($"{name}-ours")["violations"]);
    }
}
