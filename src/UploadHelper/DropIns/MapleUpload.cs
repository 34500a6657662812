using UploadHelper.CommandLine;

namespace UploadHelper.DropIns;

/// <summary>
/// maple_loader.jar and the maple_upload wrappers around upload-reset and dfu-util: the shapes of <see cref="LegacyShape"/>, which
/// upload-helper also takes without the name.
/// </summary>
internal static class MapleUpload
{
    public static DropIn Tool { get; } = new("maple_upload", "maple_upload PORT ALT VID:PID FILE [IDE-PATH] [DFUSE-ADDRESS], or maple_upload PORT ALT VID PID FILE")
    {
        Aliases = ["maple_upload.sh", "maple_upload.bat", "maple_loader", "maple_loader.jar"],
        Rewrite = Rewrite,
        Help = """
            Uploads a sketch, as maple_upload, maple_upload.sh and maple_loader.jar do: resets the sketch on PORT into its bootloader,
            waits for the bootloader, writes FILE through its alternate setting ALT and starts it. PORT can be "" if there is none.
            Options of `upload-helper upload` may follow.
            """,
    };

    private static string[] Rewrite(IReadOnlyList<string> arguments)
    {
        var words = arguments.TakeWhile(a => !a.StartsWith('-')).ToList();
        if (LegacyShape.Read(words) is not { } shape)
        {
            throw Tool!.Error(words.Count == 0 ? "The arguments are missing." : "The arguments do not contain an alternate setting and, behind it, the USB ids of the bootloader.");
        }

        if (shape.File is null)
        {
            throw Tool!.Error("FILE is missing.");
        }

        if (shape.Ignored.FirstOrDefault(Words.IsImage) is { } second)
        {
            throw Tool!.Error($"Unexpected argument \"{second}\" after the file {shape.File}: put quotes around a path with spaces.");
        }

        return ArgumentShapes.Rewrite(arguments, _ => false);
    }
}
