using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>Real dfu-util 0.11 judges the virtual boards behind a real USB stack, and is measured against ours.</summary>
[Collection(RigCollection.Name)]
public sealed class DfuUtilTests(DfuUtilTests.Run rig, ITestOutputHelper output) : IClassFixture<DfuUtilTests.Run>
{
    public sealed class Run(RigMachine machine) : RigRun(machine, "dfu-util");

    [RigTheory]
    [InlineData("f4boot", "@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg")]
    [InlineData("f4boot-old", "@Internal Flash   /0x08000000/04*016Ka,01*064Kg,03*128Kg")]
    [InlineData("f4rom", "@Option Bytes  /0x1FFFC000/01*016 g")]
    [InlineData("h0wch33", "@Internal Flash   /0x08000000/50*001Kg,14*001Ka")]
    [InlineData("dsonano", "@SPI Flash : M25P64/0x00000000/64*064Kg,64*064Kg")]
    [InlineData("h747", "@Option Bytes   /0x5200201C/01*128 e")]
    [InlineData("l496", "@OTP Memory /0x1FFF7000/01*0001Ke")]
    public void It_lists_the_board(string board, string map)
    {
        Assert.Equal(0, rig.Status($"{board}-list"));
        Assert.Contains($"name=\"{map}\"", rig.Text($"{board}-list.out"), StringComparison.Ordinal);
    }

    // dfu-util exits 74 after a bootloader has left before the status stage, and 251 when the device is gone after its -R.
    // Its requests: 6 a block, 3 a sector, and a handful around them.
    [RigTheory]
    [InlineData("f4boot", 74, 0x4000, 65_536, 404)]
    [InlineData("f4boot-old", 74, 0x1_0000, 65_536, 395)]
    [InlineData("f4rom", 0, 0, 65_536, 214)]
    [InlineData("h0wch33", 251, 0, 49_152, 436)]
    [InlineData("dsonano", 0, 0x4000, 65_536, 586)]
    [InlineData("h747", 74, 0, 65_536, 395)]
    [InlineData("l496", 0, 0, 65_536, 298)]
    public void It_writes_byte_for_byte(string board, int exit, int offset, int size, int requests)
    {
        Assert.True(exit == rig.Status($"{board}-write"), rig.Text($"{board}-write.out"));
        Assert.Contains("File downloaded successfully", rig.Text($"{board}-write.out"), StringComparison.Ordinal);
        var image = rig.Bytes($"{board}.image");
        Assert.Equal(size, image.Length);
        var (flash, start) = (rig.Bytes($"{board}.flash"), offset);
        if (board == "h0wch33")
        {
            // It keeps the sketch's stack pointer and reset vector elsewhere, and its own in their place.
            Assert.Equal(image[..8], flash[0x1C..0x24]);
            Assert.Equal(image[8..0x1C], flash[8..0x1C]);
            start = 0x24;
        }

        Assert.Equal(image[(start - offset)..], flash[start..(offset + size)]);

        // The -R sends a DETACH, which that bootloader does not know.
        Assert.Equal(board == "h0wch33" ? "1" : "0", rig.Summary(board)["violations"]);

        // Erasing a page of an L4 takes a little longer than the time it asks for: it refuses an early question, and is asked once more.
        var asked = int.Parse(rig.Summary(board)["dfu_requests"]);
        Assert.InRange(asked, requests, board == "l496" ? requests + size / 2048 : requests);
    }

    [RigTheory]
    [InlineData("f4boot")]
    [InlineData("f4boot-old")]
    [InlineData("f4rom")]
    [InlineData("dsonano")]
    [InlineData("h747")]
    [InlineData("l496")]
    public void It_reads_back_what_ours_reads(string board)
    {
        var image = rig.Bytes($"{board}.image");
        Assert.Equal(0, rig.Status($"{board}-read"));
        Assert.Equal(image, rig.Bytes($"{board}.read"));
        Assert.True(rig.Status($"{board}-ours-read") == 0, rig.Text($"{board}-ours-read.out"));
        Assert.Equal(image, rig.Bytes($"{board}.read-ours.bin"));
        Assert.True(rig.Status($"{board}-ours-verify") == 0, rig.Text($"{board}-ours-verify.out"));
        Assert.Equal("0", rig.Summary($"{board}-again")["violations"]);
    }

    [RigFact]
    public void What_cannot_be_read_neither_of_them_reads_and_ours_does_not_try()
    {
        Assert.NotEqual(0, rig.Status("h0wch33-read"));
        Assert.Equal(8, rig.Status("h0wch33-ours-read"));
        Assert.Contains("does not allow reading flash", rig.Text("h0wch33-ours-read.out"), StringComparison.Ordinal);
        Assert.Equal(8, rig.Status("h0wch33-ours-verify"));
    }

    [RigFact]
    public void The_second_memory_is_written_and_read_like_the_first_by_dfu_util()
    {
        var image = rig.Bytes("spi.image");
        Assert.Equal(0, rig.Status("spi-write"));
        Assert.Equal(image, rig.Bytes("spi.flash")[0x1_0000..(0x1_0000 + image.Length)]);
        Assert.Equal(0, rig.Status("spi-read"));
        Assert.Equal(image, rig.Bytes("spi.read"));
    }

    // An L4 has small pages, and each is a block: to read all of them back is as many requests again as there are pages.
    [RigTheory]
    [InlineData("f4boot", 0)]
    [InlineData("f4boot-old", 0)]
    [InlineData("f4rom", 0)]
    [InlineData("h0wch33", 0)]
    [InlineData("dsonano", 0)]
    [InlineData("h747", 0)]
    [InlineData("l496", 64 * 1024 / 2048)]
    public void Ours_writes_the_same_flash_and_verifies_it_with_fewer_transfers(string board, int readingBack)
    {
        Assert.True(rig.Status($"{board}-ours") == 0, rig.Text($"{board}-ours.out"));
        Assert.Contains(board == "h0wch33" ? "not verified" : ", verified", rig.Text($"{board}-ours.out"), StringComparison.Ordinal);
        Assert.Equal(rig.Bytes($"{board}.flash"), rig.Bytes($"{board}.flash-ours"));
        Assert.Equal("0", rig.Summary($"{board}-ours")["violations"]);
        foreach (var count in (string[])["dfu_requests", "control_transfers"])
        {
            var theirs = int.Parse(rig.Summary(board)[count]);
            var ours = int.Parse(rig.Summary($"{board}-ours")[count]);
            output.WriteLine($"{board}, {rig.Bytes($"{board}.image").Length / 1024} KiB, {count}: dfu-util 0.11 {theirs} (without verification), upload-helper {ours} (with)");
            Assert.True(ours < theirs + readingBack, $"{count}: {ours} is not below {theirs} and {readingBack} for reading it back");
        }
    }
}
