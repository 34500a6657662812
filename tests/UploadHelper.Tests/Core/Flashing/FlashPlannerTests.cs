using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;

namespace UploadHelper.Tests.Core.Flashing;

public class FlashPlannerTests
{
    private static readonly MemoryMap Fixed = MemoryMap.Parse("@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg");
    private static readonly MemoryMap Old = MemoryMap.Parse("@Internal Flash   /0x08000000/04*016Ka,01*064Kg,03*128Kg");

    private static readonly MemoryMap Spi = MemoryMap.Parse("@SPI Flash : M25P64/0x00000000/64*064Kg,64*064Kg");

    [Fact]
    public void The_vector_tables_sector_is_erased_first_and_its_block_written_last()
    {
        var plan = Plan(Image(0x0800_4000, 40_000), Fixed);

        Assert.Equal([0x0800_4000u, 0x0800_8000u, 0x0800_C000u], plan.Sectors.Select(s => s.Address));
        Assert.Equal(0x0800_4000u, plan.VectorBlock!.Value.Address);
        Assert.Equal(1024, plan.VectorBlock!.Value.Data.Length);
        var run = Assert.Single(plan.Memories[0].Runs);
        Assert.Equal(0x0800_4400u, run.Address);
        Assert.Equal(40_000 - 1024, run.Data.Length);
    }

    [Theory]
    [InlineData(9, 32)]
    [InlineData(32, 32)]
    [InlineData(1023, 1024)]
    public void A_short_image_is_filled_up_to_a_flash_word_with_the_erased_value(int size, int padded)
    {
        var plan = Plan(Image(0x0800_4000, size), Fixed);

        Assert.Empty(plan.Memories[0].Runs);
        Assert.Equal(padded, plan.VectorBlock!.Value.Data.Length);
        Assert.All(plan.VectorBlock!.Value.Data.ToArray().Skip(size), b => Assert.Equal(0xFF, b));
    }

