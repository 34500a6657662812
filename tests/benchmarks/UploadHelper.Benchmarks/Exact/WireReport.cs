namespace UploadHelper.Benchmarks.Exact;

/// <summary>What ours sends in a first upload over DfuSe, beside the least that the protocol allows.</summary>
public static class WireReport
{
    // The bootloader of Arduino's H7 boards has the largest blocks.
    private static readonly (string Board, ExactBench Bench)[] Others = [("h747,boot=arduino", new ExactBench("h747,boot=arduino", 0x0804_0000, 256 * 1024))];

    private static readonly TransferKind[] Kinds =
    [
        TransferKind.Block, TransferKind.Erase, TransferKind.SetAddress, TransferKind.Leave, TransferKind.GetStatus, TransferKind.Upload, TransferKind.Abort,
    ];

    /// <summary>The requests of each kind.</summary>
    public static Table Requests()
    {
        var table = new Table(
            "The requests of a first upload",
            "board", "blocks", "sectors", "DNLOAD block", "erase", "set address", "leave", "GETSTATUS", "UPLOAD", "ABORT", "all", "bound", "all / bound");
        foreach (var (board, bench) in ExactReport.Boards.Select(b => (b, ExactReport.Bench(b))).Where(b => b.Item2.Description.IsDfuSe).Concat(Others))
        {
            var first = bench.First();
            var bound = Bound(bench);
            table.Add(
            [
                board, Table.Number(bench.Blocks), Table.Number(bench.Sectors), .. Kinds.Select(k => Table.Number(first.Count(k))),
                Table.Number(first.Requests), Table.Number(bound), Table.Ratio((double)first.Requests / bound),
            ]);
        }

        return table;
    }

    /// <summary>The least number of requests for an upload.</summary>
    public static int Bound(ExactBench bench)
    {
        const int Command = 3;
        const int Start = 1;
        const int Leave = Command + 2;
        const int ToRead = Command + 2;
        return Start + Command * bench.Sectors + Command + Command * bench.Blocks + (bench.CanRead ? ToRead + bench.Blocks : 0) + Leave;
    }

    /// <summary>What the numbers mean, and what the sources say of each request.</summary>
    public const string Notes =
        "**bound**: three requests (DNLOAD and two GETSTATUS) for each block, each sector and each address that is set: the first block's, the one before reading\n"
        + "back, and the one before leaving; an UPLOAD for each block; an ABORT before the first UPLOAD and after the last; the request to leave and its GETSTATUS; one\n"
        + "GETSTATUS at the start.\n"
        + "\n"
        + "- **No GETSTATUS can be left out.** The first one executes what the DNLOAD has brought (AN3156). After it, ST's middleware is in dfuDNLOAD-SYNC and refuses the\n"
        + "  next DNLOAD; the second one leads to dfuDNLOAD-IDLE (usbd_dfu.c, DFU_Download() and DFU_GetStatus()), and is the only report of a failure. AN2662, figure 56,\n"
        + "  asks for both. ABORT leads out of dfuDNLOAD-SYNC too, but saves nothing, and clears the status. A device that is in dfuDNLOAD-IDLE after the first\n"
        + "  (STM32U5A9, Maple) is asked once.\n"
        + "- **No ABORT can be left out.** UPLOAD is refused in dfuDNLOAD-IDLE, and DNLOAD in dfuUPLOAD-IDLE.\n"
        + "- **No block can be longer than wTransferSize**: ST's middleware cuts it off there, and the ROM of an STM32G431 refuses it. What a device declares is used: 4,096\n"
        + "  bytes occur (Arduino's bootloader for H7 boards, Particle's Photon); the ROMs declare 1,024 or 2,048.\n"
        + "\n"
        + "More than the bound: one UPLOAD for each sector, for eight at most if they are small, to see that it differs, with its address and ABORTs; reading back the\n"
        + "first block after the first erase, since a protected sector reports no failure; the first word of the vector table as a block of its own, written and read\n"
        + "back last; the address of the last block, if it is short. On f4boot and h747 the first block is also read once before, to see whether there is a sketch.";
}
