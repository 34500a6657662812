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
        var fit = VectorTable.Check(SketchImage.Image(address, size));

        Assert.Equal(address, fit.LinkedFor);
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

        var e = Assert.Throws<UploadException>(() => VectorTable.Check(image));

        Assert.Equal(UploadError.ImageLinkedElsewhere, e.Error);
        Assert.Contains($"linked for 0x{linked:X8}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"--offset 0x{linked - 0x0800_0000:X}", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_pointers_to_tell_is_no_refusal()
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 0x2002_0000);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), 0x0800_4021);

        var fit = VectorTable.Check(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)]));

        Assert.False(fit.IsSure);
    }

    [Theory]
    [InlineData(0x0000_0000u, 0x0800_4101u, "is not a valid initial stack pointer")]
    [InlineData(0xFFFF_FFFFu, 0xFFFF_FFFFu, "is not a valid initial stack pointer")]
    [InlineData(0x2002_0002u, 0x0800_4101u, "is not a valid initial stack pointer")]
    [InlineData(0x2002_0000u, 0x0800_4100u, "is not a valid reset vector")]
    public void A_file_without_a_vector_table_is_refused(uint stack, uint reset, string why)
    {
        var bytes = SketchImage.Bytes(0x0800_4000, 4_000);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, stack);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), reset);

        var e = Assert.Throws<UploadException>(() => VectorTable.Check(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)])));

        Assert.Equal(UploadError.NoVectorTable, e.Error);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_handler_outside_the_image_is_refused()
    {
        var bytes = SketchImage.Bytes(0x0800_4000, 4_000);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(3 * 4), 0x0801_0001);

        var e = Assert.Throws<UploadException>(() => VectorTable.Check(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)])));

        Assert.Contains("0x08010001 is outside the image", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Noise_behind_a_fitting_image_does_not_turn_the_verdict()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var bytes = SketchImage.Bytes(0x0800_4000, 4_000).Concat(SketchImage.Noise(seed, 30_000)).ToArray();
            Assert.Equal(0x0800_4000u, VectorTable.Check(new FirmwareImage("x.bin", [new Segment(0x0800_4000, bytes)])).LinkedFor);
        }).QuickCheckThrowOnFailure();
    }
}
