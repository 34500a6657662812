using System.Buffers.Binary;
using UploadHelper.Core.Boards;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Uploading;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;

namespace UploadHelper.Tests.Core.Boards;

/// <summary>Addresses, and the bootloaders that start sketches there.</summary>
public class PlacesTests
{
    [Theory]
    [InlineData("0", 0x0800_0000)]
    [InlineData("0x0", 0x0800_0000)]
    [InlineData("0x4000", 0x0800_4000)]
    [InlineData("0X4000", 0x0800_4000)]
    [InlineData("16384", 0x0800_4000)]
    [InlineData("0x08004000", 0x0800_4000)]
    [InlineData("0x8004000", 0x0800_4000)]
    [InlineData("134217728", 0x0800_0000)]
    public void Offsets_and_addresses_are_read(string text, uint address) => Assert.Equal(address, FlashAddress.Parse(text));

    [Theory]
    [InlineData("2000", "0x2000")]
    [InlineData("4000", "0x4000")]
    [InlineData("08004000", "0x08004000")]
    [InlineData("8004000", "0x08004000")]
    [InlineData("4000h", "0x4000")]
    [InlineData("-1", "")]
    [InlineData("", "")]
    [InlineData("0x", "")]
    [InlineData("0x123456789", "")]
    [InlineData("blink.bin", "")]
    [InlineData("0x4001", "")]
    [InlineData("0x20000000", "")]
    public void Anything_else_is_refused_with_what_was_probably_meant(string text, string meant)
    {
        var e = Assert.Throws<UploadException>(() => FlashAddress.Parse(text));

        Assert.Equal(UploadError.AddressInvalid, e.Error);
        Assert.Contains($"\"{text}\"", e.Message, StringComparison.Ordinal);
        Assert.Equal(meant.Length > 0, e.Message.EndsWith($" {meant}?", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("f4boot", "F4Bootloader", 0x2002_0000, true)]
    [InlineData("f4boot", "F4Bootloader", 0x1001_0000, true)]
    [InlineData("f4boot", "F4Bootloader", 0x2004_0000, false)]
    [InlineData("f4boot-old", "F4Bootloader (old build)", 0x2002_0000, true)]
    [InlineData("f4boot-old", "F4Bootloader (old build)", 0x2001_0000, false)]
    [InlineData("f4rom", "ST's own bootloader in ROM (BOOT0)", 0x2005_0000, true)]
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
