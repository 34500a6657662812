using System.Globalization;
using UploadHelper.Core.Diagnosis;

namespace UploadHelper.Devices.Diagnosis;

/// <summary>The processes of a system, out of proc(5). Of those of other users only root sees what they have open.</summary>
/// <param name="proc">Where proc is mounted.</param>
internal sealed class LinuxProcesses(string proc)
{
    private readonly IReadOnlyList<(Holder Process, IReadOnlyList<string> Open)> _processes = Look(proc);

    /// <summary>Whether a program of that name runs.</summary>
    public bool Runs(string name) => _processes.Any(p => p.Process.Name == name);

    /// <summary>The processes that have a file open, this one left out.</summary>
    public IReadOnlyList<Holder> HoldersOf(string file) =>
        [.. _processes.Where(p => p.Process.Id != Environment.ProcessId && p.Open.Contains(file)).Select(p => p.Process)];

    private static List<(Holder Process, IReadOnlyList<string> Open)> Look(string proc)
    {
        var processes = new List<(Holder, IReadOnlyList<string>)>();
        foreach (var folder in Directory.Exists(proc) ? Directory.EnumerateDirectories(proc) : [])
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                processes.Add((new Holder(id, Name(folder)), Open(folder)));
            }
        }

        return processes;
    }

    private static string Name(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "comm")).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static List<string> Open(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(Path.Combine(folder, "fd")).Select(l => new FileInfo(l).LinkTarget).OfType<string>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
