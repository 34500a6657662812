using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// The first requests to a listed device, which tell a bootloader from a ghost: a bootloader that has started a sketch without
/// USB, and stays on the bus although nothing runs there that could answer.
/// <para>
/// How the requests to a ghost fail depends on the board. On an STM32F103 with a fixed pull-up on D+, the bootloader switches the USB
/// peripheral off, and each transfer fails at once (EPROTO). On Maple hardware the peripheral stays on: it acknowledges
/// the first SETUP packet, so that this transfer times out; the packet is never fetched, so that all later ones fail at once.
/// (Both seen with the published STM32duino bootloader 2.0 and the original Maple bootloader on an emulated STM32F103.)
/// A build of F4Bootloader stays as well (reported by a user; how its transfers fail is not known).
/// </para>
/// </summary>
public static class FirstContact
{
    /// <summary>
    /// How long a device may take for its first answer. A bootloader needs a frame or two; USB 2.0 (9.2.6.4) allows 500 ms for the
    /// first data of a standard request.
    /// </summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>Opens a device that is known to respond. Reads its device descriptor, and sends no class request.</summary>
    /// <param name="bus">The USB devices.</param>
    /// <param name="device">A listed device.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException"><see cref="UploadError.GhostDevice"/>: it does not respond.</exception>
    /// <exception cref="UsbException">It cannot be opened, or has left the bus (<see cref="UsbFault.Gone"/>).</exception>
    public static IUsbDevice Open(IUsbBus bus, UsbDeviceInfo device, TimeProvider time, CancellationToken cancellationToken) =>
        Open(
            bus,
            device,
            time,
            open =>
            {
                UsbDescriptors.AskForDevice(open, AnswerLimit);
                return open;
            },
            cancellationToken);

    /// <summary>Whether a listed device does not respond. One that cannot be opened is not known to be a ghost.</summary>
    /// <param name="bus">The USB devices.</param>
    /// <param name="device">A listed device.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    public static bool IsGhost(IUsbBus bus, UsbDeviceInfo device, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            Open(bus, device, time, cancellationToken).Dispose();
            return false;
        }
        catch (UploadException e) when (e.Error == UploadError.GhostDevice)
        {
            return true;
        }
        catch (UsbException)
        {
            return false;
        }
    }

    /// <summary>Opens a device, and sends it a first request.</summary>
    /// <param name="bus">The USB devices.</param>
    /// <param name="found">A listed device.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ask">Sends the request. Its result owns the open device.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException"><see cref="UploadError.GhostDevice"/>: it does not respond.</exception>
    /// <exception cref="UsbException">It cannot be opened, has left the bus (<see cref="UsbFault.Gone"/>), or responds but not to this request.</exception>
    internal static T Open<T>(IUsbBus bus, UsbDeviceInfo found, TimeProvider time, Func<IUsbDevice, T> ask, CancellationToken cancellationToken)
    {
        for (var start = time.GetTimestamp(); ; time.Wait(Waiting.PollInterval, cancellationToken))
        {
            var isLast = time.GetElapsedTime(start) >= AnswerLimit;
            var device = bus.Open(found);
            try
            {
                return ask(device);
            }
            catch (UsbException e)
            {
                // A device may refuse any request but this one, so that only this one tells whether it responds.
                var responds = Responds(device);
                var isInUse = !responds && IsInUse(device, found);
                device.Dispose();
                if (isInUse)
                {
                    throw e.Fault == UsbFault.Busy ? e : new UsbException(UsbFault.Busy, $"Another program is using the device at {found.Path}.", e);
                }

                if (responds || e.Fault is UsbFault.AccessDenied or UsbFault.WrongDriver or UsbFault.LibraryMissing)
                {
                    throw;
                }

                // Transfers also fail while a device is being unplugged, until the system notices.
                if (!bus.List().Any(d => d.Bus == found.Bus && d.Number == found.Number))
                {
                    throw new UsbException(UsbFault.Gone, $"The device at {found.Path} is no longer on the bus.", e);
                }

                if (isLast)
                {
                    throw ErrorMessages.Ghost(found, e);
                }
            }
            catch
            {
                device.Dispose();
                throw;
            }
        }
    }

    // While another program has a request executed there, the device answers nobody else.
    private static bool IsInUse(IUsbDevice device, UsbDeviceInfo found)
    {
        try
        {
            foreach (var dfu in DfuDescription.InterfacesOf(found))
            {
                device.Claim(dfu);
            }

            return false;
        }
        catch (UsbException e)
        {
            return e.Fault == UsbFault.Busy;
        }
    }

    private static bool Responds(IUsbDevice device)
    {
        try
        {
            UsbDescriptors.AskForDevice(device, AnswerLimit);
            return true;
        }
        catch (UsbException e)
        {
            return e.Fault == UsbFault.Stall;
        }
    }
}
