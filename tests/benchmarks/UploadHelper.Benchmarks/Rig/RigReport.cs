using System.Globalization;

namespace UploadHelper.Benchmarks.Rig;

/// <summary>Real dfu-util and the executable in the rig, in turn, on the same plugged board.</summary>
public static class RigReport
{
    /// <summary>What the numbers mean.</summary>
    public const string Notes =
        "Time of a virtual machine with a real Linux USB stack (vhci), whose clock counts instructions alone, 2 ns for each: it is the same on every machine,\n"
        + "however busy. 256 KiB; the two programs take turns on the same board, three times; the least counts, since waiting for the host's disk adds time. Requests: from\n"
        + "the first DFU request to the last. dfu-util does not verify; upload-helper does.";

    /// <summary>What the numbers of the old chain mean.</summary>
    public const string OldChainNotes =
        "From the start of the program to the answer of the new sketch behind its port; the least of three, by turns on the same board, by the same clock. The old\n"
        + "chain resets as upload-reset does, pauses 750 ms, and starts dfu-util 0.11, up to five times. It does not verify; upload-helper does (maple20 and f4boot can\n"
        + "be read).";

    /// <summary>What the numbers of the phases mean.</summary>
    public const string PhasesNotes =
        "Of the round with the median of the whole. Board: erase, program and start as modelled; kernel: Linux waits for a stable connection, resets the port\n"
        + "twice and asks for descriptors. Only what says \"host\" and \"read back\" is upload-helper's own. dfu-util does not read back.";

    private static readonly (string Board, string Bootloader)[] Boards = [("f4rom", "ST ROM, STM32F405"), ("f4boot", "F4Bootloader")];

    private static readonly (string Upload, string Board, string Bytes)[] Clicks =
        [("maple20-small", "maple20", "716"), ("maple20-large", "maple20", "30,001"), ("maple20-64k", "maple20", "65,536"), ("f4boot-small", "f4boot", "716")];

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
                Table.Seconds(Least(theirs.Select(s => s.Duration))), Table.Seconds(Least(ours.Select(s => s.Duration))),
                Table.Ratio(Least(theirs.Select(s => s.Duration)) / Least(ours.Select(s => s.Duration))),
                Table.Seconds(theirTime), Table.Seconds(ourTime), Table.Ratio(theirTime / ourTime),
                theirs[0].Transfers.ToString(CultureInfo.InvariantCulture), ours[0].Transfers.ToString(CultureInfo.InvariantCulture));
        }

        return table;
    }

    /// <summary>The old chain and ours, from the click to the new sketch (tests/rig/scenarios/chain.sh).</summary>
    public static Table OldChain(string folder)
    {
        TimeSpan Of(string upload, string who) => Least(Directory.GetFiles(folder, $"{upload}-{who}-*.ms")
            .Select(f => TimeSpan.FromMilliseconds(double.Parse(File.ReadAllText(f), CultureInfo.InvariantCulture))));
        var table = new Table("In the rig: from the click to the new sketch's answer", "board", "bytes", "old chain s", "ours s", "old / ours");
        foreach (var (upload, board, bytes) in Clicks)
        {
            var (old, ours) = (Of(upload, "old"), Of(upload, "ours"));
            table.Add(board, bytes, Table.Seconds(old), Table.Seconds(ours), Table.Ratio(old / ours));
        }

        return table;
    }

    /// <summary>Where the time of a click goes on a Maple board, ours and the old chain's.</summary>
    public static Table Phases(string folder)
    {
        var clicks = Clicks.Where(c => c.Board == "maple20").ToList();
        var table = new Table("In the rig: where the time of a click goes, maple20 (ms)", ["phase", .. clicks.SelectMany(c => new[] { $"{c.Bytes}: old chain", "ours" })]);
        var columns = clicks.SelectMany(c => new[] { MedianClick(folder, $"{c.Upload}-old"), MedianClick(folder, $"{c.Upload}-ours") }).ToList();
        for (var i = 0; i < ClickLog.Phases.Count; i++)
        {
            table.Add([ClickLog.Phases[i], .. columns.Select(c => c[i].TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture))]);
        }

        return table;
    }

    // The round with the median of the whole.
    private static IReadOnlyList<TimeSpan> MedianClick(string folder, string name)
    {
        var rounds = Directory.GetFiles(folder, $"{name}-*.ms")
            .Select(f => (File: f, Total: TimeSpan.FromMilliseconds(double.Parse(File.ReadAllText(f), CultureInfo.InvariantCulture))))
            .OrderBy(r => r.Total).ToList();
        var (file, total) = rounds[rounds.Count / 2];
        return ClickLog.Durations(Path.ChangeExtension(file, ".board"), total);
    }

    private static List<BoardLog.Span> Every(IReadOnlyList<BoardLog.Span> spans, int first) => [.. spans.Where((_, i) => i % 2 == first)];

    private static TimeSpan Processes(string folder, string name) => Least(
        File.ReadAllLines(Path.Combine(folder, $"{name}.seconds")).Select(l => TimeSpan.FromSeconds(double.Parse(l, CultureInfo.InvariantCulture))));

    private static TimeSpan Least(IEnumerable<TimeSpan> times) => times.Min();
}
