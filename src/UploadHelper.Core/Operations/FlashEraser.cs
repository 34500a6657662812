using UploadHelper.Core.Boards;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Operations;

/// <summary>
/// Carries an erase out, the lowest sector first: a sketch is without its vector table before anything else of it is gone.
/// </summary>
/// <param name="session">The board's bootloader.</param>
/// <param name="events">Told how far it is.</param>
public sealed class FlashEraser(BootloaderSession session, Action<UploadEvent> events)
{
    private const string Begun = "The bootloader is intact; the sketch on the board is not complete.";

    /// <summary>The state of the board, in a sentence.</summary>
    public string State { get; private set; } = DeviceTrouble.Unchanged;

    /// <summary>Tells what will be erased, and what the user must know of it.</summary>
    public void Announce(ErasePlan plan)
    {
        events(new ErasePlanned(plan));

        // Of the limits that there are, only this one is met without writing a sketch.
        if (session.Quirks is { SharesVectorPage: true, Limit: { } limit } && plan.Address == FlashAddress.FlashBase)
        {
            events(new UploadWarning("device-limit", limit.Message, limit.Hint));
        }
    }

    /// <summary>Erases, and reads back: a sector that the chip protects reports no failure (AN3156).</summary>
    /// <returns>Whether every byte was read back and is erased; false for a device that cannot be read.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.VerifyFailed"/>.</exception>
    /// <exception cref="Usb.UsbException">A transfer failed.</exception>
    /// <exception cref="Dfu.DfuException">The device refused.</exception>
    public bool Run(ErasePlan plan)
    {
        var bootloader = session.Select(plan.Memory);
        events(new FlashProgress(FlashPhase.Erase, 0, plan.Size));
        foreach (var sector in plan.Sectors)
        {
            State = session.Quirks.SharesVectorPage && sector.Address == FlashAddress.FlashBase ? DeviceTrouble.InSharedPage(session.Quirks) : Begun;
            bootloader.Erase(sector);
            State = Begun;
            events(new FlashProgress(FlashPhase.Erase, sector.End - plan.Address, plan.Size));
        }

        bootloader.Flush();
        return bootloader.CanRead && IsErased(bootloader, plan);
    }

    private bool IsErased(IBootloader bootloader, ErasePlan plan)
    {
        var blank = new byte[plan.Size];
        blank.AsSpan().Fill(session.Quirks.ErasedValue);
        long done = 0;
        var difference = Comparison.FirstDifference(
            bootloader, new Segment(plan.Address, blank), same => events(new FlashProgress(FlashPhase.Verify, done += same, plan.Size)));
        return difference is not { } found
            ? true
            : throw new UploadException(
                UploadError.VerifyFailed,
                $"0x{found.Address:X8} is not erased: 0x{found.Found:X2} was read back. {Begun}",
                "The sector may be write protected (option bytes), or worn out.");
    }
}
