using UploadHelper.Core.Dfu;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;

namespace UploadHelper.Core.Uploading;

/// <summary>How the board is in the course of an upload, for whoever has to be told when it ends there.</summary>
internal sealed class UploadState
{
    private string _incomplete = DeviceTrouble.Incomplete;
    private DfuQuirks? _quirks;

    /// <summary>The state, in whole sentences.</summary>
    public string Text { get; private set; } = DeviceTrouble.Untouched;

    /// <summary>From now on the board is written to.</summary>
    public void Begin(FirmwareImage image, DfuQuirks quirks)
    {
        _quirks = quirks;
        Text = _incomplete = HalfWritten.StartedAt(image, quirks) is null ? DeviceTrouble.Incomplete : DeviceTrouble.IncompleteMayStart;
    }

    /// <summary>So far it has come.</summary>
    /// <param name="phase">In this phase.</param>
    /// <param name="done">Bytes that are done of it.</param>
    public void Progress(FlashPhase phase, long done) => Text = phase switch
    {
        FlashPhase.Vectors => _quirks?.Limit?.PowerLost is { } lost ? $"{DeviceTrouble.LastBlock} {lost}" : DeviceTrouble.LastBlock,
        FlashPhase.Erase when done == 0 && _quirks is { SharesVectorPage: true } => DeviceTrouble.InSharedPage(_quirks),
        _ => _incomplete,
    };

    /// <summary>The sketch is on the board.</summary>
    /// <param name="verified">Whether every byte of it was read back.</param>
    public void End(bool verified) => Text = verified ? DeviceTrouble.Written : DeviceTrouble.WrittenUnverified;
}
