using System.Buffers.Binary;
using System.Text.Json;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

public class ImageCommandTests
{
    [Theory]
    [InlineData("image-command-bin", "blink-08004000.bin")]
    [InlineData("image-command-elf", "other-08010000.elf")]
    [InlineData("image-command-s19", "blink-08002000.s19")]
    [InlineData("image-command-dfu", "dsonano-app.dfu")]
    [InlineData("image-command-ram", "h747.elf")]
    [InlineData("image-command-few-pointers", "bootloader.bin")]
    [InlineData("image-command-given", "blink-08004000.bin", "--offset", "0x4000")]
    [InlineData("image-command-elsewhere", "blink-08004000.bin", "--offset", "0x8000")]
    [InlineData("image-command-contradicted", "blink-08004000.hex", "--offset", "0x8000")]
    public void What_the_user_reads(string snapshot, string firmware, params string[] more)
    {
        using var run = new ProgramRun();

        run.Run(["image", TestFiles.FirmwarePath(firmware), .. more]);

        Snapshot.Match(run.Transcript, snapshot);
    }

    [Fact]
    public void What_is_no_sketch()
    {
        using var run = new ProgramRun();
        var spi = new ImageTarget(1, "Fonts", [new Segment(0x0001_0000, new byte[300]), new Segment(0x0002_0000, new byte[20])]);

        Match(run, "image-command-data", "fonts.dfu", DfuFileWriter.Write([spi]));
        Match(run, "image-command-noise", "noise.bin", SketchImage.Noise(7, 4_000));
        Match(run, "image-command-plain-dfu", "short.dfu", DfuFileWriter.WithSuffix([0, 0, 2, 0x20, 9, 0, 0, 8], new DfuFileIds(0x1209, 0xFFFF, 0x0102)));
    }

    [Fact]
    public void Why_it_does_not_fit_a_bootloader_that_starts_sketches_there()
    {
        using var run = new ProgramRun();
        var small = SketchImage.Bytes(0x0800_0000, 4_000);
        BinaryPrimitives.WriteUInt32LittleEndian(small, 0x2000_5000);
        BinaryPrimitives.WriteUInt32LittleEndian(small.AsSpan(0x1C), 0xEFFF_1234);

        Match(run, "image-command-taken-vector", "checksummed.bin", small);
        Match(run, "image-command-too-large", "large.bin", SketchImage.Bytes(0x0800_4000, 0x7_C000 + 1));
    }

    [Fact]
    public void Its_help_shows_how_it_is_called()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("image", "--help"));

        Assert.Contains("upload-helper image Blink.elf", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_tells_all_of_it()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("image", TestFiles.FirmwarePath("h747.elf"), "--json"));

        var image = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal("image", image.GetProperty("event").GetString());
        Assert.Equal("elf", image.GetProperty("format").GetString());
        Assert.Equal("file", image.GetProperty("addressFrom").GetString());
        Assert.Equal("0x08000000", image.GetProperty("linkedFor").GetString());
        Assert.Equal([".retained", ".shared"], image.GetProperty("leftOut").EnumerateArray().Select(s => s.GetProperty("section").GetString()));
        Assert.Equal(716, image.GetProperty("targets")[0].GetProperty("segments")[0].GetProperty("size").GetInt32());
        Assert.Equal(
            ["--offset 0"], image.GetProperty("bootloaders").EnumerateArray().Where(b => b.GetProperty("fits").GetBoolean()).Select(b => b.GetProperty("options").GetString()));
    }

    private static void Match(ProgramRun run, string snapshot, string name, byte[] content)
    {
        using var each = new ProgramRun();
        each.Run("image", run.File(name, content));
        Snapshot.Match(each.Transcript, snapshot);
    }
}
