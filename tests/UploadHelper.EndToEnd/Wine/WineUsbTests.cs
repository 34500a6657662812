using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Wine;

/// <summary>
/// Uploads of the Windows executable through USB libraries of Windows: stand-ins of ours, which pass what they are asked on
/// to a virtual board. The sketch runs at first, its serial port is a COM port. The bootloaders are such as stay for the flag
/// that it leaves: Wine takes its time on a busy machine.
/// </summary>
[Collection(WineCollection.Name)]
public sealed class WineUsbTests(WinePrefix wine)
{
    [WineStandInFact]
    public void An_old_command_line_uploads_to_a_maple_that_has_the_driver_of_old_cores()
    {
        using var board = new ServedBoard("maple20");
        var folder = wine.Install("maple", StandIns.LibUsb, StandIns.LibUsb0);
        File.Copy(Repository.PathOf("tests", "firmware", "blink-08002000.bin"), Path.Combine(folder, "Blink.bin"), overwrite: true);
        wine.MapPort("com12", board.SerialPort);

        var run = Run(folder, board, "libusb0", "COM12", "2", "1EAF:0003", @"C:\maple\Blink.bin");

        Uploaded(run, board, 0x2000, "blink-08002000.bin", "bus reset");
    }

    [WineStandInFact]
    public void A_folder_with_spaces_and_umlauts_uploads_through_libusb()
    {
        using var board = new ServedBoard("f4boot-old");
        var folder = wine.Install("Programme für Arduino", StandIns.LibUsb);
        File.Copy(Repository.PathOf("tests", "firmware", "blink-08010000.bin"), Path.Combine(folder, "Blinklicht grün 2.bin"), overwrite: true);
        wine.MapPort("com13", board.SerialPort);

        var run = Run(
            folder, board, "WinUSB", "upload", @"C:\Programme für Arduino\Blinklicht grün 2.bin", "--port", "COM13", "--offset", "0x10000", "--wait-port", "no");

        Uploaded(run, board, 0x1_0000, "blink-08010000.bin", "DNLOAD");
    }

    [WineStandInFact]
    public void A_board_that_both_libraries_know_is_listed_once_with_its_place()
    {
        using var board = new ServedBoard("maple20,start=bootloader", startsSketch: false);
        var folder = wine.Install("twice", StandIns.LibUsb, StandIns.LibUsb0);

        var run = Run(folder, board, "libusb0", "list");

        Assert.True(run.Status == 0, run.ToString());
        Assert.Equal("1EAF:0003 at 1-1", Assert.Single(run.Out.Split('\n'), l => l.Contains("1EAF:0003", StringComparison.Ordinal))[..16]);
        Assert.Contains("alt 2", run.Out, StringComparison.Ordinal);
    }

    private ProcessRun Run(string folder, ServedBoard board, string driver, params string[] arguments)
    {
        var environment = wine.Environment;
        environment["STUB_USBIP"] = $"{board.Port}";
        environment["STUB_DRIVER"] = driver;
        return ProcessRun.Of("wine", [Path.Combine(folder, "upload-helper.exe"), .. arguments], environment);
    }

    private static void Uploaded(ProcessRun run, ServedBoard board, int offset, string sketch, string seen)
    {
        var (log, flash) = board.Stop();
        Assert.True(run.Status == 0, $"{run}\n{log}");
        Assert.Contains("verified", run.Out, StringComparison.Ordinal);
        var image = File.ReadAllBytes(Repository.PathOf("tests", "firmware", sketch));
        Assert.Equal(image, flash[offset..(offset + image.Length)]);
        Assert.Contains("reset: magic", log, StringComparison.Ordinal);
        Assert.Contains(seen, log, StringComparison.Ordinal);
        Assert.Contains("violations=0", log, StringComparison.Ordinal);
    }
}
