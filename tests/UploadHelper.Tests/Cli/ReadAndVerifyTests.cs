using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What looks at the flash and changes nothing.</summary>
public class ReadAndVerifyTests
{
    private const int Small = 4_000;
    private readonly byte[] _sketch = SketchImage.Bytes(0x0800_4000, Small);

    [Theory]
    [InlineData("read 0x4000 0x1000 dump.bin --simulate f4boot", "4096 0x08004000", "Found Read Board")]
    [InlineData("read 0x4000 600 dump.hex --simulate f4boot", "600 0x08004000", "Found Read Board")]
    [InlineData("read 0 0x4000 dump.bin --simulate f4boot,start=sketch", "16384 0x08000000", "Reset Wait Found Read Board")]
    [InlineData("read 0x080E0000 dump.bin --simulate f4rom", "131072 0x080E0000", "Found Read Board")]
    [InlineData("read 0x2000 dump.bin --simulate maple20", "122880 0x08002000", "Found Read Board")]
    public void A_range_goes_to_a_file(string line, string done, string steps)
    {
        using var run = new ProgramRun();

        run.Do(line).Exits(0).Steps(steps).Ends(done, "dump.").Says("Board", "0 0 0", "in its bootloader");

        Assert.True(File.Exists(run.PathOf("dump.bin")) || File.Exists(run.PathOf("dump.hex")));
        Assert.False(File.Exists(run.PathOf("dump.bin.part")));
    }

    [Theory]
    [InlineData("read 0x080E0000 0x20001 dump.bin --simulate f4rom", 4, "not-in-memory", "0x20000", "131072 bytes from 0x080E0000", "131073")]
    [InlineData("read 0x08100000 dump.bin --simulate f4rom", 4, "not-in-memory", "upload-helper list", "0x08100000")]
    [InlineData("read 0x4000 dump.bin --simulate f4rom --alt 1", 4, "not-in-memory", "--alt 0", "0x08004000", "alternate setting 1", "0x1FFFC000")]
    [InlineData("read 0x4000 dump.bin --simulate f4rom --alt 7", 4, "not-in-memory", "--alt 0", "0x08004000", "alternate setting 7", "@Device Feature")]
    [InlineData("read 0x4400 dump.bin --simulate f4rom", 4, "not-a-sector-start", "0x08004000 or 0x08008000", "0x08004400", "0x08004000 to 0x08007FFF")]
    [InlineData("read 0 dump.bin --simulate h0wch33", 8, "not-supported", "BOOT0", "h0wch33/stm32f1_dfu")]
    [InlineData("read 0x4000 10h dump.bin --simulate f4rom", 2, "length-invalid", "0x4000", "\"10h\"", "0x10")]
    [InlineData("read 0x4000 0 dump.bin --simulate f4rom", 2, "length-invalid", "0x4000", "\"0\"")]
    [InlineData("read 0x4000 dump.txt --simulate f4rom", 2, "usage", ".hex", "dump.txt")]
    [InlineData("read 0x4000 100 --simulate f4rom", 2, "usage", "upload-helper read --help", "FILE")]
    [InlineData("verify blink.bin --simulate f4boot", 2, "address-missing", "--offset OFFSET", "blink.bin")]
    [InlineData("verify missing.bin --offset 0x4000 --simulate f4boot", 3, "image-missing", "", "missing.bin")]
    [InlineData("verify blink.bin --offset 0x08200000 --simulate f4boot", 4, "not-in-memory", "upload-helper list", "0x08200000")]
    [InlineData("verify blink.bin --offset 0x080FFC00 --simulate f4boot", 4, "not-in-memory", "0x400", "1024 bytes from 0x080FFC00", "4000")]
    [InlineData("verify blink.bin --offset 0x4000 --simulate f4boot --alt 1", 4, "not-in-memory", "--alt 0", "0x08004000", "alternate setting 1")]
    [InlineData("verify blink.bin --offset 0x4000 --simulate h0wch33", 8, "not-supported", "BOOT0", "h0wch33/stm32f1_dfu")]
    public void What_is_refused(string line, int expected, string code, string hint, params string[] facts)
    {
        using var run = new ProgramRun();

        run.With("blink.bin", _sketch).Do(line).Fails(expected, code, facts).Hints(hint);

        var found = line.StartsWith("verify", StringComparison.Ordinal) ? "Image Found " : "Found ";
        run.Printed.Steps((expected is 4 or 8 ? found : "") + "hint error");
        Assert.Equal([run.PathOf("blink.bin")], Directory.GetFiles(Path.GetDirectoryName(run.PathOf("x"))!));
    }

