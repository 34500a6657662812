using System.Text.Json;
using UploadHelper.Tests.Arduino;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>Boards of Arduino cores on the command line.</summary>
public class ArduinoBoardTests
{
    [Fact]
    public void A_sketch_is_uploaded_with_nothing_but_its_board()
    {
        using var core = new InstalledCore("Arduino_STM32-F4");
        using var run = new ProgramRun();
        var board = $"{core.Boards}:generic_f407v:upload_method=F4BootMethod";

        Assert.Equal(0, run.Run("upload", run.File("x.bin", SketchImage.Bytes(0x0800_4000, 4_000)), "--simulate=f4boot", "--board", board));

        Assert.Contains("Done: 4000 bytes at 0x08004000, verified", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Arduino_STM32-F1", "genericSTM32F103C:device_variant=CB,upload_method=serialMethod")]
    [InlineData("Arduino_Core_STM32", "GenF1:pnum=SMALL,upload_method=serialAdapterMethod")]
    public void A_method_with_a_serial_adapter_needs_no_option_of_its_own(string name, string board)
    {
        using var core = new InstalledCore(name);
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("upload", run.File("x.bin", SketchImage.Bytes(0x0800_0000, 4_000, 0x2000_4000)), "--simulate=bluepill,boot0=1,adapter=1", "--port=uart", "--board", $"{core.Boards}:{board}"));

        Assert.Contains("Done: 4000 bytes at 0x08000000, verified", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sketch_that_the_board_cannot_hold_is_refused()
    {
        using var core = new InstalledCore("Arduino_STM32-F4");
        using var run = new ProgramRun();

        run.Run("upload", run.File("x.bin", SketchImage.Bytes(0x0800_4000, 507_908)), "--simulate=f4boot", "--board", $"{core.Boards}:generic_f407v:upload_method=F4BootMethod");

        run.Printed.Fails(4, "image-too-large", "x.bin", "507908", "507904").Steps("hint error");
    }

    [Theory]
    [InlineData("Arduino_STM32-F4", 8, 29, 7, "generic_f407v: ", "upload_method=HIDUploadMethod: 1209:BEBA, offset 0x4000", "upload_method=F4BootMethod: 0483:DF11, offset 0x4000, 507904 bytes", "upload_method=F4BootOldMethod: 0483:DF11, offset 0x10000, 458752 bytes", "upload_method=MapleF4Method: 1EAF:0003 alt 1, offset 0x10000, 458752 bytes", "upload_method=RomMethod: 0483:DF11, offset 0x0, 514288 bytes", "0483:DF11 alt 0, offset 0x0, 514288 bytes")]
    [InlineData("Arduino_STM32-F1", 8, 13, 2, "mapleMini: ", "upload_method=serialMethod: serial adapter (--uart), offset 0x0, 65536 to 131072 bytes", "upload_method=HIDUploadMethod: 1209:BEBA, offset 0x1000, 61440 to 126976 bytes", "bootloader_version=original: 1EAF:0003 alt 1, offset 0x5000, 110592 bytes", "bootloader_version=bootloader20: 1EAF:0003 alt 2, offset 0x2000, 122880 bytes", "1EAF:0003 alt 1, offset 0x5000, 241664 bytes", "upload_method=DFUUploadMethod: 1EAF:0003 alt 2, offset 0x2000, 57344 to 122880 bytes", "upload_method=DfuSeEndMethod: 0483:DF11, offset 0x0, 51200 to 116736 bytes")]
    [InlineData("STM32GENERIC", 5, 15, 5, "BLACK_F407XX: ", "upload_method=DFUUploadMethod1: 1EAF:0003 alt 1, offset 0x5000, 110592 bytes", "upload_method=DFUUploadMethod: 1EAF:0003 alt 2, offset 0x2000, 516096 bytes", "upload_method=F4BootMethod: 0483:DF11, offset 0x4000, 507904 bytes", "upload_method=DFUUploadMethod2: 0483:DF11 alt 2, offset 0x10000, 983040 bytes")]
    [InlineData("Arduino_Core_STM32", 4, 21, 5, "GenF1: ", "upload_method=serialAdapterMethod: serial adapter (--uart), offset 0x0, 65536 to 524288 bytes", "upload_method=hidMethod: 1209:BEBA, offset 0x800", "upload_method=f4bootMethod: 0483:DF11, offset 0x4000, 49152 to 507904 bytes", "upload_method=f4bootOldMethod: 0483:DF11, offset 0x10000, 458752 bytes", "upload_method=dfu2Method: 1EAF:0003 alt 2, offset 0x2000, 57344 to 516096 bytes", "upload_method=dfuoMethod: 1EAF:0003 alt 1, offset 0x5000, 45056 to 503808 bytes", "pnum=SMALL (or MIDDLE),upload_method=dfuMethod (or dfuOneClickMethod): 0483:DF11, offset 0x0, 65536 to 131072 bytes", "pnum=LARGE,upload_method=dfuMethod (or dfuOneClickMethod): 0483:DF11, offset 0x10000, 458752 bytes")]
    public void The_boards_command_lists_what_is_understood(string core, int boards, int methods, int notByDfu, string board, params string[] some)
    {
        using var installed = new InstalledCore(core);
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("boards", installed.Boards));

        var lines = run.Out.TrimEnd().Split('\n');
        Assert.Equal((boards, methods), (lines.Count(l => l[0] != ' '), lines.Count(l => l[0] == ' ')));
        Assert.Equal(notByDfu, lines.Count(l => l.EndsWith("not by DFU (stlink_upload)", StringComparison.Ordinal) || l.EndsWith("not by DFU (stm32CubeProg)", StringComparison.Ordinal)));
        Assert.Contains(lines, l => l.StartsWith(board, StringComparison.Ordinal));
        Assert.All(some, m => Assert.Contains(lines, l => l.StartsWith($"  {m}", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_boards_command_speaks_json_and_takes_a_folder()
    {
        using var installed = new InstalledCore("Arduino_STM32-F1");
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("boards", installed.Folder, "--json"));

        var boards = run.Printed.Json;
        Assert.All(boards, b => Assert.Equal((1, "core-board"), (b.GetProperty("schema").GetInt32(), b.GetProperty("event").GetString())));
        Assert.Equal(13, boards.Count);
        Assert.Equal(["genericSTM32F103C"], boards.Where(b => b.TryGetProperty("uart", out _)).Select(b => b.GetProperty("id").GetString()));
        var second = boards[1];
        Assert.Equal(("mapleMini", "Small Mini"), (second.GetProperty("id").GetString(), second.GetProperty("name").GetString()));
        Assert.Equal("The second", second.GetProperty("options").GetProperty("bootloader_version")[0].GetProperty("label").GetString());
        Assert.Equal(("maple_upload", "1EAF:0003", 2), (second.GetProperty("tool").GetString(), second.GetProperty("usbId").GetString(), second.GetProperty("alternate").GetInt32()));
        Assert.Equal("0x08002000", second.GetProperty("address").GetString());
        Assert.Equal([122_880], second.GetProperty("maximumSizes").EnumerateArray().Select(m => m.GetInt32()));
        var probe = boards.Single(b => b.GetProperty("tool").GetString() == "stlink_upload" && b.GetProperty("id").GetString() == "genericSTM32F103C");
        Assert.Equal(JsonValueKind.Null, probe.GetProperty("usbId").ValueKind);
        Assert.Equal(JsonValueKind.Null, probe.GetProperty("alternate").ValueKind);
        Assert.Equal(2, run.Run("boards", installed.Folder + "2"));
    }
}
