using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Wine;

/// <summary>What tests/windows/build.sh makes: USB libraries that pass all on to a virtual board.</summary>
internal static class StandIns
{
    private static readonly Lazy<string> Folder = new(() =>
    {
        var folder = Repository.PathOf("artifacts", "stand-ins");
        var build = ProcessRun.Of(Repository.PathOf("tests", "windows", "build.sh"), [folder]);
        Assert.True(build.Status == 0, build.ToString());
        return folder;
    });

    /// <summary>libusb-1.0.</summary>
    public static string LibUsb => Path.Combine(Folder.Value, "libusb-1.0.dll");

    /// <summary>libusb-win32.</summary>
    public static string LibUsb0 => Path.Combine(Folder.Value, "libusb0.dll");
}
