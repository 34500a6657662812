using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What a bootloader would do wrongly is refused before anything is erased, as the user reads it.</summary>
public class RefusalTests
{
    private const int Small = 4_000;

    [Theory]
    [InlineData("refused-f4boot-beyond-512k", "f4boot", "0x4000", 0x7_C004, 0x2002_0000)]
    [InlineData("refused-f4boot-stack", "f4boot", "0x4000", Small, 0x2400_8000)]
    [InlineData("refused-f4boot-old-read-only", "f4boot-old", "0x4000", Small, 0x2002_0000)]
    [InlineData("refused-f4boot-old-stack", "f4boot-old", "0x10000", Small, 0x2001_0000)]
    [InlineData("refused-h0wch33-too-large", "h0wch33", "0", 50 * 1024 + 4, 0x2000_5000)]
    [InlineData("refused-h0wch33-stack", "h0wch33", "0", Small, 0x2002_0000)]
    [InlineData("refused-h747-too-large", "h747", "0x100000", 0x10_0004, 0x2002_0000)]
    [InlineData("refused-l496-inside-a-page", "l496", "0x400", Small, 0x2002_0000)]
    [InlineData("refused-dsonano-bootloader", "dsonano", "0x3000", Small, 0x2000_5000)]
    [InlineData("refused-dsonano-read-only", "dsonano", "0", Small, 0x2000_5000)]
    [InlineData("refused-dsonano-stack", "dsonano", "0x4000", Small, 0x2002_0000)]
    [InlineData("refused-dsonano-too-large", "dsonano", "0xC000", 80 * 1024 + 4, 0x2000_5000)]
    public void An_image_that_does_not_fit_the_bootloader(string snapshot, string board, string offset, int size, uint stack)
    {
        var address = 0x0800_0000 + (offset == "0" ? 0 : Convert.ToUInt32(offset, 16));

        AssertRefused(snapshot, board, SketchImage.Bytes(address, size, stack), "--offset", offset);
    }

    [Theory]
    [InlineData("refused-f4boot-elsewhere", "f4boot", "other-08010000.elf")]
    [InlineData("refused-h0wch33-elsewhere", "h0wch33", "blink-08002000.dfu")]
    public void An_image_whose_file_says_an_address_that_the_bootloader_does_not_start(string snapshot, string board, string firmware) =>
        AssertRefused(snapshot, board, TestFiles.Firmware(firmware).Content.ToArray());

    [Fact]
    public void A_dfu_file_that_was_made_for_another_device() => AssertRefused(
        "refused-made-for-another",
        "f4boot",
        DfuFileWriter.WithSuffix(SketchImage.Bytes(0x0800_4000, Small), new DfuFileIds(0x1209, 0xDB42, 0x0102)),
        "--offset",
        "0x4000");

    [Fact]
    public void A_word_that_h0wch33_needs_itself()
    {
        var image = SketchImage.Bytes(0x0800_0000, Small, 0x2000_5000);
        BitConverter.TryWriteBytes(image.AsSpan(0x20), 0xDEAD_BEEFu);

        AssertRefused("refused-h0wch33-words", "h0wch33", image, "--offset", "0");
    }

    [Theory]
    [InlineData("refused-h747-option-bytes", "h747", 0x5200_201C)]
    [InlineData("refused-l496-option-bytes", "l496", 0x1FFF_7800)]
    public void Option_bytes_in_a_file(string snapshot, string board, uint address)
    {
        var elements = new[] { new Segment(0x0800_0000, SketchImage.Bytes(0x0800_0000, Small)) };
        var file = DfuFileWriter.Write([new ImageTarget(0, null, elements), new ImageTarget(1, null, [new Segment(address, new byte[8])])]);

        AssertRefused(snapshot, board, file);
    }

    private static void AssertRefused(string snapshot, string board, byte[] image, params string[] options)
    {
        using var run = new ProgramRun();
        var flash = run.PathOf("flash.bin");
        Assert.Equal(0, run.Run("list", "--simulate", $"{board},flash={flash}"));
        var before = File.ReadAllBytes(flash);

        using var upload = new ProgramRun();
        var status = upload.Run(["upload", upload.File("blink.bin", image), "--simulate", $"{board},start=bootloader,flash={flash}", .. options]);

        Snapshot.Match(upload.Transcript, snapshot);
        Assert.Equal(4, status);
        Assert.Equal(before, File.ReadAllBytes(flash));
    }
}
