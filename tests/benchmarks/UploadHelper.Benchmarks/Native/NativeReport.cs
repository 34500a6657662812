using System.Globalization;

namespace UploadHelper.Benchmarks.Native;

/// <summary>Start-up and memory of the published executable, beside an empty program that was published with the same flags.</summary>
public static class NativeReport
{
    /// <summary>What the numbers mean.</summary>
    public const string Notes =
        "The empty program is a .NET one, compiled to ReadyToRun and in a single file with the runtime. On a busy machine, the processor time of all threads is more\n"
        + "meaningful than the wall time. \"To its first transfers\" means until the line that reports the bootloader.";

    private const int Rounds = 40;

    /// <summary>Runs all cases in turn, so that what else the machine does hits all alike.</summary>
    /// <param name="helper">The executable.</param>
    /// <param name="empty">The empty program.</param>
    /// <param name="image">An image for f4rom.</param>
    public static Table Run(string helper, string empty, string image)
    {
        string[] upload = ["upload", "--simulate", "f4rom,start=bootloader", "--offset", "0", image];
        (string Name, Func<ProcessCost> Run)[] cases =
        [
            ("empty program", () => ProcessCost.Of(empty, [])),
            ("--version", () => ProcessCost.Of(helper, ["--version"])),
            ("upload --simulate, complete", () => ProcessCost.Of(helper, upload)),
            ("upload --simulate, to its first transfers", () => ProcessCost.Until(helper, upload, "Found")),
        ];
        if (ProcessCost.IsInstalled("dfu-util"))
        {
            cases = [.. cases, ("dfu-util --version", () => ProcessCost.Of("dfu-util", ["--version"]))];
        }

        var costs = cases.ToDictionary(c => c.Name, _ => new List<ProcessCost>());
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (name, run) in cases)
            {
                costs[name].Add(run());
            }
        }

        var empties = costs[cases[0].Name];
        var table = new Table($"The published executable ({new FileInfo(helper).Length:N0} bytes; minimum of {Rounds} runs)", "run", "processor ms", "/ empty", "wall ms", "/ empty", "peak MB");
        foreach (var (name, runs) in costs)
        {
            table.Add(
                name,
                Milliseconds(Processor(runs)), Table.Ratio(Processor(runs) / Processor(empties)),
                Milliseconds(Wall(runs)), Table.Ratio(Wall(runs) / Wall(empties)),
                runs.Max(r => r.PeakBytes) == 0 ? "" : (runs.Max(r => r.PeakBytes) / 1e6).ToString("0.0", CultureInfo.InvariantCulture));
        }

        return table;
    }

    private static TimeSpan Processor(List<ProcessCost> runs) => runs.Min(c => c.Processor);

    private static TimeSpan Wall(List<ProcessCost> runs) => runs.Min(c => c.Wall);

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture);
}
