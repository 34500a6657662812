using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Maple;
using UploadHelper.Core.Usb;

namespace UploadHelper.Tests.Core.Dfu;

public class MapleMemoriesTests
{
    [Theory]
    [InlineData("STM32duino bootloader v1.0  Upload to Flash 0x8005000", 1024, 0x0800_5000u, 108)]
    [InlineData("STM32duino bootloader v1.0  Upload to Flash 0x8002000", 1024, 0x0800_2000u, 120)]
    [InlineData("STM32duino bootloader v1.0  Upload to Flash 0x8002000", 2048, 0x0800_2000u, 252)]
    [InlineData("DFU Program FLASH 0x08005000", 1024, 0x0800_5000u, 108)]
    [InlineData("DFU Program FLASH 0x08010000", 2048, 0x0801_0000u, 224)]
    public void The_name_tells_where_and_the_block_size_how_far(string name, ushort transferSize, uint start, int pages)
    {
        var memory = Assert.Single(MapleMemories.Of(Maple(transferSize, 0x0110, name)));

        Assert.Equal(start, memory.FixedStart);
        var group = Assert.Single(memory.Map.Groups);
        Assert.Equal((start, pages, (uint)transferSize), (group.Address, group.Count, group.SectorSize));
    }

    [Theory]
    [InlineData("DFU Program RAM 0x20000C00")]
    [InlineData("STM32duino bootloader v1.0  ERROR. Upload to RAM not supported.")]
    [InlineData("Flash 0x")]
    [InlineData("Flash 0x123456789")]
    [InlineData("Flash 8005000")]
    [InlineData("")]
    public void Ram_and_names_without_an_address_are_no_memory(string name) => Assert.Empty(MapleMemories.Of(Maple(1024, 0x0110, name)));

    [Fact]
    public void The_memory_that_begins_next_below_an_address_comes_first()
    {
        var memories = MapleMemories.Of(Maple(1024, 0x0110, "RAM 0x20000C00", "Flash 0x8002000", "Flash 0x8005000"));

        Assert.Equal([(byte)2, (byte)1], memories.Select(m => m.Alternate.Setting));
    }

    [Fact]
    public void A_maple_is_plain_dfu_whatever_version_it_says() =>
        Assert.False(Maple(1024, DfuFunctionalDescriptor.DfuSeVersion, "@Internal Flash /0x08000000/64*001Kg").IsDfuSe);

    private static DfuDescription Maple(ushort transferSize, ushort version, params string[] names) => new(
        new UsbDeviceInfo(1, 1, "1-1", 0x1EAF, 0x0003, 0x0200, []),
        0x0100,
        "LeafLabs",
        "Maple 003",
        "LLM 003",
        new DfuFunctionalDescriptor(3, transferSize, version),
        [.. names.Select((name, i) => new DfuAlternate(0, (byte)i, name))]);
}
