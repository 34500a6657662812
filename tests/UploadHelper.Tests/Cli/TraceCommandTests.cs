using System.Text.Json;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary><c>trace</c> says what is in a recording.</summary>
public class TraceCommandTests
{
    [Theory]
    [InlineData("f4boot", "--offset 0x4000", 0x0800_4000, new[] { "DNLOAD: erase the sector at 0x08004000", "DNLOAD block 3: 1024 bytes at 0x08004404", "GETSTATUS: dfuDNBUSY, OK, next after ", "Board: 0483:DF11 at 1-1, F4Bootloader", "Outcome: it succeeded." })]
    [InlineData("maple20", "--offset 0x2000", 0x0800_2000, new[] { "DNLOAD block 0: 1024 bytes", "UPLOAD block 0: ", "sent \"1EAF\"", "reset the port", "STM32duino bootloader 2.0" })]
    [InlineData("hid-f1", "--offset 0x800", 0x0800_0800, new[] { "SET_REPORT: 64 bytes of data, 16 times", "report: confirmed", "SET_REPORT: leave, and start the sketch" })]
    [InlineData("bluepill,boot0=1", "--uart --offset 0", 0x0800_0000, new[] { "open uart at 115200 8E1", "Write Memory 0x08000004, 256 bytes", "Get ID", "Read Memory 0x08000000, ", "Go 0x08000000" })]
    public void An_upload_in_words(string board, string options, uint address, string[] expected)
    {
        using var run = new ProgramRun();
        run.Sketch(address, stack: 0x2000_5000).Do($"upload blink.bin {options} --simulate {board} --trace trace.txt").Exits(0);

        run.Do("trace trace.txt").Exits(0).Prints([.. expected, "This is a trace of upload-helper.", "Writing: "]);
    }

    [Fact]
    public void What_failed_stands_in_the_summary()
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_4000).Run([.. run.Arguments("upload blink.bin --offset 0x4000 --simulate f4boot,fault=gone@40 --trace trace.txt")]);

        run.Do("trace trace.txt").Exits(0).Prints("the device is gone", "Failed: ", "Outcome: it failed [device-lost]. See: upload-helper explain device-lost");
    }

    [Fact]
    public void As_JSON_each_line_is_an_event()
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_4000).Do("upload blink.bin --offset 0x4000 --simulate f4boot --trace trace.txt").Exits(0);

        Assert.Equal(0, run.Run("trace", "--json", run.PathOf("trace.txt")));

        var lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.All(lines.SkipLast(1), l => Assert.Equal("transfer", l.GetProperty("event").GetString()));
        var sum = lines[^1];
        Assert.Equal(("recording", "trace of upload-helper", "F4Bootloader"), (sum.GetProperty("event").GetString(), sum.GetProperty("format").GetString(), sum.GetProperty("boards")[1].GetProperty("name").GetString()));
        Assert.Equal(["erase", "write", "read"], sum.GetProperty("totals").EnumerateArray().Select(t => t.GetProperty("what").GetString()));
    }

    [Fact]
    public void A_file_that_is_not_there()
    {
        using var run = new ProgramRun();

        run.Do("trace none.txt").Fails(2, "configuration", "File none.txt not found.");
    }
}
