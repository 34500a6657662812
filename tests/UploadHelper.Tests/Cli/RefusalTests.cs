using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What could not run, or what a bootloader would do wrongly, is refused, and the flash is as before.</summary>
public class RefusalTests
{
    private const int Small = 4_000;
    private const string F4BootMap = "@Internal Flash /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg";

    [Theory]
    [InlineData("f4boot", "0x4000", 0x7_C004, 0x2002_0000, "image-too-large", "0x08080000 to 0x0809FFFF", "0x0807FFFF", "F4Bootloader")]
    [InlineData("f4boot", "0x4000", 0xF_C000 + 100, 0x2002_0000, "image-too-large", "0x08004000 to 0x08100063", "0x080FFFFF", "100 bytes", F4BootMap)]
    [InlineData("f4boot", "0x4000", Small, 0x2400_8000, "not-for-this-device", "0x24008000", "F4Bootloader", "0x20000000 to 0x2003FFFF", "0x10000000 to 0x1003FFFF")]
    [InlineData("f4boot", "0x4400", Small, 0x2002_0000, "not-a-sector-start", "0x08004400", "0x08004000 to 0x08007FFF", F4BootMap)]
    [InlineData("f4boot", "0", Small, 0x2002_0000, "not-writable", "0x08000000 to 0x08000F9F", "0x08000000 to 0x08003FFF", F4BootMap)]
    [InlineData("f4boot", "0x100000", Small, 0x2002_0000, "not-writable", "0x08100000 to 0x08100F9F", F4BootMap)]
    [InlineData("f4boot-old", "0x4000", Small, 0x2002_0000, "not-writable", "0x08004000 to 0x08004F9F", "0x08004000 to 0x08007FFF", "04*016Ka,01*064Kg,03*128Kg")]
    [InlineData("f4boot-old", "0x10000", Small, 0x2001_0000, "not-for-this-device", "0x20010000", "F4Bootloader (old build)", "0x20000000 to 0x2000F000", "0x20020000 to 0x2002F000", "4 KiB")]
    [InlineData("h0wch33", "0", 50 * 1024 + 4, 0x2000_5000, "image-too-large", "0x08000000 to 0x0800C803", "0x0800C7FF", "4 bytes", "50*001Kg,14*001Ka")]
    [InlineData("h0wch33", "0", Small, 0x2002_0000, "not-for-this-device", "0x20020000", "h0wch33/stm32f1_dfu", "0x20000000 to 0x20018000")]
    [InlineData("h747", "0", Small, 0x2003_0000, "not-for-this-device", "0x20030000", "no STM32H7 has RAM there")]
    [InlineData("f4rom", "0", Small, 0x2408_0000, "not-for-this-device", "0x24080000", "no STM32F2, STM32F4 or STM32F7 has RAM there")]
    [InlineData("l496", "0", Small, 0x200C_0000, "not-for-this-device", "0x200C0000", "no STM32L4 has RAM there")]
    [InlineData("f072-rom", "0", Small, 0x2002_0000, "not-for-this-device", "0x20020000", "no STM32F0, STM32F1 or STM32F3 has RAM there")]
    [InlineData("f072-rom", "0", 0x2_0004, 0x2000_4000, "image-too-large", "0x08000000 to 0x08020003", "4 bytes", "64*002Kg")]
    [InlineData("f072-rom,chip=l083", "0", Small, 0x2000_8000, "not-for-this-device", "0x20008000", "no STM32L0 has RAM there")]
    [InlineData("f072-rom,chip=l083", "0x80080", Small, 0x2000_5000, "not-writable", "0x08080080")]
    [InlineData("g431-rom", "0", Small, 0x2004_0000, "not-for-this-device", "0x20040000", "no STM32C0, STM32G0 or STM32G4 has RAM there")]
    [InlineData("g431-rom,chip=c562", "0x400", Small, 0x2002_0000, "not-a-sector-start", "0x08000400", "64*008Kg")]
    [InlineData("at32f415", "0", 0x2_0004, 0x2000_8000, "image-too-large", "0x08000000 to 0x08020003", "4 bytes", "128*001Kg")]
    [InlineData("h747", "0x100000", 0x10_0004, 0x2002_0000, "image-too-large", "0x08100000 to 0x08200003", "0x081FFFFF", "4 bytes", "16*128Kg")]
    [InlineData("l496", "0x400", Small, 0x2002_0000, "not-a-sector-start", "0x08000400", "0x08000000 to 0x080007FF", "512*002Kg")]
    [InlineData("dsonano", "0x3000", Small, 0x2000_5000, "not-writable", "0x08003000 to 0x080033FF", "DSO Nano bootloader")]
    [InlineData("dsonano", "0", Small, 0x2000_5000, "not-writable", "0x08000000 to 0x08000F9F", "0x08000000 to 0x080003FF", "12*001Ka,116*001Kg")]
    [InlineData("dsonano", "0x4000", Small, 0x2002_0000, "not-for-this-device", "0x20020000", "DSO Nano bootloader", "0x20000000 to 0x2000FFFF")]
    [InlineData("dsonano", "0xC000", 80 * 1024 + 4, 0x2000_5000, "image-too-large", "0x0800C000 to 0x08020003", "0x0801FFFF", "4 bytes", "12*001Ka,116*001Kg")]
    public void An_image_that_does_not_fit_the_bootloader(string board, string offset, int size, uint stack, string code, params string[] facts)
    {
        var address = 0x0800_0000 + (offset == "0" ? 0 : Convert.ToUInt32(offset, 16));

        AssertRefused(board, SketchImage.Bytes(address, size, stack), $"--offset {offset}", code, facts);
    }

