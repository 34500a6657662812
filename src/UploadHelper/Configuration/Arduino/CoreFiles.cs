using UploadHelper.Core.Arduino;
using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration.Arduino;

/// <summary>Finds and reads the files that describe a core.</summary>
internal static class CoreFiles
{
    private const string Boards = "boards.txt";

    private static ArduinoSystem System =>
        OperatingSystem.IsWindows() ? ArduinoSystem.Windows : OperatingSystem.IsMacOS() ? ArduinoSystem.MacOsX : ArduinoSystem.Linux;

    /// <summary>Reads a core by its boards.txt: that, platform.txt beside it if there is one, and their local files over both.</summary>
    /// <param name="boardsFile">The path of boards.txt, under whatever name.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: a file cannot be read.</exception>
    public static ArduinoCore Read(string boardsFile)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(boardsFile))!;
        return new ArduinoCore(
            Text(boardsFile).With(Beside(folder, "boards.local.txt")),
            Beside(folder, "platform.txt").With(Beside(folder, "platform.local.txt")));
    }

    /// <summary>The boards.txt of a core in a folder of cores.</summary>
    /// <param name="hardware">
    /// The sketchbook's hardware folder (VENDOR/ARCH), or the Boards Manager's packages folder (VENDOR/hardware/ARCH/VERSION);
    /// of several versions, the highest is taken.
    /// </param>
    /// <param name="vendor">The core's package, for example "Arduino_STM32".</param>
    /// <param name="architecture">Its architecture, for example "STM32F4".</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: there is none.</exception>
    public static string Find(string hardware, string vendor, string architecture)
    {
        var installed = Path.Combine(hardware, vendor, "hardware", architecture);
        var folders = new[] { Path.Combine(hardware, vendor, architecture) }
            .Concat(Directory.Exists(installed) ? Directory.GetDirectories(installed).OrderByDescending(d => VersionOf(Path.GetFileName(d))) : []);
        return folders.Select(f => Path.Combine(f, Boards)).FirstOrDefault(File.Exists)
            ?? throw new UploadException(
                UploadError.Configuration,
                $"There is no core {vendor}:{architecture} in {hardware}.",
                "Give --hardware the sketchbook's hardware folder, or the packages folder of the Boards Manager.");
    }

    private static ArduinoProperties Beside(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? Text(path) : new ArduinoProperties();
    }

    private static ArduinoProperties Text(string path)
    {
        try
        {
            return ArduinoProperties.Parse(File.ReadAllText(path), System);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.Configuration, $"{path} cannot be read: {e.Message}", "Give the path of a core's boards.txt.", e);
        }
    }

    // "2.10.1" is above "2.9.0"; what is no version comes last.
    private static Version VersionOf(string name) => Version.TryParse(name.Split('-')[0], out var version) ? version : new Version();
}
