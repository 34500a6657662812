using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
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
/// starts again with the sector that failed, or from the beginning if the bootloader must be written in one go or writes only from the start of its memory on.
/// </summary>
/// <param name="session">The bootloader.</param>
/// <param name="full">Whether to write everything without a comparison with the board.</param>
/// <param name="verify">Whether to read back and compare.</param>
/// <param name="events">Receives progress.</param>
public sealed class FlashJob(BootloaderSession session, bool full, bool verify, Action<UploadEvent> events)
{
    // A loose contact fails once or twice; a fault that occurs more often does not go away.
    private const int MaxRecoveries = 3;

    private const string SmallerSectors = "this bootloader was built for a chip with smaller sectors.";

    private bool _hasWarned;

    /// <summary>The state in which the upload would leave the board if it ended now.</summary>
    public InterruptedUpload State { get; } = new();

    /// <summary>Erases, writes and compares. What is found damaged is written again, once, with all sectors.</summary>
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
        var isRewriting = false;
        FlashPlan? whole = plan;
        FlashPlan? unfinished = null;
        for (var recoveries = 0; ;)
        {
            var flasher = new Flasher(session.Select, session.Info.ErasedValue, Progress);
            try
            {
                whole ??= replan();
                unfinished ??= isRewriting || (full && recoveries == 0) ? whole : Comparison().Reduce(whole);
                unchanged = isRewriting ? 0 : unchanged ?? unfinished.Unchanged(image);
                hasWritten |= unfinished.Memories.Count > 0;
                var skipped = unfinished.Unchanged(image);
                events(new PlanMade(unfinished, skipped, image.Size - skipped));
                Warn(image, unfinished);
                State.Begin(image, session.Info, session.Select(whole.Memories[0].Memory).IsSequential);
                var (verified, damage) = flasher.Run(unfinished, whole, verify);
                if (damage is null)
                {
                    State.End(verified);
                    return new FlashResult(verified, unchanged.Value, hasWritten);
                }

                State.FoundDamage(flasher.HasSentVectors);
                if (isRewriting)
                {
                    Withdraw(whole, flasher);
                    throw NotVerified(damage);
                }

                events(WrittenAgain(damage, session.Select(whole.Memories[0].Memory).WriteErases));
                (isRewriting, unfinished) = (true, null);
            }
            catch (UsbException e) when (recoveries < MaxRecoveries && e.Fault is UsbFault.Stall or UsbFault.Io or UsbFault.Timeout or UsbFault.Gone)
            {
                recoveries++;
                events(new Recovering(
                    ErrorMessages.Short(e), e.Fault == UsbFault.Gone ? BootloaderSession.ReturnsWithin : null, recoveries, MaxRecoveries));
                if (!session.Recover(e.Fault))
                {
                    throw;
                }

                unfinished = ResumesBySector ? unfinished?.Without(flasher.HasWritten) : null;
                whole = unfinished is null ? null : whole;
            }
            catch (DfuException e) when (e.Status?.Code == DfuStatusCode.ErrVendor && !State.HasChanged && whole is not null && IsReadProtected(whole))
            {
                State.Refused();
                throw;
            }
        }
    }

    // A protected chip refuses to be read as well as to be changed (AN3156). One refusal alone may be an error in an erase.
    private bool IsReadProtected(FlashPlan whole)
    {
        try
        {
            session.Select(whole.Memories[0].Memory).Read(whole.Memories[0].Sectors[0].Address, sizeof(uint), (from, word) => from + (long)word.Length);
            return false;
        }
        catch (DfuException e)
        {
            return e.Status?.Code == DfuStatusCode.ErrVendor;
        }
        catch (UsbException)
        {
            return false;
        }
    }

    // A sketch that is damaged for good must not be started: its vector table is erased again.
    private void Withdraw(FlashPlan whole, Flasher flasher)
    {
        if (flasher.HasSentVectors && whole.Memories[0] is var memory)
        {
            var bootloader = session.Select(memory.Memory);
            bootloader.Erase(memory.Sectors[0]);
            bootloader.Flush();
            State.FoundDamage(hasVectors: false);
        }
    }

    // Where each block erases its own page before it is written, no order of writing helps against larger pages.
    private static UploadWarning WrittenAgain(Damage damage, bool writeErases) => damage switch
    {
        { WasWritten: false, IsErased: true } => new UploadWarning(
            WarningCode.WrittenAgain,
            $"0x{damage.First.Address:X8} was correct before this upload, and is erased now, although this upload did not erase its sector. "
                + "Most likely the chip erases more at once than its memory map says. Writing the whole sketch again.",
            writeErases ? $"If this does not help, {SmallerSectors}" : "If this happens on every upload, use --full for this board: then everything is written in one pass."),
        { IsErased: true } when writeErases => new UploadWarning(
            WarningCode.WrittenAgain,
            $"Verification failed at 0x{damage.First.Address:X8}: 0x{damage.First.Expected:X2} was written, 0x{damage.First.Found:X2} was read back. Writing the whole sketch again.",
            $"If this does not help, the flash is write-protected there, or {SmallerSectors}"),
        { WasWritten: false } => new UploadWarning(
            WarningCode.WrittenAgain,
            $"0x{damage.First.Address:X8} was correct before this upload, and now reads as 0x{damage.First.Found:X2} instead of 0x{damage.First.Expected:X2}. Writing the whole sketch again.",
            "If this happens again, the flash is probably worn out there."),
        _ => new UploadWarning(
            WarningCode.WrittenAgain,
            $"Verification failed at 0x{damage.First.Address:X8}: 0x{damage.First.Expected:X2} was written, 0x{damage.First.Found:X2} was read back. Writing the whole sketch again.",
            "If this happens again, the flash is probably worn out or write-protected there."),
    };

    private UploadException NotVerified(Damage damage) => new(
        UploadError.VerifyFailed,
        $"Verification failed at 0x{damage.First.Address:X8}: 0x{damage.First.Expected:X2} was written, 0x{damage.First.Found:X2} was read back. "
            + "Writing the whole sketch a second time did not help. "
            + (damage.IsErased ? "The flash there is erased again: most likely the chip erases more at once than its memory map says. " : "")
            + State.Text,
        damage.IsErased
            ? "The bootloader was probably built for a chip with smaller pages. Install its build for this chip, or upload through the ROM bootloader (BOOT0) or a debug probe."
            : $"{Again.Sentence}. If it fails at the same address, the flash is probably worn out or write-protected there.");

    // Otherwise the next attempt makes a new plan, and compares with the board. A download that always begins at the start of the
    // memory would erase the sectors that it skips.
    private bool ResumesBySector =>
        !session.Description.Functional.CanUpload && !session.Info.WritesInOneGo && session.Memories.All(m => m.FixedStart is null);

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

        // Each limitation that is known concerns the sketch in the internal flash.
        if (session.Info.Limit is { } limit && plan.Sectors.Any(s => FlashAddress.IsInternalFlash(s.Address)))
        {
            events(new UploadWarning(WarningCode.DeviceLimit, limit.Message, limit.Hint));
        }

        if (InterruptedUpload.StartedAt(image, session.Info) is { } second && second != image.Start)
        {
            events(new UploadWarning(
                WarningCode.DeviceLimit,
                $"This bootloader mistakes the word at 0x{second:X8} for the stack pointer of another sketch. If the upload is interrupted, it starts the incomplete sketch there.",
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

    /// <summary>The state of a board that did not confirm the first erase, which takes the vector table of the old sketch.</summary>
    public const string EraseUnconfirmed = "The board did not confirm the first erase: the old sketch is either unchanged, or erased and will not be started.";

    /// <summary>The same for a board that writes in one go, vector table first.</summary>
    public const string FirstBlockUnconfirmed =
        "The board did not confirm the first block: it has either the old sketch, or a new one that may be incomplete and may be started anyway.";

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
        + "is written too. If it is, the new sketch is complete and may be running; if not, no sketch will be started.";

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

    private string _incomplete = Incomplete;
    private string _eraseUnconfirmed = EraseUnconfirmed;
    private bool _isOutside;
    private BootloaderInfo? _info;
    private bool _defersErase;

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

    /// <summary>Records what the upload is going to write.</summary>
    /// <param name="image">The image.</param>
    /// <param name="info">The bootloader.</param>
    /// <param name="defersErase">Whether erases are carried out by the first write.</param>
    public void Begin(FirmwareImage image, BootloaderInfo info, bool defersErase)
    {
        (_info, _defersErase) = (info, defersErase);
        _isOutside = !FlashAddress.IsInternalFlash(image.Start);
        (_incomplete, _eraseUnconfirmed) = _isOutside ? (OutsideIncomplete, OutsideUnconfirmed)
            : (StartedAt(image, info) is null ? Incomplete : IncompleteMayStart, EraseUnconfirmed);
    }

    /// <summary>Records the progress of the upload: what the board has acknowledged.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="done">Bytes done in it; 0 when its first request is about to be sent.</param>
    public void Progress(FlashPhase phase, long done)
    {
        if (phase == FlashPhase.Compare)
        {
            return;
        }

        HasChanged |= done > 0 && !(phase == FlashPhase.Erase && _defersErase);
        Text = phase switch
        {
            _ when _isOutside => HasChanged ? _incomplete : _eraseUnconfirmed,
            FlashPhase.Finalize when done > 0 => WrittenUnverified,
            FlashPhase.Verify when Text == WrittenUnverified => WrittenUnverified,
            FlashPhase.Finalize => WithPowerLost(LastBlock),
            FlashPhase.Erase when done == 0 && _info is { SharesVectorPage: true } => WithPowerLost(HasChanged ? _incomplete : EraseUnconfirmed),
            _ when HasChanged => _incomplete,
            _ => _info is { WritesInOneGo: true } ? FirstBlockUnconfirmed : _eraseUnconfirmed,
        };
    }

    /// <summary>Records that a board that has not changed yet refuses it: it is read protected (AN3156, errVENDOR).</summary>
    public void Refused() => Text = ErrorMessages.NothingErased;

    /// <summary>Records that reading back found a wrong byte.</summary>
    /// <param name="hasVectors">Whether the vector table is written, so that the board may start the sketch.</param>
    public void FoundDamage(bool hasVectors) => Text = hasVectors && !_isOutside ? IncompleteMayStart : _incomplete;

    /// <summary>Records that the sketch is on the board.</summary>
    /// <param name="verified">Whether every byte was read back.</param>
    public void End(bool verified) => Text = verified ? _isOutside ? OutsideWritten : ErrorMessages.Written : _isOutside ? OutsideIncomplete : WrittenUnverified;

    private string WithPowerLost(string state) => _info?.Limit?.PowerLost is { } lost ? $"{state} {lost}" : state;

    private static uint? WordAt(FirmwareImage image, uint address) => image.Segments
        .Where(s => address >= s.Address && address + sizeof(uint) <= s.End)
        .Select(s => (uint?)BinaryPrimitives.ReadUInt32LittleEndian(s.Data.Span[(int)(address - s.Address)..]))
        .FirstOrDefault();
}
