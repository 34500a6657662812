using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Tells the bootloader the supply voltage for the time of a session, so that it programs words instead of bytes. The setting is read first,
/// and put back as it was, also if the job fails.
/// </summary>
/// <param name="wanted">The supply voltage that the user has named.</param>
/// <param name="events">Receives the change, and warnings.</param>
internal sealed class ProgramFormat(VoltageRange wanted, Action<UploadEvent> events)
{
    private const int Attempts = 2;

    // The setting that the bootloader had before this session touched it; null as long as it has not.
    private byte? _before;
    private bool _isDone;

    /// <summary>Sets it once. A bootloader that refuses goes on as it does without.</summary>
    /// <param name="session">The session.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    public void Set(BootloaderSession session)
    {
        if (_isDone)
        {
            return;
        }

        if (!session.Info.SetsProgramFormat || VoltageRange.MemoryIn(session.Memories) is not { } memory)
        {
            _isDone = true;
            events(new UploadWarning(
                WarningCode.VoltageIgnored,
                $"The supply voltage has no effect: this bootloader ({session.Info.Name}) programs in one way only.",
                "Omit --supply-voltage, or remove upload.supply_voltage from boards.txt."));
            return;
        }

        try
        {
            var bootloader = session.Select(memory);
            var found = VoltageRange.Read(bootloader);
            if (found != wanted.Value)
            {
                _before ??= found;
                VoltageRange.Write(bootloader, wanted.Value);
                events(new ProgramFormatSet(wanted.Volts, VoltageRange.WidthOf(found), VoltageRange.WidthOf(wanted.Value)));
            }
        }
        catch (DfuException e) when (e.Status?.Code == DfuStatusCode.ErrVendor)
        {
            // A chip with read protection refuses to erase too, and then the upload says so.
        }
        catch (DfuException e)
        {
            events(new UploadWarning(
                WarningCode.VoltageIgnored,
                $"The bootloader does not accept the supply voltage: {e.Message} It programs as it does without it.",
                "Nothing needs to be done: the upload only takes longer."));
        }

        _isDone = true;
    }

    /// <summary>The device has reconnected: it may have been reset, and then knows nothing of the setting.</summary>
    public void Forget() => _isDone = false;

    /// <summary>Puts the setting back; a warning says if that fails.</summary>
    /// <param name="write">Writes a value of the setting, with its memory selected.</param>
    /// <param name="idle">Brings the device to dfuIDLE after a failure.</param>
    public void PutBack(Action<byte> write, Action idle)
    {
        if (_before is not { } before)
        {
            return;
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                write(before);
                (_before, _isDone) = (null, false);
                return;
            }
            catch (Exception e) when (e is UsbException or DfuException)
            {
                if (!IsIdle(idle) || attempt == Attempts)
                {
                    WarnThatKept();
                    return;
                }
            }
        }
    }

    private static bool IsIdle(Action idle)
    {
        try
        {
            idle();
            return true;
        }
        catch (Exception e) when (e is UsbException or DfuException)
        {
            return false;
        }
    }

    /// <summary>Warns that the setting may still be there, if it has been changed; once.</summary>
    public void WarnThatKept()
    {
        if (_before is not null)
        {
            _before = null;
            events(new UploadWarning(
                WarningCode.VoltageKept,
                $"The bootloader did not confirm that it has forgotten the supply voltage of {wanted.Volts} V. It forgets it at the next reset.",
                "If this board's supply voltage is lower, press RESET before the next upload."));
        }
    }
}

/// <summary>The bootloader now programs and erases in another way.</summary>
/// <param name="Volts">The supply voltage that it was told.</param>
/// <param name="Before">How many bytes it programmed at once before.</param>
/// <param name="Width">How many bytes it programs at once now.</param>
public sealed record ProgramFormatSet(double Volts, int Before, int Width) : UploadEvent;
