using System.Runtime.CompilerServices;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Tests.Support;

/// <summary>The files that lie beside the test projects.</summary>
internal static class TestFiles
{
    /// <summary>A test sketch, built by tests/firmware/build.sh.</summary>
    public static ImageFile Firmware(string name) => new(name, File.ReadAllBytes(FirmwarePath(name)));

    public static string FirmwarePath(string name) => Path.Combine(Tests(), "firmware", name);

    /// <summary>The files of a folder of tests/corpus, by name; made by its build.sh.</summary>
    public static IEnumerable<ImageFile> Corpus(string folder) => Directory.GetFiles(Path.Combine(Tests(), "corpus", folder))
        .Order(StringComparer.Ordinal)
        .Select(f => new ImageFile(Path.GetFileName(f), File.ReadAllBytes(f)));

    /// <summary>The folder of the repository.</summary>
    public static string Repository => Path.GetFullPath(Path.Combine(Tests(), ".."));

    /// <summary>The texts of all source files of a folder of the repository.</summary>
    public static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(Path.Combine(Repository, folder), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .Select(File.ReadAllText);

    private static string Tests([CallerFilePath] string caller = "") => Path.Combine(Path.GetDirectoryName(caller)!, "..", "..");
}
