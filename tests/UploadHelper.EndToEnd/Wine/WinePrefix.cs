using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Wine;

/// <summary>
/// A Windows of Wine's for all of its tests, since making one takes longer than most of them. Runs the executable without
/// precompiled code: Wine 8 cannot load the other. Wine itself talks on standard error.
/// </summary>
public sealed class WinePrefix : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("wine");
    private readonly Lazy<string> _driveC;

    public WinePrefix() => _driveC = new(() =>
    {
        Run("--version");
        return Path.Combine(_root.FullName, "drive_c");
    });

    /// <summary>The folder that is C: there.</summary>
    internal string DriveC => _driveC.Value;

    /// <summary>The variables of a process under Wine. Names of files are UTF-8.</summary>
    internal Dictionary<string, string> Environment =>
        new() { ["WINEPREFIX"] = _root.FullName, ["WINEDEBUG"] = "-all", ["LC_ALL"] = "C.UTF-8" };

    /// <summary>Has a serial port of Windows, such as "com7", be a terminal here.</summary>
    internal void MapPort(string name, string terminal)
    {
        var port = Path.Combine(Path.GetDirectoryName(DriveC)!, "dosdevices", name);
        File.Delete(port);
        File.CreateSymbolicLink(port, terminal);
    }

    /// <summary>Runs the executable.</summary>
    internal ProcessRun Run(params string[] arguments) => ProcessRun.Of("wine", [Executable.WindowsForWine, .. arguments], Environment);

    /// <summary>Installs the executable in a folder of its own on C:, with other files beside it.</summary>
    /// <returns>The folder.</returns>
    internal string Install(string folder, params string[] files)
    {
        var installed = Directory.CreateDirectory(Path.Combine(DriveC, folder)).FullName;
        foreach (var file in (string[])[Executable.WindowsForWine, .. files])
        {
            File.Copy(file, Path.Combine(installed, Path.GetFileName(file)), overwrite: true);
        }

        return installed;
    }

    /// <summary>Runs the executable from another folder.</summary>
    internal ProcessRun RunIn(string folder, params string[] arguments) => ProcessRun.Of(
        "/bin/sh", ["-c", "cd \"$0\" && exec wine \"$@\"", folder, Executable.WindowsForWine, .. arguments], Environment);

    /// <summary>Ends its processes, so that all of it is on the disk.</summary>
    internal void Stop() => ProcessRun.Of("/bin/sh", ["-c", "command -v wineserver >/dev/null && wineserver -k; true"], Environment);

    public void Dispose()
    {
        Stop();
        _root.Delete(recursive: true);
    }
}

/// <summary>The tests that share one; one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class WineCollection : ICollectionFixture<WinePrefix>
{
    public const string Name = "wine";
}
