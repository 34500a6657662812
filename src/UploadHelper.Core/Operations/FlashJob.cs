using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>
/// Gets an image onto a board though a transfer fails, or the board leaves the bus for a moment: comes back to dfuIDLE by
/// the device's state, or to a board that is back where it was, reads what is written, and goes on from there. On a board
/// that cannot be read, the sector is begun again in which it failed; all of it, where a bootloader writes only from its base upwards.
/// </summary>
/// <param name="session">The bootloader; the job closes it, and any that takes its place.</param>
/// <param name="request">What is uploaded.</param>
/// <param name="connector">Opens a board again that was gone.</param>
/// <param name="events">Told what goes on.</param>
internal sealed class FlashJob(BootloaderSession session, UploadRequest request, BootloaderConnector connector, Action<UploadEvent> events) : IDisposable
{
    // A bad contact fails once or twice; what fails more often does so for ever.
    private const int MostRecoveries = 3;

    // Time enough for a reset, and for a hand that pushes the plug in again.
    private static readonly TimeSpan ComesBack = TimeSpan.FromSeconds(10);

    /// <summary>The bootloader that is talked to now.</summary>
    public BootloaderSession Session { get; private set; } = session;

    /// <summary>Erases, writes and compares.</summary>
    /// <param name="plan">Makes the whole plan for a bootloader.</param>
    /// <param name="planned">Called with what is left of it once that was compared with the board, each time it was.</param>
    /// <param name="progress">Called with the phase, and how many of how many bytes are done.</param>
    /// <param name="cancellationToken">Looked at while a board is waited for.</param>
    /// <returns>Whether every byte was read back and is right.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.VerifyFailed"/>.</exception>
    /// <exception cref="UsbException">A transfer failed, once too often or for good.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public bool Run(
        Func<BootloaderSession, FlashPlan> plan, Action<FlashPlan> planned, Action<FlashPhase, long, long> progress, CancellationToken cancellationToken)
    {
        FlashPlan? left = null;
        for (var recoveries = 0; ; recoveries++)
        {
            var flasher = new Flasher(Session.Select, Session.Info.ErasedValue, progress);
            try
            {
                left ??= plan(Session);
                left = request.Full && recoveries == 0 ? left : Comparison().Reduce(left);
                planned(left);
                return flasher.Run(left, request.Verify);
            }
            catch (UsbException e) when (recoveries < MostRecoveries && e.Fault is UsbFault.Stall or UsbFault.Io or UsbFault.Timeout or UsbFault.Gone)
            {
                events(new Recovering(ErrorMessages.Short(e), e.Fault == UsbFault.Gone ? ComesBack : null, recoveries + 1, MostRecoveries));
                if (!IsBack(e.Fault, cancellationToken))
                {
                    throw;
                }

                left = CannotBeRead ? left?.Without(flasher.HasWritten) : null;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Session.Dispose();

    private bool CannotBeRead => !Session.Description.Functional.CanUpload && !Session.Info.WritesInOneGo;

    private SectorComparison Comparison() =>
        new(Session.Select, Session.Info.ErasedValue, (phase, done, total) => events(new FlashProgress(phase, done, total)))
        {
            StopsAtErasedVectors = Session.Info.HangsOnCutWords,
        };

    private bool IsBack(UsbFault fault, CancellationToken cancellationToken)
    {
        if (fault != UsbFault.Gone)
        {
            try
            {
                Session.ToIdle();
                return true;
            }
            catch (UsbException e) when (e.Fault == UsbFault.Gone)
            {
            }
            catch (Exception e) when (e is UsbException or DfuException)
            {
                return false;
            }
        }

        return IsTakenUpAgain(Session.Description, cancellationToken);
    }

    // The same place and the same kind; an L4 has another serial number after each power-up.
    private bool IsTakenUpAgain(DfuDescription before, CancellationToken cancellationToken)
    {
        Session.Dispose();
        if (before.Device.Path.Length == 0)
        {
            return false;
        }

        try
        {
            var back = connector.Connect(request with { Filter = request.Filter with { UsbPath = before.Device.Path }, Timeout = ComesBack }, cancellationToken);
            if (back.Description.Device.Id == before.Device.Id && back.Description.Alternates.SequenceEqual(before.Alternates))
            {
                Session = back;
                return true;
            }

            back.Dispose();
            return false;
        }
        catch (UploadException)
        {
            // What was lost is what is told.
            return false;
        }
    }
}
