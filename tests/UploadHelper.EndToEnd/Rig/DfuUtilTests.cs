using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>Real dfu-util 0.11 judges the virtual boards behind a real USB stack, and is measured against ours.</summary>
public sealed class DfuUtilTests(DfuUtilTests.Run rig, ITestOutputHelper output) : IClassFixture<DfuUtilTests.Run>
{
    private const int ImageSize = 65_536;

    public sealed class Run() : RigRun("dfu-util");

    [RigTheory]
    [InlineData("f4boot", "@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg")]
    [InlineData("f4boot-old", "@Internal Flash   /0x08000000/04*016Ka,01*064Kg,03*128Kg")]
    [InlineData("f4rom", "@Option Bytes  /0x1FFFC000/01*016 g")]
    public void It_lists_the_board(string board, string map)
    {
        Assert.Equal(0, rig.Status($"{board}-list"));
        Assert.Contains($"name=\"{map}\"", rig.Text($"{board}-list.out"), StringComparison.Ordinal);
    }

    // dfu-util exits 74 after F4Bootloader has left as it should: the bootloader resets before the status stage.
    [RigTheory]
    [InlineData("f4boot", 74, 0x4000)]
    [InlineData("f4boot-old", 74, 0x1_0000)]
    [InlineData("f4rom", 0, 0)]
    public void It_writes_and_reads_back_byte_for_byte(string board, int exit, int offset)
    {
        Assert.Equal(exit, rig.Status($"{board}-write"));
        Assert.Contains("File downloaded successfully", rig.Text($"{board}-write.out"), StringComparison.Ordinal);
        var image = rig.Bytes($"{board}.image");
        Assert.Equal(ImageSize, image.Length);
        Assert.Equal(image, rig.Bytes($"{board}.flash")[offset..(offset + ImageSize)]);
        Assert.Equal(0, rig.Status($"{board}-read"));
        Assert.Equal(image, rig.Bytes($"{board}.read"));
        Assert.Equal("0", rig.Summary(board)["violations"]);
        Assert.Equal("0", rig.Summary($"{board}-again")["violations"]);
    }

    [RigTheory]
    [InlineData("f4boot")]
    [InlineData("f4boot-old")]
    [InlineData("f4rom")]
    public void Ours_writes_the_same_flash_and_verifies_it_with_fewer_transfers(string board)
    {
        Assert.Equal(0, rig.Status($"{board}-ours"));
        Assert.Contains("verified", rig.Text($"{board}-ours.out"), StringComparison.Ordinal);
        Assert.Equal(rig.Bytes($"{board}.flash"), rig.Bytes($"{board}.flash-ours"));
        Assert.Equal("0", rig.Summary($"{board}-ours")["violations"]);
        foreach (var count in (string[])["dfu_requests", "control_transfers"])
        {
            var theirs = int.Parse(rig.Summary(board)[count]);
            var ours = int.Parse(rig.Summary($"{board}-ours")[count]);
            output.WriteLine($"{board}, 64 KiB, {count}: dfu-util 0.11 {theirs} (without verification), upload-helper {ours} (with)");
            Assert.True(ours < theirs, $"{count}: {ours} is not below {theirs}");
        }
    }
}
