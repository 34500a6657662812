using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>What real dfu-util 0.11 makes of a DfuSe file, ours makes of it too.</summary>
[Collection(RigCollection.Name)]
public sealed class DfuFilesTests(DfuFilesTests.Run rig) : IClassFixture<DfuFilesTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "dfu-files");

    [RigTheory]
    [InlineData("sketch")]
    [InlineData("elements")]
    [InlineData("rom")]
    public void Both_write_the_same_flash(string name)
    {
        Assert.True(rig.Status($"{name}-theirs") == 0, rig.Text($"{name}-theirs.out"));
        Assert.True(rig.Status($"{name}-ours") == 0, rig.Text($"{name}-ours.out"));
        var (theirs, ours) = (rig.Bytes($"{name}.theirs"), rig.Bytes($"{name}.ours"));
        Assert.Equal(theirs.Length, ours.Length);
        Assert.Contains(ours, b => b != 0xFF);

        // Where an element ends inside a word, dfu-util has F4Bootloader fill it with what is left in its buffer; ours with erased bytes.
        Assert.DoesNotContain(
            Enumerable.Range(0, ours.Length), i => ours[i] != theirs[i] && (name != "elements" || ours[i] != 0xFF || i % 4 == 0));
        Assert.Equal("0", rig.Summary($"{name}-ours")["violations"]);
    }
}
