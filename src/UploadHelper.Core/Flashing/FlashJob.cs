using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Flashing;

/// <summary>The result of a flash job.</summary>
/// <param name="Verified">Whether every byte was read back and is correct.</param>
/// <param name="Unchanged">Number of image bytes that were already on the board.</param>
/// <param name="HasWritten">Whether anything was written.</param>
public sealed record FlashResult(bool Verified, int Unchanged, bool HasWritten);

/// <summary>
/// Writes an image even if a transfer fails or the board disconnects for a moment: brings the device back to dfuIDLE, or waits
/// for the board to return; then reads what is already written, and continues from there. If the board cannot be read, it
/// starts again with the sector that failed, or from the beginning if the bootloader must be written in one go.
/// </summary>
/// <param name="session">The bootloader.</param>
/// <param name="full">Whether to write everything without a comparison with the board.</param>
/// <param name="verify">Whether to read back and compare.</param>
/// <param name="events">Receives progress.</param>
public sealed class FlashJob(BootloaderSession session, bool full, bool verify, Action<UploadEvent> events)
{
    // A loose contact fails once or twice; a fault that occurs more often does not go away.
    private const int MaxRecoveries = 3;

    private bool _hasWarned;

    /// <summary>The state in which the upload would leave the board if it ended now.</summary>
    public InterruptedUpload State { get; } = new();

    /// <summary>Erases, writes and compares.</summary>
    /// <param name="image">The image.</param>
    /// <param name="plan">The plan for an empty board.</param>
    /// <param name="replan">Makes that plan again for a board that has reconnected.</param>
    /// <exception cref="UploadException"><see cref="UploadError.VerifyFailed"/>.</exception>
    /// <exception cref="UsbException">A transfer failed too often, or recovery failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    /// <exception cref="OperationCanceledException">The session's token was cancelled.</exception>
    public FlashResult Run(FirmwareImage image, FlashPlan plan, Func<FlashPlan> replan)
    {
        int? unchanged = null;
        var hasWritten = false;
        FlashPlan? remaining = plan;
        for (var recoveries = 0; ; recoveries++)
        {
            var flasher = new Flasher(session.Select, session.Info.ErasedValue, Progress);
            try
            {
                remaining ??= replan();
                remaining = full && recoveries == 0 ? remaining : Comparison().Reduce(remaining);
                unchanged ??= remaining.Unchanged(image);
                hasWritten |= remaining.Memories.Count > 0;
                var skipped = remaining.Unchanged(image);
                events(new PlanMade(remaining, skipped, image.Size - skipped));
                Warn(image, remaining);
                State.Begin(image, session.Info);
                var verified = flasher.Run(remaining, verify);
                State.End(verified);
                return new FlashResult(verified, unchanged.Value, hasWritten);
            }
            catch (UsbException e) when (recoveries < MaxRecoveries && e.Fault is UsbFault.Stall or UsbFault.Io or UsbFault.Timeout or UsbFault.Gone)
            {
                events(new Recovering(
                    ErrorMessages.Short(e), e.Fault == UsbFault.Gone ? BootloaderSession.ReturnsWithin : null, recoveries + 1, MaxRecoveries));
                if (!session.Recover(e.Fault))
                {
                    throw;
                }

                remaining = ResumesBySector ? remaining?.Without(flasher.HasWritten) : null;
            }
        }
    }

    // Otherwise the next attempt plans anew, and compares with the board.
    private bool ResumesBySector => !session.Description.Functional.CanUpload && !session.Info.WritesInOneGo;

    private void Progress(FlashPhase phase, long done, long total)
    {
        State.Progress(phase, done);
        events(new FlashProgress(phase, done, total));
    }

    private SectorComparison Comparison() =>
        new(session.Select, session.Info.ErasedValue, (phase, done, total) => events(new FlashProgress(phase, done, total)))
        {
            StopsAtErasedVectors = session.Info.HangsOnCutWords,
        };

    // Once, before the first write.
    private void Warn(FirmwareImage image, FlashPlan plan)
    {
        if (plan.Memories.Count == 0 || _hasWarned)
        {
            return;
        }

        _hasWarned = true;
        if (session.Info.Limit is { } limit)
        {
            events(new UploadWarning(WarningCode.DeviceLimit, limit.Message, limit.Hint));
        }

        if (InterruptedUpload.StartedAt(image, session.Info) is { } second && second != image.Start)
        {
            events(new UploadWarning(
                WarningCode.DeviceLimit,
                $"This bootloader mistakes the word at 0x{second:X8} for the stack pointer of another sketch. If the upload is interrupted, it starts an incomplete sketch there.",
                $"If that happens, press RESET and {Again.Clause} at once."));
        }

        if (verify && !session.Description.Functional.CanUpload)
        {
            events(new UploadWarning(
                WarningCode.NotVerifiable,
                "This bootloader does not allow reading flash, so the upload cannot be verified.",
                "If the sketch does not run, upload it again."));
        }
    }
}

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
