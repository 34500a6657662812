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
                unfinished ??= isRewriting || (full && recoveries == 0) || session.Info.TakesWholeImages ? whole : Comparison().Reduce(whole);
                var skipped = unfinished.Unchanged(image);
                unchanged = isRewriting ? 0 : unchanged ?? skipped;
                hasWritten |= unfinished.Memories.Count > 0;
                events(new PlanMade(unfinished, skipped, image.Size - skipped)
                {
                    Blocks = session.Info.TakesWholeImages ? (unfinished.BytesToWrite + session.Description.Functional.TransferSize - 1) / session.Description.Functional.TransferSize : null,
                });
                Warn(image, unfinished);
                if (unfinished.Memories.Count > 0)
                {
                    session.PrepareToChange();
                }

                State.Begin(image, session.Info, session.Select(whole.Memories[0].Memory).IsSequential, session.Description.Functional.TransferSize);
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
            catch (DfuException e) when (e.Status?.Code == DfuStatusCode.ErrVerify && flasher.HasSentVectors && whole is not null)
            {
                // A damaged block with the vector table may start the sketch all the same.
                State.ReportedDamage();
                if (session.Recover(UsbFault.Stall))
                {
                    Withdraw(whole, flasher);
                }

                throw;
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
        var bootloader = session.Select(whole.Memories[0].Memory);
        if (!bootloader.CanRead)
        {
            return false;
        }

        try
        {
            bootloader.Read(whole.Memories[0].Sectors[0].Address, sizeof(uint), (from, word) => from + (long)word.Length);
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
            $"{Described(damage)} Writing the whole sketch again.",
            $"If this does not help, the flash is write-protected there, or {SmallerSectors}"),
        { WasWritten: false } => new UploadWarning(
            WarningCode.WrittenAgain,
            $"0x{damage.First.Address:X8} was correct before this upload, and now reads as 0x{damage.First.Found:X2} instead of 0x{damage.First.Expected:X2}. Writing the whole sketch again.",
            "If this happens again, the flash is probably worn out there."),
        _ => new UploadWarning(
            WarningCode.WrittenAgain,
            $"{Described(damage)} Writing the whole sketch again.",
            "If this happens again, the flash is probably worn out or write-protected there."),
    };

    private static string Described(Damage damage) =>
        $"Verification failed at 0x{damage.First.Address:X8}: 0x{damage.First.Expected:X2} was written, 0x{damage.First.Found:X2} was read back.";

    private UploadException NotVerified(Damage damage) => new(
        UploadError.VerifyFailed,
        Described(damage)
            + " Writing the whole sketch a second time did not help. "
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
        State.Progress(phase, done, total);

        // What such a bootloader erases, and when, is not known.
        if (phase != FlashPhase.Erase || !session.Info.TakesWholeImages)
        {
            events(new FlashProgress(phase, done, total));
        }
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

        if (verify && session.Select(plan.Memories[0].Memory) is { CanVerify: false } bootloader)
        {
            events(new UploadWarning(
                WarningCode.NotVerifiable,
                bootloader.CanRead
                    ? "This bootloader leaves as soon as it has the whole sketch, so the upload cannot be read back and verified."
                    : "This bootloader does not allow reading flash, so the upload cannot be verified.",
                "If the sketch does not run, upload it again."));
        }
    }
}
