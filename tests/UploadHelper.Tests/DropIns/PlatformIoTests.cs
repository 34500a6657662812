using UploadHelper.DropIns;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.DropIns;

/// <summary>Every command line that PlatformIO's platform-ststm32 makes for a board with one of these bootloaders: platformio-ststm32.txt.</summary>
public class PlatformIoTests
{
    public static TheoryData<string> Lines => [.. Shapes().Where(l => !l.StartsWith("dfu-suffix", StringComparison.Ordinal))];

    public static TheoryData<string> SuffixLines => [.. Shapes().Where(l => l.StartsWith("dfu-suffix", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Lines))]
    public void It_is_understood(string line)
    {
        var (tool, arguments) = DropInTable.Find("upload-helper", line.Split(' '))!.Value;
        if (tool == DfuUtil.Tool)
        {
            var call = DfuUtilCall.Read(tool, arguments);
            Assert.Equal((DfuUtilMode.Download, "firmware.bin", 0), (call.Mode, call.File, call.Alternate));
            Assert.True(call.Dfuse is { Leave: true, Address: >= 0x0800_0000 });
            return;
        }

        var command = tool.Rewrite!(arguments);
        Assert.Equal(["upload", "firmware.bin", "--port=ttyACM0"], command[..3]);
        using var run = new ProgramRun();
        Assert.Contains(command, a => a.StartsWith("--usb-id=", StringComparison.Ordinal));
        Assert.Equal(3, run.Run(line.Split(' ')));
    }

    [Theory]
    [MemberData(nameof(SuffixLines))]
    public void The_suffix_is_written(string line)
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_0000, name: "firmware.bin");

        run.Do(line).Exits(0);
        run.Do("dfu-suffix -c firmware.bin").Exits(0).Prints($"Vendor ID:\t{line.Split(' ')[2]}", $"Product ID:\t{line.Split(' ')[4]}");
    }

    [Fact]
    public void All_tools_are_among_them() =>
        Assert.Equal(["dfu-suffix", "dfu-util", "hid-flash", "maple_upload"], Shapes().Select(l => l.Split(' ')[0]).Distinct().Order());

    private static IEnumerable<string> Shapes() =>
        File.ReadLines(Path.Combine(TestFiles.Repository, "tests", "UploadHelper.Tests", "DropIns", "platformio-ststm32.txt")).Where(l => l.Length > 0 && l[0] != '#');
}
