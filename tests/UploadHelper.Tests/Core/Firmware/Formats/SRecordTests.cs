using System.Text;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Firmware.Formats;

public class SRecordTests
{
    [Fact]
    public void All_widths_of_address_and_records_in_any_order()
    {
        var image = Read(
            Record(0, 0, "68656C6C6F"),
            Record(3, 0x0800_4004, "5566"),
            Record(3, 0x0800_4000, "11223344"),
            Record(2, 0xFF_FFFF, "77"),
            Record(1, 0x1000, "8899"),
            Record(5, 4, ""),
            Record(7, 0x0800_4000, ""));

        Assert.Equal(ImageFormat.SRecord, image.Format);
        Assert.Equal(
            [(0x1000u, "8899"), (0x00FF_FFFFu, "77"), (0x0800_4000u, "112233445566")],
            image.Segments.Select(s => (s.Address, Convert.ToHexString(s.Data.Span))));
        Assert.Equal(0x0800_4000u, image.Start);
    }

    [Theory]
    [InlineData(6, 1u, 8)]
    [InlineData(5, 1u, 9)]
    [InlineData(5, 1u, 7)]
    public void Each_count_and_each_end_record_will_do(int countType, uint count, int endType)
    {
        var image = Read(Record(3, 0x0800_4000, "1122"), Record(countType, count, ""), Record(endType, 0, ""));

        Assert.Equal([0x11, 0x22], Assert.Single(image.Segments).Data.ToArray());
    }

    [Fact]
    public void A_count_that_is_not_true_tells_of_lost_records()
    {
        var e = Assert.Throws<UploadException>(() => Read(Record(3, 0x0800_4000, "1122"), Record(5, 2, ""), Record(7, 0, "")));

        Assert.Equal(UploadError.ImageUnreadable, e.Error);
        Assert.Contains("(line 2): the count record says 2, but the number of data records before it is 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_in_RAM_is_left_out()
    {
        var image = Read(Record(3, 0x0800_4000, "1122"), Record(3, 0x2400_0000, "334455"), Record(7, 0, ""));

        Assert.Equal([new LeftOutSegment(0x2400_0000, 3, null)], image.LeftOut);
        Assert.Equal(0x0800_4000u, Assert.Single(image.Segments).Address);
    }

    private static FirmwareImage Read(params string[] lines) =>
        ImageReader.Read(new ImageFile("x.s19", Encoding.ASCII.GetBytes(string.Join("\r\n", lines))), null);

    private static string Record(int type, uint address, string data) => SRecordWriter.Record(type, address, Convert.FromHexString(data));
}
