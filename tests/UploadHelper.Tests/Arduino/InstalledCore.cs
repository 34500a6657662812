using System.Runtime.CompilerServices;

namespace UploadHelper.Tests.Arduino;

/// <summary>One of the small cores beside this file, in a folder of its own with a space in its name, with its overlay or without.</summary>
internal sealed class InstalledCore : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("small cores ");

    public InstalledCore(string name, bool withOverlay = true)
    {
        Folder = Directory.CreateDirectory(Path.Combine(_directory.FullName, "vendor", "arch")).FullName;
        foreach (var file in Directory.GetFiles(PathOf("Cores", name)))
        {
            File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)));
        }

        if (withOverlay)
        {
            File.Copy(Overlay(name, "platform.local.txt"), Path.Combine(Folder, "platform.local.txt"));
            File.WriteAllLines(Path.Combine(Folder, "boards.local.txt"), OfItsBoards(name));
        }
    }

    /// <summary>The core's folder, as hardware/VENDOR/ARCH.</summary>
    public string Folder { get; }

    /// <summary>The folder of cores.</summary>
    public string Hardware => _directory.FullName;

    public string Boards => Path.Combine(Folder, "boards.txt");

    /// <summary>The path of a file of an overlay in the repository.</summary>
    public static string Overlay(string name, string file) => PathOf("..", "..", "..", "arduino", name, file);

    /// <summary>The path of something beside this file.</summary>
    public static string PathOf(params string[] parts) => Path.GetFullPath(Path.Combine([Path.GetDirectoryName(Here())!, .. parts]));

    public void Dispose() => _directory.Delete(recursive: true);

    // As the installer does: without the boards that this core does not have.
    private IEnumerable<string> OfItsBoards(string name)
    {
        var known = File.ReadAllLines(Boards).Select(l => l.Split('.')[0]).ToHashSet();
        return File.ReadAllLines(Overlay(name, "boards.local.txt")).Where(l => l.Length == 0 || l[0] == '#' || known.Contains(l.Split('.')[0]));
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
