using UploadHelper.VirtualBoard.Faults;

namespace UploadHelper.Tests.Faults;

/// <summary>The transfers of an upload in which nothing goes wrong, and what can go wrong at each.</summary>
internal sealed class TransferPlan
{
    private readonly List<Situation> _transfers;

    /// <summary>Uploads once.</summary>
    public TransferPlan(FaultBench kind, bool verify = true)
    {
        var bench = kind.Create();
        var recorder = new SituationRecorder(bench, () => "");
        bench.Seen = recorder.See;
        bench.Upload(recorder, kind.Request(bench) with { Verify = verify });
        _transfers = [.. recorder.Situations];
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
    public IEnumerable<Fault> Faults() => _transfers.SelectMany((t, index) => t.Faults().Select(f => new Fault(f.Kind, index, f.Status)));
}
