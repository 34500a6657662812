using System.Text;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Tests.Core.Firmware.Formats;

public class IntelHexTests
{
    private const string End = ":00000001FF";

    [Fact]
    public void Linear_and_segment_addresses_and_records_in_any_order()
    {
        var image = Read(
            Upper(0x0800),
            Data(0x4010, "AABB"),
            Data(0x4000, "1122"),
            Data(0x4002, "33EE"),
            Record(0, 2, "2000"),
            Data(0xFFFF, "EEFF"),
            Record(0, 3, "00004000"),
            Record(0, 5, "08004000"),
            End);

        Assert.Equal(ImageFormat.IntelHex, image.Format);
        Assert.Equal(
            [(0x0002_0000u, "FF"), (0x0002_FFFFu, "EE"), (0x0800_4000u, "112233EE"), (0x0800_4010u, "AABB")],
            image.Segments.Select(s => (s.Address, Convert.ToHexString(s.Data.Span))));
        Assert.Equal(0x0800_4000u, image.Start);
    }

    [Theory]
    [InlineData("\uFEFF:020000040800F2\r\n:0240000011228B\r\n:00000001FF\r\n")]
    [InlineData("\r\n\n  \t:020000040800F2\n:0240000011228B\n:00000001FF")]
    [InlineData(":020000040800f2\r:0240000011228B\r:00000001ff\r")]
    [InlineData(":020000040800F2  \n\n:0240000011228B\n:00000001FF\n\u001A\0\0\0\0")]
    public void A_text_may_be_dressed_in_many_ways(string text)
    {
        var segment = Assert.Single(ImageReader.Read(new ImageFile("x.hex", Encoding.UTF8.GetBytes(text)), null).Segments);

        Assert.Equal(0x0800_4000u, segment.Address);
        Assert.Equal([0x11, 0x22], segment.Data.ToArray());
    }

    [Fact]
    public void The_same_bytes_twice_are_fine_and_others_are_not()
    {
        var segment = Assert.Single(Read(Upper(0x0800), Data(0x4000, "1122"), Data(0x4000, "11223344"), Data(0x4001, "22"), End).Segments);
        Assert.Equal([0x11, 0x22, 0x33, 0x44], segment.Data.ToArray());

        var e = Assert.Throws<UploadException>(() => Read(Upper(0x0800), Data(0x4000, "11223344"), Data(0x4004, "55"), Data(0x4001, "2234"), End));
        Assert.Contains("(line 4): the byte at 0x08004002 is 0x34 here, but 0x33 at line 2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_offset_may_be_given_and_must_be_true()
    {
        var file = File(Upper(0x0800), Data(0x4000, "1122"), End);

        Assert.Equal(0x0800_4000u, ImageReader.Read(file, 0x0800_4000).Start);
        var e = Assert.Throws<UploadException>(() => ImageReader.Read(file, 0x0800_2000));
        Assert.Equal(UploadError.ImageLinkedElsewhere, e.Error);
        Assert.Contains("0x08004000", e.Message, StringComparison.Ordinal);
        Assert.Contains("0x08002000", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_in_RAM_is_left_out_and_option_bytes_are_not()
    {
        var image = Read(
            Upper(0x0800), Data(0x4000, "1122"), Upper(0x2400), Data(0x1000, "AABB"), Upper(0x1FFF), Data(0xC000, "1122"), Upper(0x5200), Data(0x201C, "33"), End);

        Assert.Equal([new LeftOutSegment(0x2400_1000, 2, null)], image.LeftOut);
        Assert.Equal([0x0800_4000u, 0x1FFF_C000u, 0x5200_201Cu], image.Segments.Select(s => s.Address));
    }

    [Fact]
    public void An_image_for_RAM_alone_is_refused()
    {
        var e = Assert.Throws<UploadException>(() => Read(Upper(0x2000), Data(0x1000, "AABB"), End));

        Assert.Equal(UploadError.ImageLinkedElsewhere, e.Error);
        Assert.Contains("linked for RAM", e.Message, StringComparison.Ordinal);
    }

    private static FirmwareImage Read(params string[] lines) => ImageReader.Read(File(lines), null);

    private static ImageFile File(params string[] lines) => new("x.hex", Encoding.ASCII.GetBytes(string.Join('\n', lines)));

    private static string Upper(int upper) => Record(0, 4, $"{upper:X4}");

    private static string Data(int offset, string data) => Record(offset, 0, data);

    private static string Record(int offset, int type, string data)
    {
        var record = $"{data.Length / 2:X2}{offset:X4}{type:X2}{data}";
        return $":{record}{(byte)-Convert.FromHexString(record).Sum(b => b):X2}";
    }
}
