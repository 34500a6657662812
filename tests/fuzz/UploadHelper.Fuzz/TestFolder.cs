using System.Runtime.CompilerServices;

namespace UploadHelper.Fuzz;

/// <summary>Where the sound inputs lie.</summary>
public static class TestFolder
{
    /// <summary>The folder of all tests.</summary>
    public static string Find([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