    [Theory]
    [InlineData("f4boot", "0x4400", "--offset 0x4000", "0x8000")]
    [InlineData("f4boot", "0", "0x08004000", "--offset 0x4000")]
    [InlineData("f4boot-old", "0x4000", "0x08010000", "--offset 0x10000")]
    [InlineData("l496", "0x400", "--offset 0x0", "0x800")]
    [InlineData("dsonano", "0x3000", "--offset 0x4000")]
    [InlineData("dsonano", "0", "0x08004000", "--offset 0x4000")]
    public void The_hint_names_the_places_that_are_right(string board, string offset, params string[] places)
    {
        using var run = new ProgramRun();
        var address = 0x0800_0000 + (offset == "0" ? 0 : Convert.ToUInt32(offset, 16));

        run.Sketch(address, Small, 0x2000_5000).Do($"upload blink.bin --simulate {board},start=bootloader --offset {offset}").Exits(4).Hints(places);
    }

    [Theory]
    [InlineData("f4boot", "other-08010000.elf", "0x08010000", "0x08004000", "F4Bootloader", "Maple bootloader, F4 port or F4Bootloader (old build)")]
    [InlineData("h0wch33", "blink-08002000.dfu", "0x08002000", "0x08000000", "h0wch33/stm32f1_dfu", "STM32duino bootloader 2.0 or libopencm3 usbdfu or dapboot")]
    public void An_image_whose_file_says_an_address_that_the_bootloader_does_not_start(string board, string firmware, string says, string starts, string bootloader, string madeFor) =>
        AssertRefused(board, TestFiles.Firmware(firmware).Content.ToArray(), "", "image-linked-elsewhere", says, starts, bootloader).Hints(madeFor);

    [Fact]
    public void A_dfu_file_that_was_made_for_another_device() => AssertRefused(
        "f4boot",
        DfuFileWriter.WithSuffix(SketchImage.Bytes(0x0800_4000, Small), new DfuFileIds(0x1209, 0xDB42, 0x0102)),
        "--offset 0x4000",
        "not-for-this-device",
        "1209:DB42",
        "0483:DF11").Hints("--force ids");

    /// <summary>Without its suffix, as dfu-suffix leaves it, the file is written.</summary>
    [Theory]
    [InlineData("blink-08004000.bin", "--offset 0x4000")]
    [InlineData("blink-08004000.dfu", "")]
    [InlineData("blink-08004000.hex", "")]
    [InlineData("blink-08004000.elf", "")]
    public void Without_its_suffix_the_file_is_taken(string firmware, string offset)
    {
        using var run = new ProgramRun();
        var body = firmware.EndsWith(".dfu", StringComparison.Ordinal) ? TestFiles.Firmware(firmware).Content[..^16] : TestFiles.Firmware(firmware).Content;
        run.With("other.bin", DfuFileWriter.WithSuffix(body.ToArray(), new DfuFileIds(0x1209, 0xDB42, 0x0102)));

        run.Do($"upload other.bin {offset} --simulate f4boot,start=bootloader").Fails(4, "not-for-this-device", "1209:DB42").Hints("--force ids");
        File.WriteAllBytes(run.PathOf("other.bin"), run.Bytes("other.bin")[..^16]);

        run.Do($"upload other.bin {offset} --simulate f4boot,start=bootloader").Exits(0).Prints("verified");
    }

