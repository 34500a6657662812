using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;

namespace UploadHelper.Tests.Core.Boards;

public class FlashAddressTests
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
    [InlineData("0x90040000", 0x9004_0000)]
    [InlineData("0xA0000000", 0xA000_0000)]
    [InlineData("0x60000000", 0x6000_0000)]
    [InlineData("0x1080", 0x0800_1080)] // a page of 128 bytes of an STM32L0
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
    [InlineData("0x24000000", "")]
    [InlineData("0x40020000", "")]
    [InlineData("0x1FFFC000", "")]
    [InlineData("0x1FFF7800", "")]
    [InlineData("0x52002000", "")]
    [InlineData("0xFFFF0000", "")]
    [InlineData("0x90040001", "")]
    [InlineData("90040000", "0x90040000")]
    [InlineData("20000000h", "")]
    public void Anything_else_is_refused_with_what_was_probably_meant(string text, string meant)
    {
        var e = Assert.Throws<UploadException>(() => FlashAddress.Parse(text));

        Assert.Equal(UploadError.AddressInvalid, e.Error);
        Assert.Contains($"\"{text}\"", e.Message, StringComparison.Ordinal);
        Assert.Equal(meant.Length > 0, e.Message.EndsWith($" {meant}?", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0x1FFFC000", "option bytes")]
    [InlineData("0x20000000", "RAM")]
    [InlineData("0x4001", "no flash sector starts there")]
    public void The_reason_is_told(string text, string why) =>
        Assert.Contains(why, Assert.Throws<UploadException>(() => FlashAddress.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0x0800_0000, "0x0")]
    [InlineData(0x0804_0000, "0x40000")]
    [InlineData(0x9004_0000, "0x90040000")]
    public void An_address_is_written_as_it_is_read(uint address, string text)
    {
        Assert.Equal(text, FlashAddress.Offset(address));
        Assert.Equal(address, FlashAddress.Parse(text));
    }
}
