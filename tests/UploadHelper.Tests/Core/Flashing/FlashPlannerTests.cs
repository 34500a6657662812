using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Tests.Core.Flashing;

public class FlashPlannerTests
{
    private static readonly MemoryMap Fixed = MemoryMap.Parse("@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg");
    private static readonly MemoryMap Old = MemoryMap.Parse("@Internal Flash   /0x08000000/04*016Ka,01*064Kg,03*128Kg");

    [Fact]
    public void The_vector_tables_sector_is_erased_first_and_its_block_written_last()
    {
        var plan = FlashPlanner.Plan(Image(0x0800_4000, 40_000), Fixed, 1024);

        Assert.Equal([0x0800_4000u, 0x0800_8000u, 0x0800_C000u], plan.Sectors.Select(s => s.Address));
        Assert.Equal(0x0800_4000u, plan.VectorBlock.Address);
        Assert.Equal(1024, plan.VectorBlock.Data.Length);
        var run = Assert.Single(plan.Runs);
        Assert.Equal(0x0800_4400u, run.Address);
        Assert.Equal(40_000 - 1024, run.Data.Length);
    }

    [Theory]
    [InlineData(9, 16)]
    [InlineData(16, 16)]
    [InlineData(1023, 1024)]
    public void A_short_image_is_padded_to_8_bytes_with_the_erased_value(int size, int padded)
    {
        var plan = FlashPlanner.Plan(Image(0x0800_4000, size), Fixed, 1024);

        Assert.Empty(plan.Runs);
        Assert.Equal(padded, plan.VectorBlock.Data.Length);
        Assert.All(plan.VectorBlock.Data.ToArray().Skip(size), b => Assert.Equal(0xFF, b));
    }

    [Theory]
    [InlineData(0x0800_0000, 100, UploadError.NotWritable, "0x08000000 to 0x08003FFF is not writable", "--offset 0x4000")]
    [InlineData(0x0800_4000, 0xF_C001, UploadError.ImageTooLarge, "(1 bytes too many)", "smaller")]
    [InlineData(0x0810_0000, 100, UploadError.NotWritable, "0x08100000 is not in the flash", "Check the offset")]
    [InlineData(0x0800_4400, 100, UploadError.NotASectorStart, "0x08004400 is not where a sector begins", "--offset 0x4000 or 0x8000")]
    public void What_does_not_fit_is_refused_with_the_range_and_the_map(uint address, int size, UploadError error, string message, string hint)
    {
        var e = Assert.Throws<UploadException>(() => FlashPlanner.Plan(Image(address, size), Fixed, 1024));

        Assert.Equal(error, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was erased.", e.Message, StringComparison.Ordinal);
        Assert.Contains("@Internal Flash /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg", e.Message, StringComparison.Ordinal);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_old_bootloaders_read_only_sectors_are_refused_and_the_first_writable_one_is_named()
    {
        var e = Assert.Throws<UploadException>(() => FlashPlanner.Plan(Image(0x0800_4000, 100), Old, 1024));

        Assert.Contains("0x08004000 to 0x08007FFF is not writable", e.Message, StringComparison.Ordinal);
        Assert.Contains("0x08010000 (--offset 0x10000)", e.Hint, StringComparison.Ordinal);
    }

    private static FirmwareImage Image(uint address, int size) => new("x.bin", [new Segment(address, new byte[size])]);
}
