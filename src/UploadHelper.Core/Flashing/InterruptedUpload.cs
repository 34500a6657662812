using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>The state in which an upload would leave the board if it ended now, for the message if it does.</summary>
public sealed class InterruptedUpload
{
    /// <summary>The state of a board whose sketch is being replaced.</summary>
    public const string Incomplete = "The bootloader is intact; the sketch on the board is incomplete and will not be started.";

    /// <summary>The state of a board whose sketch is partly erased or written, if nothing more is known.</summary>
    public const string SketchIncomplete = "The bootloader is intact; the sketch on the board is incomplete.";

    /// <summary>The state of a board whose first erase failed.</summary>
    public const string NothingElseErased = "Nothing else was erased.";

    /// <summary>The state of a board whose sketch is being replaced, if its bootloader may start the incomplete sketch.</summary>
    public const string IncompleteMayStart = "The bootloader is intact; the sketch on the board is incomplete, but may be started anyway.";

    /// <summary>
    /// The state of a board whose last block, with the vector table, is being written. F4Bootloader may start the sketch as soon
    /// as the block is in flash, and disconnect before the host can check it.
    /// </summary>
    public const string LastBlock =
        "Everything except the first block (with the vector table) is written, and verified if requested. It is unknown whether that block "
        + "is written too. If it is, the new sketch is now running; if not, no sketch will be started.";

    /// <summary>The state of a board that has the new sketch, if it was not read back.</summary>
    public const string WrittenUnverified = "The new sketch is written, but not verified.";

    private string _incomplete = Incomplete;
    private BootloaderInfo? _info;

    /// <summary>The state of the board, in whole sentences.</summary>
    public string Text { get; private set; } = ErrorMessages.NothingErased;

    /// <summary>The state of a board whose bootloader is rewriting the page that it shares with the sketch.</summary>
    /// <param name="info">The bootloader.</param>
    public static string InSharedPage(BootloaderInfo info) => $"The sketch on the board is incomplete and will not be started. {info.Limit?.PowerLost}";

    /// <summary>The address at which the bootloader would start the incomplete sketch; null if it would not start it.</summary>
    /// <param name="image">The image.</param>
    /// <param name="info">The bootloader.</param>
    public static uint? StartedAt(FirmwareImage image, BootloaderInfo info)
    {
        if (info.WritesInOneGo)
        {
            return image.Start;
        }

        // The sketch's first page is erased during the upload, but the bootloader may look at a second address.
        return info.AlsoStarts is { } second && info.Sketch is { } rule
            && image.Start < second && WordAt(image, second) is { } word && rule.Accepts(word)
                ? second
                : null;
    }

    /// <summary>Records that the upload begins to change the board.</summary>
    public void Begin(FirmwareImage image, BootloaderInfo info)
    {
        _info = info;
        Text = _incomplete = StartedAt(image, info) is null ? Incomplete : IncompleteMayStart;
    }

    /// <summary>Records the progress of the upload.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="done">Bytes done in it.</param>
    public void Progress(FlashPhase phase, long done) => Text = phase switch
    {
        FlashPhase.Finalize => _info?.Limit?.PowerLost is { } lost ? $"{LastBlock} {lost}" : LastBlock,
        FlashPhase.Erase when done == 0 && _info is { SharesVectorPage: true } => InSharedPage(_info),
        _ => _incomplete,
    };

    /// <summary>Records that the sketch is on the board.</summary>
    /// <param name="verified">Whether every byte was read back.</param>
    public void End(bool verified) => Text = verified ? ErrorMessages.Written : WrittenUnverified;

    private static uint? WordAt(FirmwareImage image, uint address) => image.Segments
        .Where(s => address >= s.Address && address + sizeof(uint) <= s.End)
        .Select(s => (uint?)BinaryPrimitives.ReadUInt32LittleEndian(s.Data.Span[(int)(address - s.Address)..]))
        .FirstOrDefault();
}
