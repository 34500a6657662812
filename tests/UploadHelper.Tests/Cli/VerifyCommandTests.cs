using System.Text.Json;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

public class VerifyCommandTests
{
    private const int Small = 4_000;
    private readonly byte[] _sketch = SketchImage.Bytes(0x0800_4000, Small);

    [Theory]
    [InlineData("verify-same", Small, "", 0)]
    [InlineData("verify-difference", 2_345, "", 9)]
    [InlineData("verify-first-byte", 0, "", 9)]
    [InlineData("verify-last-byte", Small - 1, "", 9)]
    [InlineData("verify-wrong-alternate", Small, "--alt 1", 4)]
    public void What_the_user_reads(string snapshot, int changedByte, string more, int expected)
    {
        using var run = new ProgramRun();
        var flash = Flash(run);
        var changed = _sketch.ToArray();
        if (changedByte < Small)
        {
            changed[changedByte] ^= 0x10;
        }

        run.File("blink.bin", changed);
        var status = run.Run(run.Arguments($"verify blink.bin --offset 0x4000 --simulate f4boot,flash=flash.bin {more}"));

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
        Assert.Equal(flash, File.ReadAllBytes(run.PathOf("flash.bin")));
    }

    [Theory]
    [InlineData("verify-no-offset", "verify blink.bin --simulate f4boot", 2)]
    [InlineData("verify-missing", "verify missing.bin --offset 0x4000 --simulate f4boot", 3)]
    [InlineData("verify-outside", "verify blink.bin --offset 0x08200000 --simulate f4boot", 4)]
    [InlineData("verify-cannot-be-read", "verify blink.bin --offset 0x4000 --simulate h0wch33", 8)]
    [InlineData("verify-past-the-end", "verify blink.bin --offset 0x080FFC00 --simulate f4boot", 4)]
    public void What_is_refused(string snapshot, string line, int expected)
    {
        using var run = new ProgramRun();
        run.File("blink.bin", _sketch);

        var status = run.Run(run.Arguments(line));

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Fact]
    public void Json_tells_the_first_difference()
    {
        using var run = new ProgramRun();
        Flash(run);
        var changed = _sketch.ToArray();
        changed[1_000] ^= 0xFF;
        run.File("blink.bin", changed);

        Assert.Equal(9, run.Run(run.Arguments("verify blink.bin --offset 0x4000 --simulate f4boot,flash=flash.bin --json")));

        var events = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        var difference = events.Single(e => e.GetProperty("event").GetString() == "difference");
        Assert.Equal("0x080043E8", difference.GetProperty("address").GetString());
        Assert.Equal(changed[1_000], difference.GetProperty("wanted").GetInt32());
        Assert.Equal(_sketch[1_000], difference.GetProperty("found").GetInt32());
        Assert.Equal("verify-failed", events[^1].GetProperty("code").GetString());
    }

    private byte[] Flash(ProgramRun run)
    {
        var flash = SketchImage.Noise(3, 1 << 20);
        _sketch.CopyTo(flash, 0x4000);
        run.File("flash.bin", flash);
        return flash;
    }
}
