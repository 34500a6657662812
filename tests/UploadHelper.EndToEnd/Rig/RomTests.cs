using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>Real dfu-util 0.11 judges the virtual boards with other ROMs, and those of other makers, behind a real USB stack.</summary>
[Collection(RigCollection.Name)]
public sealed class RomTests(RomTests.Run rig) : IClassFixture<RomTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "roms");

    [RigTheory]
    [InlineData("f072", "@Internal Flash  /0x08000000/064*0002Kg", "FFFFFFFEFFFF")]
    [InlineData("l083", "@DATA Memory /0x08080000/2*3Ke", "7FB4A4356231")]
    [InlineData("g431", "@Option Bytes   /0x1FFF7800/01*40Be", "208A31574253")]
    [InlineData("c562", "@Internal Flash /0x08000000/64*08Kg", "2071364A5635")]
    [InlineData("at32", "@Internal Flash  /0x08000000/ 128*1Kg", "AT32")]
    [InlineData("gd32", "@Internal Flash  /0x08000000/512*002Kg", "3CBJ")] // dfu-util reads the serial number as it is meant, too
    [InlineData("gd32-old", "@Internal Flash  /0x08000000/128*001Kg", "3CBJ")]
    public void It_lists_the_board(string board, string map, string serial)
    {
        Assert.Equal(0, rig.Status($"{board}-list"));
        Assert.Contains($"name=\"{map}\", serial=\"{serial}\"", rig.Text($"{board}-list.out"), StringComparison.Ordinal);
    }

    // It exits 74 after a bootloader has left before the status stage.
    [RigTheory]
    [InlineData("f072", 0)]
    [InlineData("l083", 0)]
    [InlineData("g431", 74)]
    [InlineData("c562", 74)]
    [InlineData("at32", 0)]
    [InlineData("gd32", 0)]
    [InlineData("gd32-old", 0)]
    public void It_writes_byte_for_byte_and_ours_writes_the_same(string board, int exit)
    {
        Assert.True(exit == rig.Status($"{board}-write"), rig.Text($"{board}-write.out"));
        Assert.Contains("File downloaded successfully", rig.Text($"{board}-write.out"), StringComparison.Ordinal);
        var image = rig.Bytes($"{board}.image");
        Assert.Equal(image, rig.Bytes($"{board}.flash")[..image.Length]);
        Assert.True(rig.Status($"{board}-ours") == 0, rig.Text($"{board}-ours.out"));
        Assert.Contains(", verified", rig.Text($"{board}-ours.out"), StringComparison.Ordinal);
        Assert.Equal(rig.Bytes($"{board}.flash"), rig.Bytes($"{board}.flash-ours"));
        foreach (var run in (string[])[board, $"{board}-ours"])
        {
            Assert.Equal(("0", "sketch"), (rig.Summary(run)["violations"], rig.Summary(run)["running"].Split(':')[0]));
        }
    }

    [RigFact]
    public void It_knows_the_GD32VF103_by_its_serial_number_too() =>
        Assert.Contains("GD32VF103", rig.Text("gd32-write.out"), StringComparison.Ordinal);
}
