using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Firmware;

public class VectorTableTests
{
    [Theory]
    [InlineData(0x0800_0000, 4_000)]
    [InlineData(0x0800_2000, 4_000)]
    [InlineData(0x0800_4000, 4_000)]
    [InlineData(0x0800_4000, 200_000)]
    public void An_image_fits_the_address_it_was_linked_for(uint address, int size)
    {
        var check = ImageCheck.Of(SketchImage.Image(address, size));

        Assert.Equal(address, check.Fit!.LinkedFor);
        Assert.Empty(check.Findings);
    }

    [Theory]
    [InlineData(0x0800_4000, 0x0800_0000, 4_000)]
    [InlineData(0x0800_4000, 0x0800_0000, 200_000)]
    [InlineData(0x0800_0000, 0x0800_4000, 4_000)]
    [InlineData(0x0800_2000, 0x0800_4000, 200_000)]
    [InlineData(0x0800_4000, 0x0800_8000, 500_000)]
    public void An_image_linked_for_another_address_is_refused_and_the_address_is_named(uint linked, uint address, int size)
    {
        var image = new FirmwareImage("blink.bin", [new Segment(address, SketchImage.Bytes(linked, size))]);

        var e = ImageCheck.Of(image).Refusals.First();

        Assert.Equal(UploadError.ImageLinkedElsewhere, e.Error);
        Assert.Contains($"linked for 0x{linked:X8}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"--offset 0x{linked - 0x0800_0000:X}", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_pointers_to_tell_is_no_refusal()
    {
        var bytes = new byte[4_000];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 0x2002_0000);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), 0x0800_4821);

        var check = ImageCheck.Of(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)]));

        Assert.False(check.Fit!.IsSure);
        Assert.Contains("too few code pointers (1)", Assert.Single(check.Findings).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x0800_4000u, true)]
    [InlineData(0x0800_4400u, false)]
    [InlineData(0x0800_3C00u, false)]
    public void The_reset_vector_of_an_image_shorter_than_a_sector_tells_its_address(uint address, bool fits)
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 0x2002_0000);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), 0x0800_4021);

        var check = ImageCheck.Of(new FirmwareImage("x.bin", [new Segment(address, bytes)]));

        Assert.Equal(0x0800_4000u, check.Fit!.LinkedFor);
        Assert.Equal(fits, check.Findings.Count == 0);
    }

    [Theory]
    [InlineData(0x0000_0000u, 0x0800_4101u, "is not a valid initial stack pointer")]
    [InlineData(0xFFFF_FFFFu, 0xFFFF_FFFFu, "is not a valid initial stack pointer")]
    [InlineData(0x2030_0000u, 0x0800_4101u, "is not a valid initial stack pointer: no STM32 has RAM there")]
    [InlineData(0x2002_0000u, 0x0800_4100u, "is not a valid reset vector")]
    public void A_file_without_a_vector_table_is_refused(uint stack, uint reset, string why)
    {
        var bytes = SketchImage.Bytes(0x0800_4000, 4_000);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, stack);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), reset);

        var e = ImageCheck.Of(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)])).Refusals.First();

        Assert.Equal(UploadError.NoVectorTable, e.Error);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    // The pointers prove the address, so such a handler can be in another program on the chip.
    [Theory]
    [InlineData(0x0801_0001u, "0x08010001 is outside the image")]
    [InlineData(0x0800_4200u, "0x08004200 is even")]
    public void An_unusual_handler_warns(uint handler, string why)
    {
        var bytes = SketchImage.Bytes(0x0800_4000, 4_000);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(3 * 4), handler);

        var warning = Assert.Single(ImageCheck.Of(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)])).Findings);

        Assert.Equal((Override.Address, WarningCode.UnusualVectors), (warning.About, warning.Warning!.Value));
        Assert.Contains(why, warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x2000_0101u)] // copied to RAM at the start
    [InlineData(0x0000_0101u)] // ITCM
    [InlineData(0xFFFF_FFFFu)] // unused
    [InlineData(0u)]
    public void A_handler_in_RAM_or_an_unused_one_is_nothing_unusual(uint handler)
    {
        var bytes = SketchImage.Bytes(0x0800_4000, 4_000);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(15 * 4), handler);

        Assert.Empty(ImageCheck.Of(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)])).Findings);
    }

    [Theory]
    [InlineData(0x2000_0101u, "was linked for RAM")]
    [InlineData(0x0810_0001u, "0x08100001 is outside the image")]
    public void A_reset_vector_outside_the_image_is_refused(uint reset, string why)
    {
        var bytes = SketchImage.Bytes(0x0800_4000, 4_000);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), reset);

        var check = ImageCheck.Of(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)]));

        var e = Assert.Single(check.Refusals);
        Assert.Equal((UploadError.ImageLinkedElsewhere, Override.Address), (e.Error, e.Override));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Noise_behind_a_fitting_image_does_not_turn_the_verdict()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var bytes = SketchImage.Bytes(0x0800_4000, 4_000).Concat(SketchImage.Noise(seed, 30_000)).ToArray();
            Assert.Equal(0x0800_4000u, ImageCheck.Of(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)])).Fit!.LinkedFor);
        }).QuickCheckThrowOnFailure();
    }
}
