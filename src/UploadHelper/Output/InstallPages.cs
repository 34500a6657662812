using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Operations;

namespace UploadHelper.Output;

/// <summary>What <c>install-bootloader</c> prints: which bootloaders there are, where to get one, and what to do when it is installed.</summary>
internal static class InstallPages
{
    private const int LabelWidth = 12;

    /// <summary>The list of all bootloaders.</summary>
    public static IEnumerable<string> List(IReadOnlyList<BootloaderInfo> installable)
    {
        yield return "A bootloader is installed once, on a bare chip; sketches then need no adapter and no button. upload-helper carries none: each has";
        yield return "authors who publish it, and a licence. To see where to get one: upload-helper install-bootloader NAME";
        foreach (var bootloader in installable)
        {
            yield return $"  {bootloader.Installation!.Name.PadRight(LabelWidth)}{bootloader.Name}: {bootloader.Installation.Chips}, sketches at {Offsets(bootloader)}";
        }
    }

    /// <summary>The page of one.</summary>
    public static IEnumerable<string> Of(BootloaderInfo bootloader)
    {
        var installation = bootloader.Installation!;
        yield return bootloader.Name;
        foreach (var (label, text) in Fields(bootloader, installation))
        {
            yield return $"  {label.PadRight(LabelWidth)}{text}";
        }

        if (installation.Builds.Count > 0)
        {
            yield return $"Builds whose checksums are known (version {installation.Version}):";
        }

        foreach (var build in installation.Builds)
        {
            yield return $"  {build.File}, {build.Size} bytes: {build.Board}";
            yield return $"    SHA-256 {build.Sha256}";
        }
    }

    /// <summary>How an installation ended, and what to do next: a line each.</summary>
    public static string Of(InstallResult result, bool overUart)
    {
        var bootloader = result.File.Bootloader;
        var installation = bootloader.Installation!;
        var already = result.Unchanged == result.File.Image.Size ? ", already there" : "";
        return string.Join(
            '\n',
            $"Done: {bootloader.Name} is at 0x{result.File.Image.Start:X8}, {result.File.Image.Size} bytes{already}, {(result.Verified ? "verified" : "not verified")}. "
                + (result.Seen is { } seen ? $"It runs: {seen.Id} is on USB at {seen.Path}."
                    : result.Left ? "It was told to start, but was not seen on USB." : "It is not started yet."),
            result.Seen is null
                ? $"Next: set BOOT0 low, {(overUart ? "plug in the board's own USB cable " : "")}and press RESET{installation.Needs}. The bootloader then appears as {installation.Id} (`upload-helper list`)."
                : $"Next: set BOOT0 low{(overUart ? " (unless the adapter's lines do)" : "")}, so that it starts after the next reset, too.",
            $"Arduino IDE: in the Tools menu, \"Upload method\", choose {installation.Menu}.",
            $"By hand: {Upload(bootloader)}");
    }

    private static IEnumerable<(string Label, string Text)> Fields(BootloaderInfo bootloader, Installation installation)
    {
        yield return ("chips", installation.Chips);
        yield return ("files", installation.Page);
        yield return ("which one", installation.Choice);
        yield return ("licence", installation.Licence);
        yield return ("size", $"at most {installation.Area} bytes, at 0x{FlashAddress.FlashBase:X8}");
        yield return ("USB", $"{installation.Id}");
        yield return ("install", installation.Series == Stm32Series.F1
            ? $"set BOOT0 high, press RESET, then: upload-helper install-bootloader {installation.Name} FILE --uart --port PORT"
            : $"set BOOT0 high, press RESET, then: upload-helper install-bootloader {installation.Name} FILE");
        yield return ("sketches", $"at {Offsets(bootloader)}: {Upload(bootloader)}");
        yield return ("Arduino IDE", $"in the Tools menu, \"Upload method\": {installation.Menu}");
    }

    private static string Offsets(BootloaderInfo bootloader) =>
        string.Join(" or ", bootloader.Places.Select(p => FlashAddress.Offset(p.Address)).Distinct());

    private static string Upload(BootloaderInfo bootloader) => $"upload-helper upload --offset {FlashAddress.Offset(bootloader.Places[0].Address)} Blink.bin";
}
