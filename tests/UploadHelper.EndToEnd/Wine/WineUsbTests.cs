using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Wine;

/// <summary>The Windows executable with USB libraries of Windows: stand-ins of ours, which pass what they are asked on to a virtual board. It uploads through them in the rig.</summary>
[Collection(WineCollection.Name)]
public sealed class WineUsbTests(WinePrefix wine)
{
    [WineStandInFact]
    public void A_board_that_both_libraries_know_is_listed_once_with_its_place()
    {
        using var board = new ServedBoard("maple20,start=bootloader", hasPort: false);
        var folder = wine.Install("twice", StandIns.LibUsb, StandIns.LibUsb0);
        var environment = wine.Environment;
        environment["STUB_USBIP"] = $"{board.Port}";
        environment["STUB_DRIVER"] = "libusb0";

        var run = ProcessRun.Of("wine", [Path.Combine(folder, "upload-helper.exe"), "list"], environment);

        Assert.True(run.Status == 0, run.ToString());
        Assert.Equal("1EAF:0003 at 1-1", Assert.Single(run.Out.Split('\n'), l => l.Contains("1EAF:0003", StringComparison.Ordinal))[..16]);
        Assert.Contains("alt 2", run.Out, StringComparison.Ordinal);
    }
}
