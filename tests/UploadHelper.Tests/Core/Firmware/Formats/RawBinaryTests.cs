using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Tests.Core.Firmware.Formats;

public class RawBinaryTests
{
    [Fact]
    public void A_section_in_RAM_makes_a_binary_of_hundreds_of_megabytes_and_is_told_as_such()
    {
        // Already up to the CCM at 0x10000000 it is 128 MiB; up to the AXI SRAM of an STM32H7 it is 448.
        var e = Assert.Throws<UploadException>(() => ImageReader.Read(new ImageFile("x.bin", new byte[0x0800_0010]), 0x0800_0000));

        Assert.Equal(UploadError.ImageTooLarge, e.Error);
        Assert.Contains("0x1000000F", e.Message, StringComparison.Ordinal);
        Assert.Contains("NOLOAD", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_binary_goes_where_it_is_told_also_into_a_flash_on_the_board() =>
        Assert.Equal(0x9000_0000u, ImageReader.Read(new ImageFile("x.bin", new byte[100]), 0x9000_0000).Start);
}
