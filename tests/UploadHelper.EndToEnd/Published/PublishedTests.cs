using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Published;

/// <summary>The published file as a user starts it.</summary>
public class PublishedTests
{
    [PublishedFact]
    public void It_tells_its_version() => Assert.Matches(@"^\d+\.\d+\.\d+\n$", Run("--version").Out);

    [PublishedFact]
    public void It_carries_nothing_that_fetches_from_the_network_or_starts_programs()
    {
        // The file names the assemblies that it is made of.
        var file = File.ReadAllBytes(Executable.Linux).AsSpan();

        Assert.True(file.IndexOf("System.Net.Sockets.dll"u8) >= 0, "its assemblies are not named as expected");
        Assert.True(file.IndexOf("System.Net.Http.dll"u8) < 0, "it carries System.Net.Http");
        Assert.True(file.IndexOf("System.Net.Requests.dll"u8) < 0, "it carries System.Net.Requests");
        Assert.True(file.IndexOf("System.Diagnostics.Process.dll"u8) < 0, "it carries System.Diagnostics.Process");
    }

    [PublishedFact]
    public void It_lists_a_virtual_board()
    {
        var run = Run("list", "--simulate", "f4boot");

        Assert.Equal(0, run.Status);
        Assert.Contains("alt 0: @Internal Flash", run.Out, StringComparison.Ordinal);
    }

    [PublishedFact]
    public void It_uploads_to_a_virtual_board()
    {
        var run = Run("upload", "--simulate", "f4boot", "--offset", "0x4000", "tests/firmware/blink-08004000.bin");

        Assert.Equal(0, run.Status);
        Assert.Contains("verified", run.Out, StringComparison.Ordinal);
    }

    [PublishedFact]
    public void It_starts_where_the_home_folder_cannot_be_written()
    {
        var run = ProcessRun.Of(Executable.Linux, ["--version"], new Dictionary<string, string> { ["HOME"] = "/proc", ["LANG"] = "de_DE.UTF-8" });

        Assert.Equal(0, run.Status);
    }

    // The bootloader of this board stays for the flag that the sketch leaves; how short windows are caught is tried in the rig.
    [PublishedFact]
    public void It_uploads_over_usbip_with_the_sketch_behind_a_pseudo_terminal()
    {
        using var board = new ServedBoard("f4boot-old");

        var run = Run(
            "upload", "--usbip", $"127.0.0.1:{board.Port}", "--port", board.SerialPort, "--offset", "0x10000", "tests/firmware/blink-08010000.bin");

        var (log, flash) = board.Stop();
        Assert.True(run.Status == 0, $"{run}\n{log}");
        var image = File.ReadAllBytes(Repository.PathOf("tests", "firmware", "blink-08010000.bin"));
        Assert.Equal(image, flash[0x1_0000..(0x1_0000 + image.Length)]);
        Assert.Contains("violations=0", log, StringComparison.Ordinal);
    }

    [PublishedFact]
    public void A_usbip_server_that_is_not_there_is_told_at_once()
    {
        var run = Run("upload", "--usbip", "127.0.0.1:1", "--offset", "0x4000", "tests/firmware/blink-08004000.bin");

        Assert.Equal(7, run.Status);
        Assert.Contains("127.0.0.1:1", run.Error, StringComparison.Ordinal);
    }

    private static ProcessRun Run(params string[] arguments) => ProcessRun.Of(Executable.Linux, arguments);
}
