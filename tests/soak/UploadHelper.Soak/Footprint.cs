using System.Diagnostics;
using System.Globalization;

namespace UploadHelper.Soak;

/// <summary>What this process holds at a moment (Linux).</summary>
/// <param name="Handles">Open files, sockets and devices, without the assemblies that were loaded when they were first needed.</param>
/// <param name="Threads">Threads of the system.</param>
/// <param name="Heap">Bytes on the managed heap that are in use.</param>
/// <param name="Committed">Bytes that the garbage collector holds for that heap.</param>
/// <param name="Resident">Bytes of the process in RAM.</param>
public sealed record Footprint(int Handles, int Threads, long Heap, long Committed, long Resident)
{
    /// <summary>Looks now, after a collection.</summary>
    public static Footprint Now()
    {
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        using var process = Process.GetCurrentProcess();
        return new Footprint(OpenFiles(), process.Threads.Count, heap, GC.GetGCMemoryInfo().TotalCommittedBytes, process.WorkingSet64);
    }

    /// <summary>Whether a process that did nothing but uploads in between has kept something.</summary>
    /// <param name="before">When it had warmed up.</param>
    public bool HasGrownSince(Footprint before) =>
        Handles > before.Handles || Threads > before.Threads + 1 || Heap > 1.2 * before.Heap + 100_000 || Resident > 1.2 * before.Resident;

    private static int OpenFiles() => new DirectoryInfo("/proc/self/fd").GetFileSystemInfos()
        .Count(f => Path.GetExtension(f.LinkTarget ?? "") is not (".dll" or ".pdb"));

    /// <summary>For a line of the report.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Handles} handles, {Threads} threads, {Heap / 1e6:0.00} of {Committed / 1e6:0.0} MB heap, {Resident / 1e6:0.0} MB in RAM");
}
