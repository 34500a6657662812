using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>What an upload would leave on the board if it ended now, for the message in case it does.</summary>
public sealed class InterruptedUpload
{
    /// <summary>The state of a board whose sketch is being replaced.</summary>
    public const string Incomplete = "The bootloader is intact; the sketch on the board is incomplete and will not be started.";

    /// <summary>The state of a board whose sketch is partly erased or written, where no more is known.</summary>
    public const string SketchIncomplete = "The bootloader is intact; the sketch on the board is incomplete.";

    /// <summary>The state of a board whose first erase failed.</summary>
    public const string NothingElseErased = "Nothing else was erased.";

    /// <summary>The same for a bootloader that must be written in one go.</summary>
    public const string IncompleteMayStart = "The bootloader is intact; the sketch on the board is incomplete, but may be started anyway.";

    /// <summary>
    /// The state of a board whose last block, with the vector table, is being written. F4Bootloader may start the sketch as soon
    /// as the block is in flash, and is gone before it can be asked.
    /// </summary>
    public const string LastBlock =
        "Everything except the first block, with the vector table, is written, and verified if that was requested. Whether that block is "
        + "written too is unknown. If it is, the new sketch is running now; if not, no sketch will be started.";

    /// <summary>The state of a board that has the new sketch, which was not read back.</summary>
    public const string WrittenUnverified = "The new sketch is written, but not verified.";

    private string _incomplete = Incomplete;
    private BootloaderInfo? _info;

    /// <summary>The state of the board, in whole sentences.</summary>
    public string Text { get; private set; } = ErrorMessages.NothingErased;

    /// <summary>The state of a board whose bootloader rewrites the page that it shares with the sketch.</summary>
    /// <param name="info">The bootloader.</param>
    public static string InSharedPage(BootloaderInfo info) => $"The sketch on the board is incomplete and will not be started. {info.Limit?.PowerLost}";

    /// <summary>Where the bootloader would start the incomplete sketch; null if nowhere, as it should be.</summary>
    /// <param name="image">The image.</param>
    /// <param name="info">The bootloader.</param>
    public static uint? StartedAt(FirmwareImage image, BootloaderInfo info)
    {
        if (info.WritesInOneGo)
        {
            return image.Start;
        }

        // The sketch's first page is erased meanwhile; but there may be a second place where the bootloader looks.
        return info.AlsoStarts is { } second && info.Sketch is { } rule
            && image.Start < second && WordAt(image, second) is { } word && rule.Accepts(word)
                ? second
                : null;
    }

    /// <summary>From now on the board is written.</summary>
    public void Begin(FirmwareImage image, BootloaderInfo info)
    {
        _info = info;
        Text = _incomplete = StartedAt(image, info) is null ? Incomplete : IncompleteMayStart;
    }

    /// <summary>The upload has got this far.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="done">Bytes done in it.</param>
    public void Progress(FlashPhase phase, long done) => Text = phase switch
    {
        FlashPhase.Finalize => _info?.Limit?.PowerLost is { } lost ? $"{LastBlock} {lost}" : LastBlock,
        FlashPhase.Erase when done == 0 && _info is { SharesVectorPage: true } => InSharedPage(_info),
        _ => _incomplete,
    };

    /// <summary>The sketch is on the board.</summary>
    /// <param name="verified">Whether every byte of it was read back.</param>
    public void End(bool verified) => Text = verified ? ErrorMessages.Written : WrittenUnverified;

    private static uint? WordAt(FirmwareImage image, uint address) => image.Segments
        .Where(s => address >= s.Address && address + sizeof(uint) <= s.End)
        .Select(s => (uint?)BinaryPrimitives.ReadUInt32LittleEndian(s.Data.Span[(int)(address - s.Address)..]))
        .FirstOrDefault();
}
