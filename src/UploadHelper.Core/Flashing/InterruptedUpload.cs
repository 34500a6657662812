using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>What a bootloader makes of a sketch whose upload was interrupted.</summary>
internal static class InterruptedUpload
{
    /// <summary>Where it would start the incomplete sketch; null if nowhere, as it should be.</summary>
    /// <param name="image">The image.</param>
    /// <param name="quirks">What is known of the bootloader.</param>
    public static uint? StartedAt(FirmwareImage image, BootloaderInfo quirks)
    {
        if (quirks.WritesInOneGo)
        {
            return image.Start;
        }

        // Its first page is erased meanwhile; but there may be a second place where the bootloader looks.
        return quirks.AlsoStarts is { } second && quirks.Sketch is { } rule
            && image.Start < second && WordAt(image, second) is { } word && rule.Stack.Accepts(word)
                ? second
                : null;
    }

    private static uint? WordAt(FirmwareImage image, uint address) => image.Segments
        .Where(s => address >= s.Address && address + sizeof(uint) <= s.End)
        .Select(s => (uint?)BinaryPrimitives.ReadUInt32LittleEndian(s.Data.Span[(int)(address - s.Address)..]))
        .FirstOrDefault();
}

/// <summary>How the board is in the course of an upload, for whoever has to be told when it ends there.</summary>
internal sealed class UploadState
{
    private string _incomplete = ErrorMessages.Incomplete;
    private BootloaderInfo? _quirks;

    /// <summary>The state, in whole sentences.</summary>
    public string Text { get; private set; } = ErrorMessages.Untouched;

    /// <summary>From now on the board is written to.</summary>
    public void Begin(FirmwareImage image, BootloaderInfo quirks)
    {
        _quirks = quirks;
        Text = _incomplete = InterruptedUpload.StartedAt(image, quirks) is null ? ErrorMessages.Incomplete : ErrorMessages.IncompleteMayStart;
    }

    /// <summary>So far it has come.</summary>
    /// <param name="phase">In this phase.</param>
    /// <param name="done">Bytes that are done of it.</param>
    public void Progress(FlashPhase phase, long done) => Text = phase switch
    {
        FlashPhase.Finalize => _quirks?.Limit?.PowerLost is { } lost ? $"{ErrorMessages.LastBlock} {lost}" : ErrorMessages.LastBlock,
        FlashPhase.Erase when done == 0 && _quirks is { SharesVectorPage: true } => ErrorMessages.InSharedPage(_quirks),
        _ => _incomplete,
    };

    /// <summary>The sketch is on the board.</summary>
    /// <param name="verified">Whether every byte of it was read back.</param>
    public void End(bool verified) => Text = verified ? ErrorMessages.Written : ErrorMessages.WrittenUnverified;
}