    [Theory]
    [InlineData(0x0800_0000, 100, UploadError.NotWritable, "0x08000000 to 0x08003FFF", "--offset 0x4000")]
    [InlineData(0x0800_4000, 0xF_C001, UploadError.ImageTooLarge, "0x08100000", "smaller")]
    [InlineData(0x0810_0000, 100, UploadError.NotWritable, "0x08100000 to 0x08100063", "")]
    [InlineData(0x0800_4400, 100, UploadError.NotASectorStart, "0x08004400", "--offset 0x4000 or --offset 0x8000")]
    public void What_does_not_fit_is_refused_with_the_range_and_the_map(uint address, int size, UploadError error, string message, string hint)
    {
        var e = Assert.Throws<UploadException>(() => Plan(Image(address, size), Fixed));

        Assert.Equal(error, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was erased.", e.Message, StringComparison.Ordinal);
        Assert.Contains("@Internal Flash /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg", e.Message, StringComparison.Ordinal);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_old_bootloaders_read_only_sectors_are_refused_and_the_first_writable_one_is_named()
    {
        var e = Assert.Throws<UploadException>(() => Plan(Image(0x0800_4000, 100), Old));

        Assert.Equal(UploadError.NotWritable, e.Error);
        Assert.Contains("0x08004000 to 0x08007FFF", e.Message, StringComparison.Ordinal);
        Assert.Contains("0x08010000 (--offset 0x10000)", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Segments_that_share_a_sector_erase_it_once_and_near_ones_become_one_run()
    {
        var plan = Plan(Image((0x0800_4000, 2_000), (0x0800_4000 + 2_100, 500), (0x0800_6000, 100)), Fixed);

        Assert.Equal([0x0800_4000u], plan.Sectors.Select(s => s.Address));
        Assert.Equal([(0x0800_4400u, 1_600), (0x0800_6000u, 128)], plan.Memories[0].Runs.Select(r => (r.Address, r.Data.Length)));
        Assert.All(plan.Memories[0].Runs[0].Data[976..1076].ToArray(), b => Assert.Equal(0xFF, b));
    }

    [Fact]
    public void Data_that_crosses_into_the_next_page_erases_both()
    {
        var plan = Plan(Image((0x0800_4000, 100), (0x0800_7FF0, 32)), Fixed);

        Assert.Equal([0x0800_4000u, 0x0800_8000u], plan.Sectors.Select(s => s.Address));
        Assert.Equal([(0x0800_7FE0u, 64)], plan.Memories[0].Runs.Select(r => (r.Address, r.Data.Length)));
    }

    [Fact]
    public void Sectors_between_two_segments_are_neither_erased_nor_filled()
    {
        var plan = Plan(Image((0x0800_0000, 1_024), (0x0800_0800, 1_024)), MemoryMap.Parse("@Internal Flash /0x08000000/128*001Kg"), 2048);

        Assert.Equal([0x0800_0000u, 0x0800_0800u], plan.Sectors.Select(s => s.Address));
        Assert.Equal(1_024, plan.VectorBlock!.Value.Data.Length);
        Assert.Equal([(0x0800_0800u, 1_024)], plan.Memories[0].Runs.Select(r => (r.Address, r.Data.Length)));
    }

    [Fact]
    public void A_segment_goes_to_the_memory_that_holds_its_address_and_that_with_the_vector_table_comes_first()
    {
        var plan = Plan(Image((0x0001_0000, 50), (0x0800_4000, 5_000)), Spi, Fixed);

        Assert.Equal([1, 0], plan.Memories.Select(m => m.Memory.Alternate.Setting));
        Assert.Equal([0x0800_4000u, 0x0001_0000u], plan.Sectors.Select(s => s.Address));
        Assert.Equal(0x0800_4000u, plan.VectorBlock!.Value.Address);
    }

    [Theory]
    [InlineData("@Option Bytes  /0x1FFFC000/01*016 e", 0x1FFF_C000u)]
    [InlineData("@Internal Flash /0x1FFF7800/01*040 e", 0x1FFF_7800u)]
    [InlineData("@OTP Memory /0x1FFF7800/01*512 g,01*016 g", 0x1FFF_7800u)]
    [InlineData("@Option Bytes   /0x5200201C/01*128 e", 0x5200_2020u)]
    public void Option_bytes_and_OTP_are_never_written(string map, uint address)
    {
        var e = Assert.Throws<UploadException>(() => Plan(Image((0x0800_4000, 100), (address, 16)), Fixed, MemoryMap.Parse(map)));

        Assert.Equal(UploadError.NotWritable, e.Error);
        Assert.Contains($"16 bytes for 0x{address:X8}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_alternate_setting_that_does_not_hold_the_address_is_refused_and_the_right_one_is_named()
    {
        var wrong = Assert.Throws<UploadException>(() => Planner(1024, Fixed, Spi).Plan(Image(0x0800_4000, 100), alternate: 1));
        var none = Assert.Throws<UploadException>(() => Planner(1024, Fixed, Spi).Plan(Image(0x0800_4000, 100), alternate: 7));

        Assert.Contains("--alt 0", wrong.Hint, StringComparison.Ordinal);
        Assert.Contains("0 (Internal Flash), 1 (SPI Flash : M25P64)", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_target_of_a_dfu_file_goes_to_its_alternate_setting_and_data_has_no_vector_block()
    {
        var image = new FirmwareImage(
            "x.dfu",
            ImageFormat.DfuSe,
            [new ImageTarget(1, "data", [new Segment(0x0001_0000, new byte[64])])],
            [],
            null);

        var plan = Plan(image, Fixed, Spi);
        var contradicted = Assert.Throws<UploadException>(() => Planner(1024, Fixed, Spi).Plan(image, alternate: 0));

        Assert.Null(plan.VectorBlock);
        Assert.Equal([0x0001_0000u], plan.Sectors.Select(s => s.Address));
        Assert.Equal(1, plan.Memories[0].Memory.Alternate.Setting);
        Assert.Equal(UploadError.NotWritable, contradicted.Error);
        Assert.Contains("--alt", contradicted.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_targets_for_the_same_bytes_are_refused()
    {
        ImageTarget Target(byte first) => new(0, null, [new Segment(0x0800_4000, new byte[] { first, 0, 0, 0 })]);

        var e = Assert.Throws<UploadException>(() => Plan(new FirmwareImage("x.dfu", ImageFormat.DfuSe, [Target(1), Target(2)], [], null), Fixed));

        Assert.Equal(UploadError.ImageUnreadable, e.Error);
    }

    private static FlashPlan Plan(FirmwareImage image, params MemoryMap[] maps) => Planner(1024, maps).Plan(image);

    private static FlashPlan Plan(FirmwareImage image, MemoryMap map, int transferSize) => Planner(transferSize, map).Plan(image);

    private static FlashPlanner Planner(int transferSize, params MemoryMap[] maps) =>
        new([.. maps.Select((map, setting) => new DfuMemory(new DfuAlternate(0, (byte)setting, map.ToString()), map))], transferSize, 0xFF);

    private static FirmwareImage Image(uint address, int size) => Image((address, size));

    private static FirmwareImage Image(params (uint Address, int Size)[] segments) =>
        new("x.bin", [.. segments.OrderBy(s => s.Address).Select(s => new Segment(s.Address, new byte[s.Size]))]);
}
