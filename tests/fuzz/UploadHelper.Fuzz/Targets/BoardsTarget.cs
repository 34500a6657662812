using UploadHelper.Core.Arduino;
using UploadHelper.Core.Errors;

namespace UploadHelper.Fuzz.Targets;

/// <summary>A core's boards.txt and platform.txt, a NUL between them: all that `boards` finds out.</summary>
internal static class BoardsTarget
{
    private const int SeedSize = 1200;

    /// <param name="cores">The folder of cores.</param>
    public static FuzzTarget Of(string cores) => new(
        "boards",
        ["UploadHelper.Core.Arduino."],
        () => Directory.GetDirectories(cores).Order(StringComparer.Ordinal).SelectMany(Seeds),
        AllTargets.Bytes(
            ".menu.upload_method.DFU=x\n", "a.menu.m.o=x\n", "a.menu.m.o.upload.offset=0x4000\n", "upload.maximum_size=65536", "upload.usbID=1EAF:0003", "upload.tool=", "upload.protocol=dfu",
            "{", "}", "{upload.tool}", "=", ".", "\n", "#", "\0", ".windows=", "tools.x.", "-DVECT_TAB_OFFSET=", "(uint32)0x", "upload.offset={a.b}\na.b={upload.offset}{upload.offset}\n"),
        Run)
    {
        // Every combination of a board's menus, up to the limit of them.
        Memory = length => (32 << 20) + 4096L * length,
    };

    private static IEnumerable<byte[]> Seeds(string core)
    {
        var boards = File.ReadAllText(Path.Combine(core, "boards.txt"));
        var platform = File.ReadAllText(Path.Combine(core, "platform.txt"));
        for (var at = 0; at < boards.Length; at += SeedSize)
        {
            yield return AllTargets.Bytes(boards.Substring(at, Math.Min(SeedSize, boards.Length - at)) + "\0" + platform[..Math.Min(300, platform.Length)]);
        }
    }

    private static string Run(byte[] input)
    {
        var text = AllTargets.Text(input).Split('\0', 2);
        var core = new ArduinoCore(
            ArduinoProperties.Parse(text[0], ArduinoSystem.Linux), ArduinoProperties.Parse(text.ElementAtOrDefault(1) ?? "", ArduinoSystem.Windows));
        var (variants, dfu, addresses) = (0, 0, 0);
        foreach (var board in core.Boards)
        {
            try
            {
                foreach (var variant in BoardVariant.Of(board))
                {
                    variants++;
                    dfu += variant.Upload.Ids is null ? 0 : 1;
                    addresses += variant.Upload.Address is null ? 0 : 1;
                }
            }
            catch (UploadException e) when (e.Error == UploadError.Configuration)
            {
                return e.Message;
            }
        }

        return string.Create(4, (core.Boards.Count, variants, dfu, addresses), (span, n) =>
            (span[0], span[1], span[2], span[3]) = (Letter(n.Item1), Letter(n.variants), Letter(n.dfu), Letter(n.addresses)));
    }

    private static char Letter(int count) => (char)('a' + Math.Min(count, 25));
}
