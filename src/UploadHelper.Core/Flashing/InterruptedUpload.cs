using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
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

    /// <summary>The state of a board that did not confirm the first erase, which takes the vector table of the old sketch.</summary>
    public const string EraseUnconfirmed = "The board did not confirm the first erase: the old sketch is either unchanged, or erased and will not be started.";

    /// <summary>The same for a board that writes in one go, vector table first, and for one that erases with the only block of a small sketch.</summary>
    public const string FirstBlockUnconfirmed =
        "The board did not confirm the first block: it has either the old sketch, or a new one that may be incomplete and may be started anyway.";

    /// <summary>The state of such a board that did not confirm the last block.</summary>
    public const string EndUnconfirmed =
        "Everything except the last block is written. It is unknown whether that block is written too. If it is, the new sketch is complete; if not, it is incomplete, but may be started anyway.";

    /// <summary>The state of a board whose first erase failed.</summary>
    public const string NothingElseErased = "Nothing else was erased.";

    /// <summary>The state of a board whose sketch is being replaced, if its bootloader may start the incomplete sketch.</summary>
    public const string IncompleteMayStart = "The bootloader is intact; the sketch on the board is incomplete, but may be started anyway.";

    /// <summary>
    /// The state of a board whose last block, with the vector table, is being written. F4Bootloader may start the sketch as soon
    /// as the block is in flash, and disconnect before the host can check it.
    /// </summary>
    public const string LastBlock = $"Everything except the first block (with the vector table) {LastBlockOpen}";

    /// <summary>The same for a program that begins with its first instruction (RISC-V).</summary>
    public const string LastBlockOfCode = $"Everything except the first block (with the first instruction) {LastBlockOpen}";

    /// <summary>The same for a board that writes its first sector as a whole (<see cref="BootloaderInfo.WritesFirstSectorLast"/>).</summary>
    public const string LastSector =
        "Everything except the first sector (with the vector table) is written. How much of that sector is written too is unknown; an incomplete sketch may be started.";

    /// <summary>The state of a board that has the new sketch, if it was not read back.</summary>
    public const string WrittenUnverified = "The new sketch is written, but not verified.";

    /// <summary>
    /// The state of a board while memory outside its internal flash is being written. Nothing is known of a sketch: the one in
    /// the internal flash is still there, and may be started.
    /// </summary>
    public const string OutsideIncomplete = "The bootloader is intact; what is being written outside the internal flash may be incomplete.";

    /// <summary>The state of such a board that did not confirm the first erase.</summary>
    public const string OutsideUnconfirmed = "The board did not confirm the first erase, outside the internal flash: what was there is either unchanged or erased.";

    /// <summary>The state of such a board that has all of it.</summary>
    public const string OutsideWritten = "The content of the file is on the board.";

    /// <summary>
    /// The state of a board that is being written once more, after a first attempt that may have written everything, and of one
    /// that itself reports its last block as damaged.
    /// </summary>
    public const string Unknown = "The bootloader is intact; it is unknown how much of the sketch is on the board, and an incomplete sketch may be started.";

    private const string LastBlockOpen = "is written, and verified if requested. It is unknown whether that block "
        + "is written too. If it is, the new sketch is complete and may be running; if not, no sketch will be started.";

    private string _incomplete = Incomplete;
    private string _eraseUnconfirmed = EraseUnconfirmed;
    private bool _isOutside;
    private bool _hasVectorTable = true;
    private bool _hasWritten;
    private bool _mayBeComplete;
    private bool _isUnknown;
    private bool _mayHaveDamagedBootloader;
    private BootloaderInfo? _info;
    private bool _defersErase;
    private int _blockSize;

    /// <summary>Whether the board has acknowledged an erase or a write.</summary>
    public bool HasChanged { get; private set; }

    /// <summary>The state of the board, in whole sentences: no more than it has acknowledged.</summary>
    public string Text { get; private set; } = ErrorMessages.NothingErased;

    /// <summary>The state of a board that did not confirm the erase of the page that its bootloader shares with the sketch.</summary>
    /// <param name="info">The bootloader.</param>
    public static string InSharedPage(BootloaderInfo info) => $"{EraseUnconfirmed} {info.Limit?.PowerLost}";

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

    /// <summary>Records what an attempt of the upload is going to write.</summary>
    /// <param name="image">The image.</param>
    /// <param name="info">The bootloader.</param>
    /// <param name="defersErase">Whether erases are carried out by the first write.</param>
    /// <param name="blockSize">The bootloader's wTransferSize.</param>
    public void Begin(FirmwareImage image, BootloaderInfo info, bool defersErase, int blockSize)
    {
        (_info, _defersErase, _blockSize, _hasWritten) = (info, defersErase, blockSize, false);

        // What an earlier attempt sent without an answer may be on the board. The first block of all only takes the old sketch away.
        _isUnknown |= _mayBeComplete || (!HasChanged && defersErase && Text.StartsWith(_eraseUnconfirmed, StringComparison.Ordinal));
        _isOutside = !FlashAddress.IsInternalFlash(image.Start);
        _hasVectorTable = image.HasVectorTable;
        (_incomplete, _eraseUnconfirmed) = _isOutside ? (OutsideIncomplete, OutsideUnconfirmed)
            : (StartedAt(image, info) is null ? Incomplete : IncompleteMayStart, EraseUnconfirmed);
    }

    /// <summary>Records the progress of the upload: what the board has acknowledged.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="done">Bytes done in it; 0 when its first request is about to be sent.</param>
    /// <param name="total">Bytes of the phase.</param>
    public void Progress(FlashPhase phase, long done, long total)
    {
        if (phase == FlashPhase.Compare)
        {
            return;
        }

        HasChanged |= done > 0 && !(phase == FlashPhase.Erase && _defersErase);
        _hasWritten |= done > 0 && phase != FlashPhase.Erase;

        if (phase == FlashPhase.Erase && done > 0 && !_defersErase)
        {
            // What is erased for certain is missing from the sketch.
            (_isUnknown, _mayBeComplete) = (false, false);
        }

        var (text, mayBeComplete) = phase switch
        {
            _ when _isOutside => (HasChanged ? _incomplete : _eraseUnconfirmed, false),
            FlashPhase.Finalize when done > 0 => (WrittenUnverified, true),
            FlashPhase.Write when done == total && _info is { WritesInOneGo: true } => (WrittenUnverified, true),
            FlashPhase.Write when done > 0 && total - done <= _blockSize && _info is { WritesInOneGo: true } => (EndUnconfirmed, true),
            FlashPhase.Verify when Text == WrittenUnverified => (WrittenUnverified, true),
            FlashPhase.Finalize when HasChanged => (_info is { WritesFirstSectorLast: true } ? LastSector : _hasVectorTable ? LastBlock : LastBlockOfCode, true),
            _ when _isUnknown => (Unknown, true),

            // A sketch of one block, on a board that erases when it writes.
            FlashPhase.Finalize => (FirstBlockUnconfirmed, true),
            _ when HasChanged => (_incomplete, false),
            _ when _info is { WritesInOneGo: true } => (FirstBlockUnconfirmed, true),
            _ => (_eraseUnconfirmed, false),
        };
        Say(text, IsPageWithVectorsAtRisk(phase, done));
        _mayBeComplete |= mayBeComplete;
    }

    // Whether power that is lost now would also take what the bootloader keeps in the page of the vector table: the page that is
    // erased first, or, where writing erases, written first.
    private bool IsPageWithVectorsAtRisk(FlashPhase phase, long done) => phase == FlashPhase.Finalize
        ? done == 0 && (HasChanged || _info is { SharesVectorPage: true })
        : _info is { SharesVectorPage: true } && (_defersErase ? !_hasWritten : phase == FlashPhase.Erase && done == 0);

    /// <summary>Records that a board that has not changed yet refuses it: it is read protected (AN3156, errVENDOR).</summary>
    public void Refused() => Text = ErrorMessages.NothingErased;

    /// <summary>Records that reading back found a wrong byte.</summary>
    /// <param name="hasVectors">Whether the vector table is written, so that the board may start the sketch.</param>
    public void FoundDamage(bool hasVectors)
    {
        (_mayBeComplete, _isUnknown, _mayHaveDamagedBootloader) = (false, false, hasVectors && _info is { SharesVectorPage: true });
        Say(hasVectors && !_isOutside ? IncompleteMayStart : _incomplete);
    }

    /// <summary>Records that the board itself reports the block with the vector table as damaged (errVERIFY), and that this block is about to be erased.</summary>
    public void ReportedDamage()
    {
        _mayHaveDamagedBootloader = _info is { SharesVectorPage: true };
        Say(_isOutside ? _incomplete : Unknown);
    }

    /// <summary>Records that the sketch is on the board.</summary>
    /// <param name="verified">Whether every byte was read back.</param>
    public void End(bool verified) => Text = verified ? _isOutside ? OutsideWritten : ErrorMessages.Written : _isOutside ? OutsideIncomplete : WrittenUnverified;

    private void Say(string state, bool isAtRisk = false) =>
        Text = (isAtRisk || _mayHaveDamagedBootloader) && _info?.Limit?.PowerLost is { } lost ? $"{state} {lost}" : state;

    private static uint? WordAt(FirmwareImage image, uint address) => image.Segments
        .Where(s => address >= s.Address && address + sizeof(uint) <= s.End)
        .Select(s => (uint?)BinaryPrimitives.ReadUInt32LittleEndian(s.Data.Span[(int)(address - s.Address)..]))
        .FirstOrDefault();
}
