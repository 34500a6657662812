namespace UploadHelper.Core.Flashing;

/// <summary>Adds up how far one phase is.</summary>
/// <param name="phase">The phase.</param>
/// <param name="total">How many bytes it has.</param>
/// <param name="report">Called with the phase, and how many of how many bytes are done.</param>
internal sealed class Progress(FlashPhase phase, long total, Action<FlashPhase, long, long> report)
{
    private long _done;

    public void Add(int bytes) => report(phase, _done += bytes, total);
}
