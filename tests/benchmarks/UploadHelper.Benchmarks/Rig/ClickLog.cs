using System.Globalization;

namespace UploadHelper.Benchmarks.Rig;

/// <summary>Where the time of one click goes, as a Maple board in the rig saw it.</summary>
public static class ClickLog
{
    private const string Configured = "standard request 0x09";
    private const string Released = "standard request 0x0B";

    /// <summary>The phases, in order; the program's own time is what the board does not see.</summary>
    public static readonly IReadOnlyList<string> Phases =
    [
        "program starts, resets the sketch, ends; the answer (host)",
        "reset until the bootloader is on the bus (board)",
        "kernel enumerates it (kernel)",
        "found, opened, identified, compared (host)",
        "erased and written (board)",
        "read back (bus)",
        "port reset (kernel)",
        "reset until the sketch is on the bus (board)",
        "kernel enumerates it (kernel)",
    ];

    /// <summary>How long each phase took.</summary>
    /// <param name="file">The board's log.</param>
    /// <param name="total">From the click to the answer.</param>
    public static IReadOnlyList<TimeSpan> Durations(string file, TimeSpan total)
    {
        var lines = File.ReadLines(file)
            .Where(l => l.Length > 11 && double.TryParse(l.AsSpan(0, 9), NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            .Select(l => (At: TimeSpan.FromSeconds(double.Parse(l.AsSpan(0, 9), CultureInfo.InvariantCulture)), Text: l[11..]))
            .ToList();
        int After(int from, string text) => lines.FindIndex(from, l => l.Text.StartsWith(text, StringComparison.Ordinal));

        var reset = lines.FindLastIndex(l => l.Text.StartsWith("off the bus: reset: magic", StringComparison.Ordinal));
        var bootloader = After(reset, "on the bus");
        var found = After(bootloader, Configured);
        var first = After(found, "DNLOAD");
        var restart = After(first, "bus reset");
        var last = lines.FindLastIndex(restart, l => l.Text.StartsWith("DNLOAD", StringComparison.Ordinal) && !l.Text.Contains(", 0 bytes", StringComparison.Ordinal));

        // The GETSTATUS after it programs the block, and is over when the next request comes.
        var written = After(last, "GETSTATUS") + 1;
        var released = lines.FindLastIndex(restart, l => l.Text.StartsWith(Released, StringComparison.Ordinal));
        var sketch = After(restart, "on the bus");
        int[] marks = [reset, bootloader, found, first, written, released, restart, sketch, After(sketch, Configured)];
        var seen = marks.Zip(marks.Skip(1), (from, to) => lines[to].At - lines[from].At).ToList();
        return [total - seen.Aggregate(TimeSpan.Zero, (sum, t) => sum + t), .. seen];
    }
}
