using UploadHelper.VirtualBoard;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>The tables that are the same on every machine: virtual time, transfers, sectors.</summary>
public static class ExactReport
{
    /// <summary>Where a board's sketches begin, and how large the benchmark's is; what is no known board gets no row.</summary>
    private static readonly Dictionary<string, (uint Address, int KiB)> Sketches = new()
    {
        ["f4boot"] = (0x0800_4000, 256),
        ["f4boot-old"] = (0x0801_0000, 256),
        ["f4rom"] = (0x0800_0000, 256),
        ["f7rom"] = (0x0800_0000, 256),
        ["h747"] = (0x0800_0000, 256),
        ["l496"] = (0x0800_0000, 256),
        ["h0wch33"] = (0x0800_0000, 40),
        ["dsonano"] = (0x0800_C000, 64),
        ["maple20"] = (0x0800_2000, 64),
        ["maple-orig"] = (0x0800_5000, 64),
        ["maple-f4"] = (0x0801_0000, 256),
    };

    /// <summary>All boards that there are.</summary>
    public static IEnumerable<string> Boards => BoardFactory.Names.Where(Sketches.ContainsKey);

    /// <summary>The benchmark of a board.</summary>
    public static ExactBench Bench(string board, int? kib = null) =>
        new(board, Sketches[board].Address, (kib ?? Sketches[board].KiB) * 1024);

    /// <summary>Each board beside its limit.</summary>
    public static Table Devices()
    {
        var table = new Table(
            "Virtual time, from the first DFU request to the last (s)",
            "board", "KiB", "limit", "first", "/ limit", "same again", "/ one read", "one byte", "sectors", "transfers");
        foreach (var board in Boards)
        {
            var bench = Bench(board);
            var (first, same, one) = (bench.First(), bench.Identical(), bench.OneByte());
            var limit = bench.Limit.Upload(bench.CanRead);
            table.Add(
                board, Table.Number(Sketches[board].KiB), Table.Seconds(limit), Table.Seconds(first.Duration), Table.Ratio(first.Duration / limit),
                Table.Seconds(same.Duration), Table.Ratio(same.Duration / bench.Limit.Read), Table.Seconds(one.Duration), Table.Number(one.Erases), Table.Number(first.Transfers));
        }

        return table;
    }

    /// <summary>What the numbers mean.</summary>
    public const string Notes =
        "- **limit**: the time that the board itself needs to erase the sectors concerned and to program the image, plus three transfers (1 ms each) per block, plus\n"
        + "  reading the image back once (4.5 ms per KiB).\n"
        + "- **first**: the board contains a different sketch, so that every sector is written; verified.\n"
        + "- **same again**: the board already contains the image.\n"
        + "- **one byte**: one byte in the middle differs. **sectors**: the number of sectors erased for it (on Maple, all sectors up to that byte).\n"
        + "\n"
        + "h0wch33 and maple-f4 do not allow reading flash, so they are always written completely, and not verified. l496 refuses every request while it erases one of\n"
        + "its many small pages; upload-helper waits the maximum of 25 ms for each, although most need 22 ms. The transfers for erasing are not included in the limit: three\n"
        + "for each sector, with which l496 would be at 1.05. Where blocks have 1 KiB, reading alone is 1.00 of **one read**; the rest is for the address, and for leaving.\n"
        + "\n"
        + "f4rom and f7rom program bytes, as their ROMs do until they are told the supply voltage (AN2606). Two figures from the field against the data sheets' typical times:\n"
        + "\n"
        + "- An STM32F745 erased three sectors of 32 KiB, one of 128 KiB and two of 256 KiB in 6.2 s (log in fwupd issue 2696: 351 ms for the first, the others up to the\n"
        + "  first block). With bytes that takes 6.5 s, with half-words 4.6 s, with words 3.1 s. The log of pull request 1944, 1,832 bytes in 12 ms, is not of an F745\n"
        + "  but of the reviewer's device: its poll time-outs are 5 ms, those of the F745 100 and 104.\n"
        + "- EdgeTX Buddy erases an STM32F429 in 23 to 24 s and writes it in 31 to 32 s (EdgeTX/buddy pull request 88), six requests a block. With bytes a block of 2 KiB takes\n"
        + "  33 ms plus these; 1.6 MB are written in 31.5 s, and their sectors erased in 27.6 s. With half-words all of the 2 MiB would be written in 23 s.";

    /// <summary>What the two readings cost, that of the old sketch and that of the new one.</summary>
    public static Table Readings()
    {
        var table = new Table(
            "A first upload of 64 KiB: what reading costs, virtual time (ms)", "board", "first", "comparison", "% of it", "verification", "% of it");
        foreach (var board in Boards)
        {
            var bench = Bench(board, Math.Min(Sketches[board].KiB, 64));
            if (bench.CanRead)
            {
                var first = bench.First().Duration;
                var (blind, trusting) = (first - bench.First(r => r with { Full = true }).Duration, first - bench.First(r => r with { Verify = false }).Duration);
                table.Add(
                    board, Milliseconds(first), Milliseconds(blind), Table.Ratio(100 * (blind / first)), Milliseconds(trusting), Table.Ratio(100 * (trusting / first)));
            }
        }

        return table;
    }

    /// <summary>What its columns mean.</summary>
    public const string ReadingsNotes =
        "- **comparison**: how much longer the upload takes than with `--full`, which does not look at the board first. A sketch that is there already, even in\n"
        + "  part, saves much more.\n"
        + "- **verification**: how much longer it takes than with `--no-verify`: the whole image is read back after the last erase.";

    private static string Milliseconds(TimeSpan time) => Table.Number((long)Math.Round(time.TotalMilliseconds));

    /// <summary>Several boards at once.</summary>
    public static Table Together()
    {
        var table = new Table("Several boards at once, virtual time, 256 KiB (s)", "board", "1", "8", "8 / 1");
        foreach (var board in (string[])["f4rom", "f4boot"])
        {
            var bench = Bench(board);
            var (one, eight) = (bench.Together(1), bench.Together(8));
            table.Add(board, Table.Seconds(one), Table.Seconds(eight), Table.Ratio(eight / one));
        }

        return table;
    }

    /// <summary>How time, transfers and memory grow with the image.</summary>
    public static Table Growth()
    {
        var board = Boards.Contains("h747") ? "h747" : "f4rom";
        int[] sizes = board == "h747" ? [16, 64, 256, 1024, 2048] : [16, 64, 256, 1024];
        var table = new Table($"First upload by image size, {board}", "KiB", "virtual s", "ms / KiB", "transfers / KiB", "allocated bytes / byte");
        foreach (var kib in sizes)
        {
            var bench = Bench(board, kib);
            bench.First();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var first = bench.First();
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            table.Add(
                Table.Number(kib), Table.Seconds(first.Duration), Table.Ratio(first.Duration.TotalMilliseconds / kib),
                Table.Ratio((double)first.Transfers / kib), Table.Ratio(allocated / (kib * 1024.0)));
        }

        return table;
    }
}
