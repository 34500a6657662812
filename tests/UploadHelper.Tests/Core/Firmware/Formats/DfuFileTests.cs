using System.Text;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Firmware.Formats;

public class DfuFileTests
{
    private static readonly DfuFileIds Ids = new(0x1209, 0xDB42, 0x0200);

    [Fact]
    public void A_plain_dfu_file_is_a_raw_binary_with_ids()
    {
        var content = SketchImage.Noise(1, 100);

        var image = ImageReader.Read(new ImageFile("x.bin", DfuFileWriter.WithSuffix(content, Ids)), 0x0800_4000);

        Assert.Equal(ImageFormat.Dfu, image.Format);
        Assert.Equal(Ids, image.MadeFor);
        Assert.Equal(content, Assert.Single(image.Segments).Data.ToArray());
        Assert.True(image.MadeFor!.Fits(new UsbId(0x1209, 0xDB42)));
        Assert.False(image.MadeFor.Fits(DeviceFilter.StDfu));
    }

    /// <summary>0xFFFF stands for any (USB DFU 1.1, appendix B), and so does 0, which no device has.</summary>
    [Theory]
    [InlineData(0x0483, 0xDF11, true, false, "0483:DF11")]
    [InlineData(0x0483, 0xFFFF, true, false, "any device of vendor 0483")]
    [InlineData(0xFFFF, 0xFFFF, true, false, "any device")]
    [InlineData(0x0483, 0x0000, true, true, "any device of vendor 0483")]
    [InlineData(0x0000, 0x0000, true, true, "any device")]
    [InlineData(0x1209, 0x0000, false, true, "any device of vendor 1209")]
    [InlineData(0x1209, 0xFFFF, false, false, "any device of vendor 1209")]
    public void Ids_that_stand_for_any(ushort vendor, ushort product, bool fits, bool incomplete, string text)
    {
        var ids = new DfuFileIds(vendor, product, 0xFFFF);

        Assert.Equal((fits, incomplete, text), (ids.Fits(DeviceFilter.StDfu), ids.IsIncomplete, ids.ToString()));
    }

    [Fact]
    public void A_plain_dfu_file_needs_an_address()
    {
        var e = Assert.Throws<UploadException>(() => ImageReader.Read(new ImageFile("x.dfu", DfuFileWriter.WithSuffix(new byte[100], Ids)), null));

        Assert.Equal(UploadError.AddressMissing, e.Error);
        Assert.Contains("x.dfu", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_with_a_suffix_is_read_as_text()
    {
        var text = Encoding.ASCII.GetBytes(":020000040800F2\n:0240000011228B\n:00000001FF\n");

        var image = ImageReader.Read(new ImageFile("x.bin", DfuFileWriter.WithSuffix(text, Ids)), null);

        Assert.Equal(ImageFormat.IntelHex, image.Format);
        Assert.Equal(Ids, image.MadeFor);
        Assert.Equal(0x0800_4000u, image.Start);
    }

    [Fact]
    public void Bytes_that_only_look_like_a_suffix_are_part_of_the_sketch()
    {
        var content = new byte[100];
        "UFD"u8.CopyTo(content.AsSpan(^8));

        Assert.Equal(100, ImageReader.Read(new ImageFile("x.bin", content), 0x0800_4000).Size);
    }

    [Fact]
    public void Elements_may_be_empty_stand_in_any_order_and_touch()
    {
        var target = new ImageTarget(0, null,
        [
            new Segment(0x0800_4004, new byte[] { 5, 6 }),
            new Segment(0x0800_9000, default),
            new Segment(0x0800_4000, new byte[] { 1, 2, 3, 4 }),
        ]);

        var image = ImageReader.Read(new ImageFile("x.dfu", DfuFileWriter.Write([target, new ImageTarget(1, "empty", [])])), null);

        Assert.Equal([1, 2, 3, 4, 5, 6], Assert.Single(Assert.Single(image.Targets).Segments).Data.ToArray());
    }

    [Fact]
    public void What_lies_in_RAM_is_left_out()
    {
        var image = ImageReader.Read(TestFiles.Firmware("h747.dfu"), null);

        Assert.Equal([new LeftOutSegment(0x2400_0000, 48, null), new LeftOutSegment(0x3000_0000, 16, null)], image.LeftOut);
        Assert.Equal(TestFiles.Firmware("h747.bin").Content.ToArray(), Assert.Single(image.Segments).Data.ToArray());
    }
}
