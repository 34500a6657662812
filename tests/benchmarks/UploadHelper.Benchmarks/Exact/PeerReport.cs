using UploadHelper.Core.Protocols.DfuSe;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>A first upload by other programs beside ours, in virtual time.</summary>
public sealed class PeerReport
{
    private readonly List<string> _failures = [];

    /// <summary>Has each program upload to each board.</summary>
    public PeerReport()
    {
        foreach (var board in ExactReport.Boards)
        {
            Add(board, ExactReport.Bench(board));
        }
    }

    /// <summary>A row for each program on each board.</summary>
    public Table Table { get; } = new(
        "A first upload by other programs, virtual time", "board", "program", "verified", "s", "/ limit", "/ ours", "requests", "/ ours");

    /// <summary>What the numbers mean, and why a program fails.</summary>
    public string Notes =>
        "Only upload-helper reads back what it has written, and compares; the others leave with what they have sent. Below it stands what it needs with an option:\n"
        + "`--supply-voltage 3.3` has the ROM program words instead of bytes; with `--no-verify` it does no more than the others.\n"
        + "\n"
        + "- **dfu-util 0.11**, **dfu-util :fast** (its master branch of March 2025, with the modifier that ignores poll time-outs), **WebUSB** (EdgeTX Buddy, which is\n"
        + "  devanlai/webdfu without its sleeps), **dfu-core** 0.11.1: the requests and sleeps of their sources, replayed on the same board.\n"
        + "- **/ limit**: the limit contains reading back only where the program verifies.\n"
        + "- **requests**: DFU requests, without those for descriptors.\n"
        + "- **fails**: it does not get the image onto the board.\n"
        + string.Concat(_failures.Select(f => $"  - {f}\n"))
        + "\n"
        + "dfu-core takes the sizes of the sectors from the start of the map, wherever the image begins, so it leaves a sector unerased on boards with a bootloader in\n"
        + "flash. The ROM of l496 answers GETSTATUS with a STALL while it erases a page: dfu-core stops there, `:fast` asks three times more, all too early, and WebUSB\n"
        + "asks until it gets an answer. Programs that do not sleep come near the limit too. They lose three requests for the address before each block; reading back\n"
        + "costs more than that, so they are often done before upload-helper, which has then verified. On maple20 dfu-util needs less time, because it does not verify, and\n"
        + "there is no other time to save.";

    private void Add(string board, ExactBench bench)
    {
        var ours = bench.First();
        AddRow("upload-helper", ours, bench.Limit, bench.CanRead);
        if (bench.WordLimit.Write < bench.Limit.Write)
        {
            AddRow("--supply-voltage 3.3", bench.First(r => r with { SupplyVoltage = new VoltageRange(3.3) }), bench.WordLimit, bench.CanRead);
        }

        if (bench.CanRead)
        {
            AddRow("--no-verify", bench.First(r => r with { Verify = false }), bench.Limit, isVerified: false);
        }

        foreach (var (name, create) in bench.Description.IsDfuSe ? Peer.DfuSe : Peer.DfuSe.Take(1))
        {
            try
            {
                AddRow(name, bench.PeerFirst(create), bench.Limit, isVerified: false);
            }
            catch (PeerFailedException e)
            {
                Table.Add(board, name, "no", "fails", "-", "-", "-", "-");
                _failures.Add($"{name} on {board}: {e.Message.TrimEnd('.')}.");
            }
        }

        void AddRow(string program, Measured upload, Limit limit, bool isVerified) => Table.Add(
            board,
            program,
            isVerified ? "yes" : "no",
            Table.Seconds(upload.Duration),
            Table.Ratio(upload.Duration / limit.Upload(isVerified)),
            Table.Ratio(upload.Duration / ours.Duration),
            Table.Number(upload.Requests),
            Table.Ratio((double)upload.Requests / ours.Requests));
    }
}
