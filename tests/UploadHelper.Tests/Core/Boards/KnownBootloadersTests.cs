using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;

namespace UploadHelper.Tests.Core.Boards;

public class KnownBootloadersTests
{
    [Theory]
    [InlineData("f4boot", "F4Bootloader", 0x2002_0000, true)]
    [InlineData("f4boot", "F4Bootloader", 0x1001_0000, true)]
    [InlineData("f4boot", "F4Bootloader", 0x2004_0000, false)]
    [InlineData("f4boot-old", "F4Bootloader (old build)", 0x2002_0000, true)]
    [InlineData("f4boot-old", "F4Bootloader (old build)", 0x2001_0000, false)]
    [InlineData("l496", "ST's own bootloader in ROM (BOOT0)", 0x2005_0000, true)]
    public void A_board_gets_and_starts_what_the_table_says_that_it_starts(string board, string name, uint stackPointer, bool starts)
    {
        var bootloader = KnownBootloaders.All.Single(b => b.Name == name);
        var sketch = SketchImage.Bytes(bootloader.Start, 4_000);
        BinaryPrimitives.WriteUInt32LittleEndian(sketch, stackPointer);
        var file = new ImageFile("x.bin", sketch);

        var bench = new Bench(board);
        var refusal = Record.Exception(() => bench.Upload(bench.Request(bootloader.Start) with { File = file, WaitPort = WaitPort.Auto }));

        Assert.Equal(starts, refusal is null && bench.Board.RunningSketch?.Address == bootloader.Start);
        Assert.True(starts || refusal is UploadException { Error: UploadError.NotForThisDevice }, $"{refusal}");
        Assert.Equal(starts, bootloader.Refusal(ImageReader.Read(file, bootloader.Start)) is null);
    }

    [Fact]
    public void Each_sketch_begins_where_an_offset_can_name_it()
    {
        Assert.All(KnownBootloaders.All, a => Assert.Equal(a.Start, FlashAddress.Parse($"0x{a.Start:X8}")));
        Assert.All(
            KnownBootloaders.All.Where(a => a.Options.StartsWith("--offset ", StringComparison.Ordinal)),
            a => Assert.Equal(a.Start, FlashAddress.Parse(a.Options["--offset ".Length..])));
        Assert.Equal("F4Bootloader, DSO Nano (library)", KnownBootloaders.NamesAt(0x0800_4000));
        Assert.Null(KnownBootloaders.NamesAt(0x0800_8000));
    }
}
