using System.Text.Json;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

public class ReadCommandTests
{
    private const string Board = "f4boot";

    [Theory]
    [InlineData("read-bin", "read 0x4000 0x1000 dump.bin --simulate f4boot", 0)]
    [InlineData("read-hex", "read 0x4000 600 dump.hex --simulate f4boot", 0)]
    [InlineData("read-bootloader-of-a-running-sketch", "read 0 0x4000 dump.bin --simulate f4boot,start=sketch", 0)]
    [InlineData("read-to-the-end", "read 0x080E0000 dump.bin --simulate f4rom", 0)]
    [InlineData("read-past-the-end", "read 0x080E0000 0x20001 dump.bin --simulate f4rom", 4)]
    [InlineData("read-outside", "read 0x08100000 dump.bin --simulate f4rom", 4)]
    [InlineData("read-wrong-alternate", "read 0x4000 dump.bin --simulate f4rom --alt 1", 4)]
    [InlineData("read-no-such-alternate", "read 0x4000 dump.bin --simulate f4rom --alt 7", 4)]
    [InlineData("read-no-sector-start", "read 0x4400 dump.bin --simulate f4rom", 4)]
    [InlineData("read-length-without-0x", "read 0x4000 10h dump.bin --simulate f4rom", 2)]
    [InlineData("read-length-zero", "read 0x4000 0 dump.bin --simulate f4rom", 2)]
    [InlineData("read-format-unknown", "read 0x4000 dump.txt --simulate f4rom", 2)]
    [InlineData("read-maple20", "read 0x2000 dump.bin --simulate maple20", 0)]
    [InlineData("read-cannot-be-read", "read 0 dump.bin --simulate h0wch33", 8)]
    [InlineData("read-no-file", "read 0x4000 100 --simulate f4rom", 2)]
    public void What_the_user_reads(string snapshot, string line, int expected)
    {
        using var run = new ProgramRun();

        var status = run.Run(run.Arguments(line));

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
        Assert.Equal(expected == 0, File.Exists(run.PathOf("dump.bin")) || File.Exists(run.PathOf("dump.hex")));
        Assert.False(File.Exists(run.PathOf("dump.bin.part")));
    }

    [Theory]
    [InlineData("f4boot", 0x4000, 1 << 20)]
    [InlineData("f4boot-old", 0x1_0000, 1 << 19)]
    [InlineData("f4rom", 0, 1 << 20)]
    public void What_comes_is_what_is_there(string board, int offset, int end)
    {
        using var run = new ProgramRun();
        var flash = run.PathOf("flash.bin");
        var content = SketchImage.Noise(5, 1 << 20);
        File.WriteAllBytes(flash, content);

        Assert.Equal(0, run.Run("read", $"0x{offset:X}", run.PathOf("dump.bin"), "--simulate", $"{board},flash={flash}"));
        Assert.Equal(0, run.Run("read", $"0x{offset:X}", "70001", run.PathOf("dump.hex"), "--simulate", $"{board},flash={flash}"));

        Assert.Equal(content[offset..end], File.ReadAllBytes(run.PathOf("dump.bin")));
        var hex = ImageReader.Read(new ImageFile("dump.hex", File.ReadAllBytes(run.PathOf("dump.hex"))), null);
        Assert.Equal(0x0800_0000u + (uint)offset, hex.Start);
        Assert.Equal(content[offset..(offset + 70_001)], Assert.Single(hex.Segments).Data.ToArray());
        Assert.Equal(content, File.ReadAllBytes(flash));
    }

    [Fact]
    public void A_file_that_is_there_outlives_a_failure()
    {
        using var run = new ProgramRun();
        var file = run.File("dump.bin", [1, 2, 3]);

        Assert.Equal(4, run.Run("read", "0x08100000", file, "--simulate", Board));

        Assert.Equal([1, 2, 3], File.ReadAllBytes(file));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_said_before_the_board_is_asked()
    {
        using var run = new ProgramRun();

        var status = run.Run("read", "0x4000", run.PathOf("absent/dump.bin"), "--simulate", Board);

        Assert.Equal(2, status);
        Assert.DoesNotContain("Found", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_ends_with_the_result()
    {
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run(run.Arguments($"read 0x4000 0x1000 dump.hex --simulate {Board} --json")));

        Assert.Equal("", run.Error);
        var result = JsonDocument.Parse(run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        Assert.Equal(1, result.GetProperty("schema").GetInt32());
        Assert.Equal("1-1", result.GetProperty("board").GetString());
        Assert.Equal(0, result.GetProperty("exitStatus").GetInt32());
        Assert.Equal("0x08004000", result.GetProperty("address").GetString());
        Assert.Equal(0x1000, result.GetProperty("size").GetInt32());
        Assert.Equal("hex", result.GetProperty("format").GetString());
    }
}
