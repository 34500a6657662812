using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Wine;

/// <summary>
/// The Windows executable under Wine (the variant without precompiled code: Wine 8 cannot load the other). Wine itself
/// talks on standard error, so that only standard output and the exit status are looked at.
/// </summary>
public sealed class WineTests : IDisposable
{
    private const string Sketch = "tests/firmware/blink-08004000.bin";
    private readonly DirectoryInfo _prefix = Directory.CreateTempSubdirectory("wine");

    [WineFact]
    public void It_starts()
    {
        var run = Wine("--version");

        Assert.True(run.Status == 0, run.ToString());
        Assert.Matches(@"^\d+\.\d+\.\d+\s*$", run.Out);
    }

    [WineFact]
    public void It_uploads_to_a_virtual_board_of_its_own()
    {
        var run = Wine("upload", "--simulate", "f4boot", "--offset", "0x4000", Sketch);

        Assert.True(run.Status == 0, run.ToString());
        Assert.Contains("verified", run.Out, StringComparison.Ordinal);
    }

    [WineFact]
    public void It_says_that_libusb_is_missing()
    {
        var run = Wine("list");

        Assert.Equal(7, run.Status);
        Assert.Contains("libusb-1.0.dll beside upload-helper.exe", run.Error, StringComparison.Ordinal);
    }

    [WineFact]
    public void It_takes_no_libusb_out_of_the_working_folder()
    {
        Wine("--version");
        var folder = _prefix.CreateSubdirectory("opened-sketch");
        File.Copy(
            Path.Combine(_prefix.FullName, "drive_c", "windows", "system32", "version.dll"), Path.Combine(folder.FullName, "libusb-1.0.dll"));

        var run = ProcessRun.Of("/bin/sh", ["-c", "cd \"$0\" && exec wine \"$1\" list", folder.FullName, Executable.WindowsForWine], Environment());

        Assert.True(run.Status == 7, run.ToString());
        Assert.Contains("libusb-1.0.dll beside upload-helper.exe", run.Error, StringComparison.Ordinal);
    }

    [WineFact]
    public void It_resets_the_sketch_behind_a_com_port_and_uploads_over_usbip()
    {
        using var board = new ServedBoard("f4boot");
        Wine("--version");
        File.CreateSymbolicLink(Path.Combine(_prefix.FullName, "dosdevices", "com7"), board.SerialPort);

        var run = Wine("upload", "--usbip", $"127.0.0.1:{board.Port}", "--port", "COM7", "--offset", "0x4000", Sketch, "--wait-port", "no");

        var (log, flash) = board.Stop();
        Assert.True(run.Status == 0, $"{run}\n{log}");
        var image = File.ReadAllBytes(Repository.PathOf(Sketch.Split('/')));
        Assert.Equal(image, flash[0x4000..(0x4000 + image.Length)]);
        Assert.Contains("reset: magic", log, StringComparison.Ordinal);
        Assert.Contains("violations=0", log, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        ProcessRun.Of("/bin/sh", ["-c", "command -v wineserver >/dev/null && wineserver -k; true"], Environment());
        _prefix.Delete(recursive: true);
    }

    private ProcessRun Wine(params string[] arguments) => ProcessRun.Of("wine", [Executable.WindowsForWine, .. arguments], Environment());

    private Dictionary<string, string> Environment() => new() { ["WINEPREFIX"] = _prefix.FullName, ["WINEDEBUG"] = "-all" };
}
