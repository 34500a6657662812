using System.Globalization;

namespace UploadHelper.Benchmarks.Rig;

/// <summary>Real dfu-util and the executable in the rig, in turn, on the same plugged board.</summary>
public static class RigReport
{
    /// <summary>What the numbers mean.</summary>
    public const string Notes =
        "Time of a virtual machine with a real Linux USB stack (vhci), 2 ns per instruction; 256 KiB; medians. The two programs take turns on the same board.\n"
        + "Requests: from the first DFU request to the last. dfu-util does not verify; upload-helper does.";

    /// <summary>What the numbers of the old chain mean.</summary>
    public const string OldChainNotes =
        "From the arrival of the magic reset at the sketch to the enumeration of the new sketch, 64 KiB. The old chain does what maple_loader does: magic reset, 50 ms\n"
        + "pause, `dfu-util -l` every 100 ms until the bootloader is listed, then `dfu-util -a 2 -R`. It does not include the start of Java, which precedes the reset.";

    private static readonly (string Board, string Bootloader)[] Boards = [("f4rom", "ST ROM, STM32F405"), ("f4boot", "F4Bootloader")];

    /// <summary>dfu-util and ours, DfuSe.</summary>
    public static Table Uploads(string folder)
    {
        var table = new Table("In the rig: dfu-util 0.11 and upload-helper", "board", "dfu-util requests s", "ours s", "dfu-util / ours", "dfu-util process s", "ours s", "dfu-util / ours", "dfu-util transfers", "ours");
        foreach (var (board, bootloader) in Boards)
        {
            var spans = new BoardLog(Path.Combine(folder, $"{board}.board")).Spans();
            var (theirs, ours) = (Every(spans, 0), Every(spans, 1));
            var (theirTime, ourTime) = (Processes(folder, $"{board}-theirs"), Processes(folder, $"{board}-ours"));
            table.Add(
                $"{board} ({bootloader})",
                Table.Seconds(Median(theirs.Select(s => s.Duration))), Table.Seconds(Median(ours.Select(s => s.Duration))),
                Table.Ratio(Median(theirs.Select(s => s.Duration)) / Median(ours.Select(s => s.Duration))),
                Table.Seconds(theirTime), Table.Seconds(ourTime), Table.Ratio(theirTime / ourTime),
                theirs[0].Transfers.ToString(CultureInfo.InvariantCulture), ours[0].Transfers.ToString(CultureInfo.InvariantCulture));
        }

        return table;
    }

    /// <summary>The old chain and ours, from the magic to the new sketch.</summary>
    public static Table OldChain(string folder)
    {
        TimeSpan Of(string log) => new BoardLog(Path.Combine(folder, log)).Between("reset: magic", "on the bus as 1EAF:0004");
        var (old, ours) = (Of("maple20-old.board"), Of("maple20-ours.board"));
        var table = new Table("In the rig: from the magic reset to the new sketch, maple20", "old chain s", "ours s", "old / ours");
        table.Add(Table.Seconds(old), Table.Seconds(ours), Table.Ratio(old / ours));
        return table;
    }

    private static List<BoardLog.Span> Every(IReadOnlyList<BoardLog.Span> spans, int first) => [.. spans.Where((_, i) => i % 2 == first)];

    private static TimeSpan Processes(string folder, string name) => Median(
        File.ReadAllLines(Path.Combine(folder, $"{name}.seconds")).Select(l => TimeSpan.FromSeconds(double.Parse(l, CultureInfo.InvariantCulture))));

    private static TimeSpan Median(IEnumerable<TimeSpan> times) => times.Order().ToList() is var sorted ? sorted[sorted.Count / 2] : default;
}
