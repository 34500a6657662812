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

    [Fact]
    public void A_sketch_that_the_board_cannot_hold_is_refused()
    {
        using var core = new InstalledCore("Arduino_STM32-F4");
        using var run = new ProgramRun();

        var status = run.Run(
            "upload", run.File("x.bin", SketchImage.Bytes(0x0800_4000, 507_908)), "--simulate=f4boot", "--board", $"{core.Boards}:generic_f407v:upload_method=F4BootMethod");

        Snapshot.Match(run.Transcript, "board-too-small");
        Assert.Equal(4, status);
    }

    [Theory]
    [InlineData("boards-f4", "Arduino_STM32-F4")]
    [InlineData("boards-f1", "Arduino_STM32-F1")]
    [InlineData("boards-generic", "STM32GENERIC")]
    [InlineData("boards-st", "Arduino_Core_STM32")]
    public void The_boards_command_lists_what_is_understood(string snapshot, string core)
    {
        using var installed = new InstalledCore(core);
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("boards", installed.Boards));

        Snapshot.Match(run.Out, snapshot);
    }

    [Fact]
    public void The_boards_command_speaks_json_and_takes_a_folder()
    {
        using var installed = new InstalledCore("Arduino_STM32-F1");
        using var run = new ProgramRun();

        Assert.Equal(0, run.Run("boards", installed.Folder, "--json"));

        Snapshot.Match(run.Out, "boards-f1-json");
        Assert.Equal(2, run.Run("boards", installed.Folder + "2"));
    }
}
