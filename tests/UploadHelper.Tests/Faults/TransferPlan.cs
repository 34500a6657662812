using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Faults;

/// <summary>The transfers of an upload in which nothing goes wrong, and what can go wrong at each.</summary>
internal sealed class TransferPlan
{
    private readonly List<Transfer> _transfers = [];

    /// <summary>Uploads once.</summary>
    public TransferPlan(FaultBench kind, bool verify = true)
    {
        var bench = kind.Create();
        bench.Seen = e => See(bench.Board.BootloaderTransfers - 1, e);
        bench.Upload(kind.Request(bench) with { Verify = verify });
    }

    /// <summary>Number of transfers.</summary>
    public int Count => _transfers.Count;

    /// <summary>The transfer in which the first sector is erased.</summary>
    public int FirstErase => _transfers.FindIndex(t => t.Erases);

    /// <summary>The transfer in which the first block is programmed.</summary>
    public int FirstWrite => _transfers.FindIndex(t => t.Programs);

    /// <summary>The transfer in which the last block is programmed.</summary>
    public int LastWrite => _transfers.FindLastIndex(t => t.Programs);

    /// <summary>Every fault that can happen, one after the other.</summary>
    public IEnumerable<Fault> Faults()
    {
        for (var index = 0; index < _transfers.Count; index++)
        {
            foreach (var kind in Enum.GetValues<FaultKind>().Where(k => Applies(k, _transfers[index])))
            {
                foreach (var status in kind == FaultKind.Status ? Enumerable.Range(1, Fault.LastStatus) : [(int)DfuStatusCode.Ok])
                {
                    yield return new Fault(kind, index, (DfuStatusCode)status);
                }
            }
        }
    }

    private void See(int index, BoardEvent e)
    {
        if (index < 0)
        {
            return;
        }

        while (_transfers.Count <= index)
        {
            _transfers.Add(new Transfer("", false, false));
        }

        var transfer = _transfers[index];
        _transfers[index] = e.Kind switch
        {
            // What comes later under this number is a sketch's.
            BoardEventKind.Request when transfer.Text.Length == 0 => transfer with { Text = e.Text },
            BoardEventKind.Flash when e.Text.StartsWith("erase sector", StringComparison.Ordinal) => transfer with { Erases = true },
            BoardEventKind.Flash when e.Text.StartsWith("program", StringComparison.Ordinal) => transfer with { Programs = true },
            _ => transfer,
        };
    }

    private static bool Applies(FaultKind kind, Transfer at) => kind switch
    {
        FaultKind.CutErase => at.Erases,
        FaultKind.CutProgram or FaultKind.Bit => at.Programs,
        FaultKind.Lost => at.Erases || at.Programs,
        FaultKind.Short => at.Answers,
        FaultKind.Layout => at.IsString,
        FaultKind.Early or FaultKind.Busy or FaultKind.Status => at.IsDfu,
        _ => true,
    };

    /// <summary>A control transfer to a bootloader.</summary>
    /// <param name="Text">As the board's log has it.</param>
    /// <param name="Erases">Whether a sector is erased in it.</param>
    /// <param name="Programs">Whether flash is programmed in it.</param>
    private sealed record Transfer(string Text, bool Erases, bool Programs)
    {
        public bool IsString => Text.StartsWith("standard request 0x06, value 0x03", StringComparison.Ordinal);

        public bool IsDfu => !Text.StartsWith("standard", StringComparison.Ordinal) && !Text.StartsWith("output report", StringComparison.Ordinal);

        public bool Answers => Text.StartsWith("UPLOAD", StringComparison.Ordinal)
            || Text.StartsWith("GETSTATUS", StringComparison.Ordinal)
            || Text.StartsWith("standard request 0x06", StringComparison.Ordinal);
    }
}