    [Fact]
    public void A_product_id_of_0_is_any()
    {
        using var run = new ProgramRun();
        var sketch = SketchImage.Bytes(0x0800_4000, Small);
        run.With("zero.bin", DfuFileWriter.WithSuffix(sketch, new DfuFileIds(0x0483, 0, 0)))
            .With("any.bin", DfuFileWriter.WithSuffix(sketch, new DfuFileIds(0x0483, 0xFFFF, 0xFFFF)))
            .With("other.bin", DfuFileWriter.WithSuffix(sketch, new DfuFileIds(0x1209, 0, 0)));

        Upload("zero.bin").Exits(0).Warns("file-ids", "zero.bin", "0483:0000", "any device of vendor 0483");
        Upload("any.bin").Exits(0).PrintsNot("[file-ids]");
        Upload("other.bin").Fails(4, "not-for-this-device", "1209:0000", "0483:DF11");

        Printed Upload(string file) => run.Do($"upload {file} --simulate f4boot,start=bootloader --offset 0x4000");
    }

    [Theory]
    [InlineData("h747", 0x5200_201C)]
    [InlineData("l496", 0x1FFF_7800)]
    public void Option_bytes_in_a_file(string board, uint address)
    {
        var elements = new[] { new Segment(0x0800_0000, SketchImage.Bytes(0x0800_0000, Small)) };
        var file = DfuFileWriter.Write([new ImageTarget(0, null, elements), new ImageTarget(1, null, [new Segment(address, new byte[8])])]);

        AssertRefused(board, file, "", "not-writable", $"8 bytes for 0x{address:X8}", "Option Bytes");
    }

    [Fact]
    public void A_bad_image_is_refused_before_the_board_is_asked()
    {
        using var run = new ProgramRun();
        run.Do("list --simulate f4boot,flash=flash.bin").Exits(0);
        var before = run.Bytes("flash.bin");
        run.With("empty.bin", [])
            .With("blink.hex", ":020000040800F2\r\n:0400000000000220DA\r\n"u8.ToArray())
            .With("noise.bin", SketchImage.Noise(7, Small))
            .Sketch(0x0801_0000)
            .Sketch(0x0800_8000, name: "other.bin");

        Upload("missing.bin").Fails(3, "image-missing", "missing.bin");
        Upload("empty.bin").Fails(3, "image-unreadable", "empty.bin");
        Upload("blink.hex").Fails(3, "image-unreadable", "blink.hex", "line 2", ":00000001FF");
        Upload("noise.bin").Fails(4, "no-vector-table", "noise.bin", "0xF604634B");
        Upload("blink.bin").Fails(4, "image-linked-elsewhere", "blink.bin", "0x08010000", "0x08004000").Hints("--offset 0x10000", "F4Bootloader (old build)");
        Upload("other.bin").Fails(4, "image-linked-elsewhere", "other.bin", "0x08008000", "0x08004000").Hints("--offset 0x8000");
        Upload(TestFiles.FirmwarePath("blink-08010000.elf")).Fails(4, "image-linked-elsewhere", "blink-08010000.elf", "0x08010000", "0x08004000");

        Printed Upload(string file)
        {
            var printed = run.Do($"upload {file} --simulate f4boot,flash=flash.bin --offset 0x4000").Steps("hint error");
            Assert.Equal(before, run.Bytes("flash.bin"));
            return printed;
        }
    }

    private static Printed AssertRefused(string board, byte[] image, string options, string code, params string[] facts)
    {
        using var run = new ProgramRun();
        run.Do($"list --simulate {board},flash=flash.bin").Exits(0);
        var before = run.Bytes("flash.bin");

        var printed = run.With("blink.bin", image).Do($"upload blink.bin --simulate {board},start=bootloader,flash=flash.bin {options}");

        printed.Fails(4, code, facts).Steps("Image Found hint error").Prints("Nothing was erased.");
        Assert.Equal(before, run.Bytes("flash.bin"));
        return printed;
    }
}
