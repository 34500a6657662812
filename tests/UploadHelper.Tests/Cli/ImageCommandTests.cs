using System.Text.RegularExpressions;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What is in a file, and which bootloader it fits.</summary>
public class ImageCommandTests
{
    private const string DsoNano = "DSO Nano bootloader (library)";

    [Theory]
    [InlineData("blink-08004000.bin", "raw binary", "0x08004000 to 0x080042CB", "0x20020000 0x0800418B", "0x08004000", "F4Bootloader --offset 0x4000|HID bootloader for F4 --usb-id 1209:BEBA --offset 0x4000", DsoNano)]
    [InlineData("other-08010000.elf", "ELF", "0x08010000 to 0x080102CB", "0x20020000 0x0801018B", "0x08010000", "F4Bootloader (old build) --offset 0x10000", "Maple bootloader, F4 port")]
    [InlineData("blink-08002000.s19", "Motorola S-record", "0x08002000 to 0x080022CB", "0x20005000 0x0800218B", "0x08002000", "STM32duino bootloader 2.0 --usb-id 1EAF:0003 --alt 2|libopencm3 usbdfu --offset 0x2000|dapboot --offset 0x2000", "")]
    [InlineData("dsonano-app.dfu", "DfuSe, for 0483:DF11", "0x0800C000 to 0x0800C2CB", "0x20005000 0x0800C18B", "0x0800C000", "DSO Nano bootloader (application) --offset 0xC000", "")]
    [InlineData("h747.elf", "ELF", "0x08000000 to 0x080002CB", "0x20020000 0x0800018B", "0x08000000", "ST system bootloader in ROM (BOOT0) --offset 0|Artery AT32 bootloader --offset 0|Geehy APM32 bootloader --offset 0", "h0wch33/stm32f1_dfu (64 KiB part)|h0wch33/stm32f1_dfu (128 KiB part)|dapboot, high-memory build|GigaDevice GD32VF103 bootloader")]
    public void A_sketch_is_described(string firmware, string format, string range, string vectors, string linkedFor, string fits, string doesNotFit)
    {
        using var run = new ProgramRun();

        var printed = run.Do($"image {TestFiles.FirmwarePath(firmware)}").Exits(0).Prints(firmware, "716 bytes");

        Assert.Equal("", printed.Error);
        Assert.Equal([format], Rows(printed, "format"));
        Assert.Contains(range, Assert.Single(Rows(printed, firmware.EndsWith("dfu", StringComparison.Ordinal) ? "element" : "segment")), StringComparison.Ordinal);
        Assert.All(vectors.Split(' '), v => Assert.Contains(v, Assert.Single(Rows(printed, "vector table")), StringComparison.Ordinal));
        Assert.StartsWith(linkedFor, Assert.Single(Rows(printed, "linked for")), StringComparison.Ordinal);
        Assert.Equal(fits.Split('|'), Rows(printed, "fits").Select(r => r.Replace(": ", " ", StringComparison.Ordinal)));
        Assert.Equal(doesNotFit.Split('|', StringSplitOptions.RemoveEmptyEntries), Rows(printed, "does not fit").Select(r => r[..r.IndexOf(": ", StringComparison.Ordinal)]));
        Assert.All(Rows(printed, "does not fit"), r => Assert.Contains(r.StartsWith("GigaDevice", StringComparison.Ordinal) ? "is a program for an ARM chip" : "stack pointer 0x20020000", r, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(57 * 1024, "dapboot, high-memory build: --offset 0", null)]
    [InlineData(57 * 1024 + 4, "dapboot, high-memory build for chips with at least 128 KiB of flash: --offset 0", null)]
    [InlineData(121 * 1024, "dapboot, high-memory build for chips with at least 128 KiB of flash: --offset 0", null)]
    [InlineData(121 * 1024 + 4, "dapboot, high-memory build for chips with at least 256 KiB of flash: --offset 0", null)]
    [InlineData(248 * 1024, "dapboot, high-memory build for chips with at least 256 KiB of flash: --offset 0", null)]
    [InlineData(248 * 1024 + 4, null, "0x0803DFFF")]
    public void The_limit_of_a_bootloader_at_the_end_of_the_flash_is_told_with_the_size_of_the_flash(int size, string? fits, string? refusal)
    {
        using var run = new ProgramRun();

        var printed = run.With("large.bin", SketchImage.Bytes(0x0800_0000, size, 0x2000_5000)).Do("image large.bin --offset 0").Exits(0);

        Assert.Equal(fits, Rows(printed, "fits").SingleOrDefault(r => r.StartsWith("dapboot", StringComparison.Ordinal)));
        var refused = Rows(printed, "does not fit").SingleOrDefault(r => r.StartsWith("dapboot", StringComparison.Ordinal));
        Assert.Equal(refusal is not null, refused?.Contains(refusal ?? "", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public void What_lies_in_RAM_is_told_as_left_out()
    {
        using var run = new ProgramRun();

        var rows = Rows(run.Do($"image {TestFiles.FirmwarePath("h747.elf")}"), "left out");

        Assert.Equal(2, rows.Count);
        Assert.StartsWith("section .retained, 48 bytes at 0x24000000", rows[0], StringComparison.Ordinal);
        Assert.StartsWith("section .shared, 16 bytes at 0x30000000", rows[1], StringComparison.Ordinal);
    }

    [Fact]
    public void An_offset_is_held_against_what_the_file_says()
    {
        using var run = new ProgramRun();
        var binary = TestFiles.FirmwarePath("blink-08004000.bin");

        Assert.Equal(["F4Bootloader: --offset 0x4000", "HID bootloader for F4: --usb-id 1209:BEBA --offset 0x4000"], Rows(run.Do($"image {binary} --offset 0x4000").Exits(0), "fits"));
        var elsewhere = run.Do($"image {binary} --offset 0x8000").Exits(0).Prints("0x08008000 to 0x080082CB");
        Assert.Contains("0x08004000", Assert.Single(Rows(elsewhere, "fits")), StringComparison.Ordinal);
        run.Do($"image {TestFiles.FirmwarePath("blink-08004000.hex")} --offset 0x8000")
            .Fails(4, "image-linked-elsewhere", "blink-08004000.hex", "0x08004000", "0x08008000")
            .Hints("F4Bootloader or DSO Nano bootloader");
    }

    [Fact]
    public void What_is_no_sketch_is_described_as_far_as_it_goes()
    {
        using var run = new ProgramRun();
        var spi = new ImageTarget(1, "Fonts", [new Segment(0x0001_0000, new byte[300]), new Segment(0x0002_0000, new byte[20])]);

        var data = run.With("fonts.dfu", DfuFileWriter.Write([spi])).Do("image fonts.dfu").Exits(0).Prints("320 bytes");
        Assert.Equal(["alternate setting 1, \"Fonts\""], Rows(data, "target"));
        Assert.Equal(["300 bytes, 0x00010000 to 0x0001012B", "20 bytes, 0x00020000 to 0x00020013"], Rows(data, "element"));
        Assert.Contains("data", Assert.Single(Rows(data, "fits")), StringComparison.Ordinal);
        Assert.Empty(Rows(data, "vector table"));

        var noise = run.With("noise.bin", SketchImage.Noise(7, 4_000)).Do("image noise.bin").Exits(0).Prints("0x68E16295", "(1)");
        Assert.Contains("0xF604634B", Assert.Single(Rows(noise, "fits")), StringComparison.Ordinal);

        var plain = DfuFileWriter.WithSuffix([0, 0, 2, 0x20, 9, 0, 0, 8], new DfuFileIds(0x1209, 0xFFFF, 0x0102));
        run.With("short.dfu", plain).Do("image short.dfu").Exits(0).Prints("DFU suffix", "vendor 1209, release 1.02", "0x20020000", "0x08000009", "(1)", "--offset");
        run.Do($"image {TestFiles.FirmwarePath("bootloader.bin")}").Exits(0).Prints("92 bytes", "0x08000009", "linked for    0x08000000", "--offset 0");
    }

    [Fact]
    public void Why_it_does_not_fit_a_bootloader_that_starts_sketches_there()
    {
        using var run = new ProgramRun();
        var large = run.Sketch(0x0800_4000, 0x7_C000 + 1, name: "large.bin").Do("image large.bin").Exits(0).Prints("507905 bytes");
        Assert.Equal(["HID bootloader for F4: --usb-id 1209:BEBA --offset 0x4000"], Rows(large, "fits"));
        Assert.Collection(
            Rows(large, "does not fit"),
            r => Assert.Matches("^F4Bootloader: large.bin .* 0x08080000 to 0x0809FFFF.* 0x0807FFFF", r),
            r => Assert.Matches($"^{Regex.Escape(DsoNano)}: large.bin .* 0x08004000 to 0x08080000.* 0x0801FFFF .*393217 bytes", r));
    }

    [Fact]
    public void Json_tells_all_of_it()
    {
        using var run = new ProgramRun();

        var image = Assert.Single(run.Do($"image {TestFiles.FirmwarePath("h747.elf")} --json").Exits(0).Json);

        Assert.Equal("image", image.GetProperty("event").GetString());
        Assert.Equal("elf", image.GetProperty("format").GetString());
        Assert.Equal("file", image.GetProperty("addressFrom").GetString());
        Assert.Equal("0x08000000", image.GetProperty("linkedFor").GetString());
        Assert.Equal([".retained", ".shared"], image.GetProperty("leftOut").EnumerateArray().Select(s => s.GetProperty("section").GetString()));
        Assert.Equal(716, image.GetProperty("targets")[0].GetProperty("segments")[0].GetProperty("size").GetInt32());
        Assert.Equal(
            ["--offset 0", "--offset 0", "--offset 0"], image.GetProperty("bootloaders").EnumerateArray().Where(b => b.GetProperty("fits").GetBoolean()).Select(b => b.GetProperty("options").GetString()));
    }

    // A row is a label in a column of its own, and what there is to say.
    private static IReadOnlyList<string> Rows(Printed printed, string label) =>
        [.. printed.Out.Split('\n').Select(l => l.TrimStart()).Where(l => l.StartsWith(label + "  ", StringComparison.Ordinal)).Select(l => l[label.Length..].TrimStart())];
}
