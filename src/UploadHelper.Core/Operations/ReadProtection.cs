using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>
/// Removes the read protection (RDP level 1) of a chip through the bootloader in its ROM. The chip erases its whole flash, and
/// resets itself. A bootloader in flash would be erased with it, so that none is asked to. Over a serial port, the write protection
/// is removed too.
/// </summary>
/// <param name="session">The board's bootloader.</param>
/// <param name="events">Receives progress.</param>
public sealed class ReadProtection(BootloaderSession session, Action<UploadEvent> events)
{
    private const int Sample = 4;

    /// <summary>The state of the board, in a sentence.</summary>
    public string State { get; private set; } = ErrorMessages.NothingErased;

    /// <summary>Removes the read protection, unless the flash can be read anyway; then the write protection, if the bootloader can do that.</summary>
    /// <param name="writeOnly">Whether to remove only the write protection, which erases nothing.</param>
    /// <param name="confirm">Asks the user, once it is certain that the flash will be erased; throws to stop.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotSupported"/>: not a bootloader in ROM. <see cref="UploadError.DeviceLost"/>: the board disconnected without
    /// an answer and did not return. <see cref="UploadError.VerifyFailed"/>: the flash is not erased.
    /// </exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public UnprotectOutcome Remove(bool writeOnly, Action confirm)
    {
        var flash = Flash;
        if (!session.Info.IsInRom || session.Select(flash) is not IProtectedRom rom)
        {
            throw new UploadException(
                UploadError.NotSupported,
                $"This bootloader ({session.Info.Name}) is in flash, which would be erased with it. {State}",
                "Hold BOOT0, press RESET and release BOOT0 to start the bootloader in the chip's ROM. It can remove the protection.");
        }

        if (writeOnly && !rom.RemovesWriteProtection)
        {
            throw new UploadException(
                UploadError.NotSupported,
                $"This bootloader ({session.Info.Name}) has no command that removes the write protection alone. {State}",
                "The bootloader in the chip's ROM has one at its USART: use a serial adapter, and --uart.");
        }

        var isProtected = IsProtected(rom);
        if (isProtected && writeOnly)
        {
            throw new UploadException(
                UploadError.ReadProtected,
                $"The flash is read-protected, so the bootloader cannot remove the write protection alone. {State}",
                "Without --write-only, `unprotect` removes both protections, and erases the whole flash.");
        }

        if (!isProtected)
        {
            return rom.RemovesWriteProtection ? RemoveWriteProtection(rom) : UnprotectOutcome.WasNotProtected;
        }

        confirm();
        var size = flash.Map.EndOfRegion(FlashAddress.FlashBase) - FlashAddress.FlashBase;
        events(new FlashProgress(FlashPhase.Erase, 0, size));
        State = "The board did not confirm the request: its flash is either unchanged, or erased at least in part.";
        var confirmed = rom.RemoveReadProtection();
        State = confirmed ? "The board has begun to erase its whole flash, to remove the protection." : State;
        return session.Recover(UsbFault.Gone) ? Verify()
            : confirmed ? UnprotectOutcome.Accepted
            : throw new UploadException(
                UploadError.DeviceLost,
                $"The board disconnected, and did not return. {State}",
                $"Hold BOOT0, press RESET and release BOOT0; then {Again.Clause}.");
    }

    private DfuMemory Flash => session.Memories.FirstOrDefault(m => m.Map.Contains(FlashAddress.FlashBase)) ?? session.Memories[0];

    private UnprotectOutcome RemoveWriteProtection(IProtectedRom rom) => rom.RemoveWriteProtection()
        ? UnprotectOutcome.WriteProtectionRemoved
        : throw new UploadException(
            UploadError.DeviceLost, $"The board did not confirm that its write protection is removed. {State}", $"Press RESET on the board with BOOT0 high, and {Again.Clause}.");

    private static bool IsProtected(IBootloader bootloader)
    {
        try
        {
            bootloader.Read(FlashAddress.FlashBase, Sample, (_, _) => false);
            return false;
        }
        catch (Exception e) when (BootloaderReading.IsRefusal(e))
        {
            return true;
        }
    }

    // The size of the flash is certain only now.
    private UnprotectOutcome Verify()
    {
        var bootloader = session.Select(Flash);
        var size = (int)(Flash.Map.EndOfRegion(FlashAddress.FlashBase) - FlashAddress.FlashBase);
        events(new FlashProgress(FlashPhase.Erase, size, size));
        events(new FlashProgress(FlashPhase.Verify, 0, size));
        return FlashEraser.FirstNotErased(bootloader, FlashAddress.FlashBase, size, session.Info.ErasedValue, events) is { } found
            ? throw new UploadException(
                UploadError.VerifyFailed,
                $"The flash can be read again, but 0x{found.Address:X8} is not erased: it contains 0x{found.Found:X2}.",
                $"{Again.Sentence}, or use `upload-helper erase`.")
            : UnprotectOutcome.Verified;
    }
}

/// <summary>How the removal of the read protection ended.</summary>
public enum UnprotectOutcome
{
    /// <summary>The flash could be read: nothing was changed.</summary>
    WasNotProtected,

    /// <summary>The flash could be read, and its write protection, if it had any, is removed; nothing was erased.</summary>
    WriteProtectionRemoved,

    /// <summary>The board accepted the request, and has not come back: its flash was not read.</summary>
    Accepted,

    /// <summary>The flash was read, and is erased.</summary>
    Verified,
}