    [Theory]
    [InlineData("f4boot", 0x4000, 1 << 20)]
    [InlineData("f4boot-old", 0x1_0000, 1 << 19)]
    [InlineData("f4rom", 0, 1 << 20)]
    public void What_comes_is_what_is_there(string board, int offset, int end)
    {
        using var run = new ProgramRun();
        var content = SketchImage.Noise(5, 1 << 20);
        run.With("flash.bin", content);

        run.Do($"read 0x{offset:X} dump.bin --simulate {board},flash=flash.bin").Exits(0);
        run.Do($"read 0x{offset:X} 70001 dump.hex --simulate {board},flash=flash.bin").Exits(0);

        Assert.Equal(content[offset..end], run.Bytes("dump.bin"));
        var hex = ImageReader.Read(new ImageFile("dump.hex", run.Bytes("dump.hex")), null);
        Assert.Equal(0x0800_0000u + (uint)offset, hex.Start);
        Assert.Equal(content[offset..(offset + 70_001)], Assert.Single(hex.Segments).Data.ToArray());
        Assert.Equal(content, run.Bytes("flash.bin"));
    }

    [Fact]
    public void A_file_that_is_there_outlives_a_failure()
    {
        using var run = new ProgramRun();

        run.With("dump.bin", [1, 2, 3]).Do("read 0x08100000 dump.bin --simulate f4boot").Exits(4);

        Assert.Equal([1, 2, 3], run.Bytes("dump.bin"));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_said_before_the_board_is_asked()
    {
        using var run = new ProgramRun();

        Assert.Equal(2, run.Run("read", "0x4000", run.PathOf("absent/dump.bin"), "--simulate", "f4boot"));

        run.Printed.Steps("hint error");
    }

    [Theory]
    [InlineData(2_345, "0x08004929", "0x8E", "0x9E", "25% 50%")]
    [InlineData(0, "0x08004000", "0x10", "0x00", "")]
    [InlineData(Small - 1, "0x08004F9F", "0x64", "0x74", "25% 50% 75%")]
    public void The_first_difference_is_told(int changedByte, string at, string wanted, string found, string progress)
    {
        using var run = new ProgramRun();
        var flash = Flash(run);
        var changed = _sketch.ToArray();
        changed[changedByte] ^= 0x10;

        run.With("blink.bin", changed).Do("verify blink.bin --offset 0x4000 --simulate f4boot,flash=flash.bin")
            .Fails(9, "verify-failed", "blink.bin", at, wanted, found)
            .Steps("Image Found Verify hint error")
            .Prints($"Verify    {progress}\n");

        Assert.Equal(flash, run.Bytes("flash.bin"));
    }

    [Fact]
    public void No_difference_is_a_success()
    {
        using var run = new ProgramRun();
        var flash = Flash(run);

        run.With("blink.bin", _sketch).Do("verify blink.bin --offset 0x4000 --simulate f4boot,flash=flash.bin")
            .Exits(0)
            .Steps("Image Found Verify Board")
            .Ends("4000 0x08004000", "blink.bin")
            .Says("Board", "0 0 0", "in its bootloader");

        Assert.Equal(flash, run.Bytes("flash.bin"));
    }

    [Fact]
    public void Json_ends_with_the_result_of_a_read()
    {
        using var run = new ProgramRun();

        var result = run.Do("read 0x4000 0x1000 dump.hex --simulate f4boot --json").Exits(0).Result;

        Assert.Equal("", run.Error);
        Assert.Equal(1, result.GetProperty("schema").GetInt32());
        Assert.Equal("1-1", result.GetProperty("board").GetString());
        Assert.Equal(0, result.GetProperty("exitStatus").GetInt32());
        Assert.Equal("0x08004000", result.GetProperty("address").GetString());
        Assert.Equal(0x1000, result.GetProperty("size").GetInt32());
        Assert.Equal("hex", result.GetProperty("format").GetString());
    }

    [Fact]
    public void Json_tells_the_first_difference()
    {
        using var run = new ProgramRun();
        Flash(run);
        var changed = _sketch.ToArray();
        changed[1_000] ^= 0xFF;

        var printed = run.With("blink.bin", changed).Do("verify blink.bin --offset 0x4000 --simulate f4boot,flash=flash.bin --json").Exits(9);

        var difference = printed.Json.Single(e => e.GetProperty("event").GetString() == "difference");
        Assert.Equal("0x080043E8", difference.GetProperty("address").GetString());
        Assert.Equal(changed[1_000], difference.GetProperty("wanted").GetInt32());
        Assert.Equal(_sketch[1_000], difference.GetProperty("found").GetInt32());
        Assert.Equal("verify-failed", printed.Result.GetProperty("code").GetString());
    }

    private byte[] Flash(ProgramRun run)
    {
        var flash = SketchImage.Noise(3, 1 << 20);
        _sketch.CopyTo(flash, 0x4000);
        run.File("flash.bin", flash);
        return flash;
    }
}
