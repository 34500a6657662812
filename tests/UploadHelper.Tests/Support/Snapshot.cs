using System.Runtime.CompilerServices;

namespace UploadHelper.Tests.Support;

/// <summary>Compares text with a file beside the tests. UPDATE_SNAPSHOTS=1 writes the files anew; look at the difference before you commit it.</summary>
internal static class Snapshot
{
    public static void Match(string actual, string name)
    {
        var file = Path.Combine(Folder(), name + ".txt");
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(file, actual);
        }

        Assert.True(File.Exists(file), $"There is no snapshot {name}; run the tests once with UPDATE_SNAPSHOTS=1.");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), actual.ReplaceLineEndings("\n"));
        Assert.DoesNotContain(actual, c => c is not ('\n' or '\r') and (< ' ' or > '~'));
    }

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "Snapshots");
}
