using UploadHelper.Core.Diagnosis;

namespace UploadHelper.Devices.Diagnosis;

/// <summary>Finds the Arduino cores for STM32 where the IDEs keep cores.</summary>
/// <param name="folders">The folders to search.</param>
internal sealed class ArduinoCores(IEnumerable<string> folders)
{
    // packages/VENDOR/hardware/ARCHITECTURE/VERSION is the longest way.
    private const int Depth = 5;
    private const string Overlay = "upload-helper";

    // A core is known by its boards, as install-arduino knows it.
    private static readonly string[] Boards = ["genericSTM32F103C.", "generic_f407v.", "BLACK_F407XX.", "GenF4."];

    /// <summary>Where the IDEs of this system keep cores: the Boards Manager's, and those in the sketchbook.</summary>
    public static IEnumerable<string> UsualFolders()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var documents = Environment.GetFolderPath(Environment.SpecialFolder.MyDocuments);
        string[] folders = OperatingSystem.IsWindows()
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "Arduino15", "packages"), Path.Combine(documents, "Arduino", "hardware")]
            : OperatingSystem.IsMacOS()
                ? [Path.Combine(home, "Library", "Arduino15", "packages"), Path.Combine(home, "Documents", "Arduino", "hardware")]
                : [Path.Combine(home, ".arduino15", "packages"), Path.Combine(home, "Arduino", "hardware"), Path.Combine(home, "sketchbook", "hardware")];
        return folders;
    }

    /// <summary>The cores.</summary>
    public IReadOnlyList<SeenCore> List() => [.. folders.SelectMany(f => Search(f, Depth))];

    private static IEnumerable<SeenCore> Search(string folder, int depth)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                return [];
            }

            if (File.Exists(Path.Combine(folder, "boards.txt")))
            {
                return IsForStm32(folder) ? [new SeenCore(Name(folder), folder, HasOverlay(folder))] : [];
            }

            return depth == 0 ? [] : Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).SelectMany(f => Search(f, depth - 1)).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool IsForStm32(string folder) =>
        File.ReadLines(Path.Combine(folder, "boards.txt")).Any(l => Boards.Any(b => l.StartsWith(b, StringComparison.Ordinal)));

    private static string Name(string folder)
    {
        const string Key = "name=";
        var file = Path.Combine(folder, "platform.txt");
        return (File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal))?[Key.Length..].Trim() : null)
            ?? Path.GetFileName(folder);
    }

    private static bool HasOverlay(string folder)
    {
        var file = Path.Combine(folder, "platform.local.txt");
        return File.Exists(file) && File.ReadLines(file).Any(l => !l.StartsWith('#') && l.Contains(Overlay, StringComparison.Ordinal));
    }
}
