using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Wine;

/// <summary>The Windows executable under Wine: its start, its library, and a board over USB/IP.</summary>
[Collection(WineCollection.Name)]
public sealed class WineTests(WinePrefix wine)
{
    private const string Sketch = "tests/firmware/blink-08004000.bin";

    private string Unpacked => Directory.GetDirectories(Path.Combine(wine.DriveC, "users"))
        .Select(u => Path.Combine(u, "AppData", "Local", "upload-helper"))
        .First(f => Directory.Exists(Path.GetDirectoryName(f)));

    [WineFact]
    public void It_starts()
    {
        var run = wine.Run("--version");

        Assert.True(run.Status == 0, run.ToString());
        Assert.Matches(@"^\d+\.\d+\.\d+\s*$", run.Out);
    }

    [WineFact]
    public void It_uploads_to_a_virtual_board_of_its_own()
    {
        var run = wine.Run("upload", "--simulate", "f4boot", "--offset", "0x4000", Sketch);

        Assert.True(run.Status == 0, run.ToString());
        Assert.Contains("verified", run.Out, StringComparison.Ordinal);
    }

    [WineLibUsbFact]
    public void It_unpacks_its_own_libusb_when_it_looks_for_devices_and_not_before()
    {
        Forget(Unpacked);
        Assert.Equal(0, wine.Run("--version").Status);
        Assert.False(Path.Exists(Unpacked));

        var run = wine.Run("list");

        Assert.True(run.Status == 0, run.ToString());
        Assert.Contains("No board is in DFU mode", run.Out, StringComparison.Ordinal);
        var library = Assert.Single(Directory.GetFiles(Unpacked, "*", SearchOption.AllDirectories));
        Assert.Equal(File.ReadAllBytes(Executable.CarriedLibUsb), File.ReadAllBytes(library));
    }

    [WineLibUsbFact]
    public void It_says_where_its_libusb_cannot_be_unpacked()
    {
        Forget(Unpacked);
        File.WriteAllText(Unpacked, "a file where the folder should be");
        try
        {
            var run = wine.Run("list");

            Assert.True(run.Status == 7, run.ToString());
            Assert.Contains("Cannot load the library libusb-1.0.dll, which upload-helper contains (from ", run.Error, StringComparison.Ordinal);
            Assert.Contains("libusb-1.0.dll beside upload-helper.exe", run.Error, StringComparison.Ordinal);
        }
        finally
        {
            Forget(Unpacked);
        }
    }

    [WineFact]
    public void It_takes_no_libusb_out_of_the_working_folder()
    {
        var folder = Directory.CreateDirectory(Path.Combine(wine.DriveC, "opened-sketch"));
        File.Copy(
            Path.Combine(wine.DriveC, "windows", "system32", "version.dll"), Path.Combine(folder.FullName, "libusb-1.0.dll"), overwrite: true);

        var run = wine.RunIn(folder.FullName, "list");

        if (Executable.CarriesLibUsb)
        {
            Assert.True(run.Status == 0, run.ToString());
        }
        else
        {
            Assert.True(run.Status == 7, run.ToString());
            Assert.Contains("libusb-1.0.dll beside upload-helper.exe", run.Error, StringComparison.Ordinal);
        }
    }

    [WineFact]
    public void It_uploads_over_usbip()
    {
        const string sketch = "tests/firmware/blink-08000000.bin";
        using var board = new ServedBoard("f4rom,start=bootloader", hasPort: false);

        var run = wine.Run("upload", "--usbip", $"127.0.0.1:{board.Port}", "--offset", "0", sketch, "--wait-port", "no");

        var (log, flash) = board.Stop();
        Assert.True(run.Status == 0, $"{run}\n{log}");
        var image = File.ReadAllBytes(Repository.PathOf(sketch.Split('/')));
        Assert.Equal(image, flash[..image.Length]);
        Assert.Contains("violations=0", log, StringComparison.Ordinal);
    }

    [WineFact]
    public void Ctrl_c_ends_the_wait_and_says_how_the_board_is()
    {
        using var board = new ServedBoard("f4boot");
        using var process = ProcessRun.Start(
            "wine", [Executable.WindowsForWine, "upload", "--usbip", $"127.0.0.1:{board.Port}", "--offset", "0x4000", "--timeout", "1800", Sketch], wine.Environment);
        process.StandardInput.Close();
        var seen = "";
        while (!seen.Contains("press RESET", StringComparison.Ordinal) && process.StandardError.ReadLine() is { } line)
        {
            seen += line + "\n";
        }

        // Wine makes Ctrl-C of an interrupt.
        ProcessRun.Signal(process, PosixSignalNumber.Int);
        seen += process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(ProcessRun.Watchdog));
        Assert.True(process.ExitCode == 130, seen);
        Assert.Contains("Nothing was erased", seen, StringComparison.Ordinal);
    }

    private static void Forget(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }
}
