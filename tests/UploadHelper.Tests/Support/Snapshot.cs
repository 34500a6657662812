using System.Runtime.CompilerServices;

namespace UploadHelper.Tests.Support;

/// <summary>Compares text with a file beside the tests. UPDATE_SNAPSHOTS=1 writes the files anew; look at the difference before you commit it.</summary>
internal static class Snapshot
{
    /// <summary>The folder of all snapshots.</summary>
    public static string Folder { get; } = FolderBeside();

    public static void Match(string actual, string name) => MatchFile(actual, Path.Combine(Folder, name + ".txt"));

    /// <summary>Compares text with any file of the repository that is made from the code.</summary>
    public static void MatchFile(string actual, string file)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(file, actual);
        }

        Assert.True(File.Exists(file), $"There is no {file}; run the tests once with UPDATE_SNAPSHOTS=1.");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), actual.ReplaceLineEndings("\n"));
        var tabs = Path.GetExtension(file) == ".tsv";
        Assert.DoesNotContain(actual, c => c is not ('\n' or '\r') and (< ' ' or > '~') && !(tabs && c == '\t'));
    }

    private static string FolderBeside([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "Snapshots");
}
