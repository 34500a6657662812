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
}
