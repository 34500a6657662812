using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Tests.Core.Flashing;

public class PreflightTests
{
    private const string F4Map = "@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg";
    private const string OldF4Map = "@Internal Flash   /0x08000000/04*016Ka,01*064Kg,03*128Kg";
    private const string EndOfFlashMap = "@Internal Flash   /0x08000000/50*001Kg,14*001Ka";

    [Theory]
    [InlineData(0x7_C000, true)]
    [InlineData(0x7_C001, false)]
    public void F4Bootloader_erases_the_wrong_sector_from_512_KiB_on_and_gets_nothing_there(int size, bool allowed)
    {
        var refusal = Check(F4Map, "STMicroelectronics", attributes: 0x0B, 0x0800_4000, new byte[size]);

        Assert.Equal(allowed ? null : UploadError.ImageTooLarge, refusal?.Error);
        Assert.True(allowed || refusal!.Message.Contains("0x0807FFFF", StringComparison.Ordinal), refusal?.Message);
    }

    [Theory]
    [InlineData(64, "50*001Kg,14*001Ka", true)]
    [InlineData(128, "114*001Kg,14*001Ka", true)]
    [InlineData(256, "242*001Kg,14*001Ka", false)]
    [InlineData(512, "498*001Kg,14*001Ka", false)]
    public void A_bootloader_that_would_erase_itself_on_pages_of_2_KiB_gets_nothing_there(int kibibytes, string sectors, bool allowed)
    {
        var refusal = Check($"@Internal Flash   /0x08000000/{sectors}", "HCHEW", attributes: 0x09, 0x0800_0000, new byte[2_000]);

        Assert.Equal(allowed ? null : UploadError.NotWritable, refusal?.Error);
        Assert.True(allowed || (refusal!.Message.Contains("pages of 2 KiB", StringComparison.Ordinal) && refusal.Hint!.Contains("BOOT0", StringComparison.Ordinal)), $"{kibibytes} KiB: {refusal?.Message}");
    }

    [Fact]
    public void A_sketch_may_fill_the_flash_up_to_the_bootloader_at_its_end_and_no_further()
    {
        Assert.Null(Check(EndOfFlashMap, "HCHEW", attributes: 0x09, 0x0800_0000, new byte[50 * 1024]));
        var refusal = Check(EndOfFlashMap, "HCHEW", attributes: 0x09, 0x0800_0000, new byte[50 * 1024 + 1]);

        Assert.Equal(UploadError.ImageTooLarge, refusal?.Error);
        Assert.Contains("0x0800C7FF (1 bytes", refusal!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x0483, 0xDF11, true)]
    [InlineData(0xFFFF, 0xFFFF, true)]
    [InlineData(0x1209, 0xDB42, false)]
    public void A_dfu_file_for_another_device_is_refused(ushort vendor, ushort product, bool allowed)
    {
        var refusal = Check(F4Map, "STMicroelectronics", attributes: 0x0B, 0x0800_4000, new byte[100], new DfuFileIds(vendor, product, 0xFFFF));

        Assert.Equal(allowed ? null : UploadError.NotForThisDevice, refusal?.Error);
        Assert.True(allowed || refusal!.Message.Contains("for 1209:DB42, but the board is 0483:DF11", StringComparison.Ordinal), refusal?.Message);
    }

    [Theory]
    [InlineData(F4Map, "STMicroelectronics", 0x0800_8000)]
    [InlineData(OldF4Map, "STMicroelectronics", 0x0802_0000)]
    [InlineData(EndOfFlashMap, "HCHEW", 0x0800_2000)]
    public void A_program_where_the_bootloader_starts_none_is_refused(string map, string manufacturer, uint address)
    {
        var refusal = Check(map, manufacturer, attributes: manufacturer == "HCHEW" ? (byte)0x09 : (byte)0x0B, address, new byte[2_000]);

        Assert.Equal(UploadError.ImageLinkedElsewhere, refusal?.Error);
        Assert.Contains($"0x{address:X8}", refusal!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(F4Map, "STMicroelectronics", 0x0800_4000, 0x2003_FFFC, true)]
    [InlineData(F4Map, "STMicroelectronics", 0x0800_4000, 0x1001_0000, true)]
    [InlineData(F4Map, "STMicroelectronics", 0x0800_4000, 0x2004_0000, false)]
    [InlineData(OldF4Map, "STMicroelectronics", 0x0801_0000, 0x2002_0000, true)]
    [InlineData(OldF4Map, "STMicroelectronics", 0x0801_0000, 0x2001_0000, false)]
    [InlineData(OldF4Map, "STMicroelectronics", 0x0801_0000, 0x2002_0100, false)]
    [InlineData(EndOfFlashMap, "HCHEW", 0x0800_0000, 0x2001_8000, true)]
    [InlineData(EndOfFlashMap, "HCHEW", 0x0800_0000, 0x2001_8004, false)]
    public void A_sketch_that_the_bootloader_would_never_start_is_refused(string map, string manufacturer, uint address, uint stack, bool allowed)
    {
        var image = new byte[2_000];
        BitConverter.TryWriteBytes(image, stack);

        var refusal = Check(map, manufacturer, attributes: manufacturer == "HCHEW" ? (byte)0x09 : (byte)0x0B, address, image);

        Assert.Equal(allowed ? null : UploadError.NotForThisDevice, refusal?.Error);
        Assert.True(allowed || refusal!.Message.Contains($"0x{stack:X8}", StringComparison.Ordinal), refusal?.Message);
    }

    private static UploadException? Check(string name, string manufacturer, byte attributes, uint address, byte[] content, DfuFileIds? madeFor = null)
    {
        if (content.AsSpan(0, 4).SequenceEqual(new byte[4]))
        {
            BitConverter.TryWriteBytes(content, 0x2000_5000);
        }

        var memory = new DfuMemory(new DfuAlternate(0, 0, name), MemoryMap.Parse(name));
        var description = new DfuDescription(
            new UsbDeviceInfo(1, 2, "1-1", 0x0483, 0xDF11, 0x0200, []),
            0x0200,
            manufacturer,
            manufacturer == "HCHEW" ? "STM32 DFU Emulation" : "DFU in FS Mode",
            "",
            new DfuFunctionalDescriptor(attributes, 1024, DfuFunctionalDescriptor.DfuSeVersion),
            [memory.Alternate]);
        var image = new FirmwareImage("x.bin", ImageFormat.RawBinary, [new ImageTarget(null, null, [new Segment(address, content)])], [], madeFor);
        return Record.Exception(() => Preflight.Plan(image, description, [memory], BootloaderCatalogue.For(description, memory.Map), null, [], _ => { })) as UploadException;
    }
}
