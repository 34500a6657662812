using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>Gets a board out of DFU mode, and looks whether it is out.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress.</param>
public sealed class BootloaderLeaver(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    private const int FirstVectors = 8;

    /// <summary>Has the bootloader start the sketch.</summary>
    /// <param name="session">The bootloader; it is closed.</param>
    /// <param name="address">Where the sketch begins, at a sector's start; null for the first sector that a sketch may be put into.</param>
    /// <param name="alternate">The alternate setting, or null for the one that holds the address.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotStarted"/>: it is still there. <see cref="UploadError.NotInMemory"/>, <see cref="UploadError.NotASectorStart"/>.
    /// </exception>
    /// <exception cref="UsbException">A transfer failed before the request to leave was made.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public LeaveResult Leave(BootloaderSession session, uint? address, byte? alternate, CancellationToken cancellationToken)
    {
        var start = address ?? new SketchArea(session.Memories, session.Info, alternate).Start;
        var memory = new MemoryRanges(session.Memories, alternate).From(start, FirstVectors).Memory;
        Warn(session, memory, start);

        if (!session.CanLeave)
        {
            throw new UploadException(
                UploadError.NotStarted,
                $"This bootloader starts a sketch when the USB bus is reset, which is not possible here (with the WinUSB driver on Windows). {ErrorMessages.Unchanged}",
                "Press RESET on the board. With the libusbK or libusb0 driver, for example from Zadig, `leave` works.");
        }

        var departure = new LeaveWatcher(bus, ports, time, session.Description);
        events(new LeavingBootloader(start));
        session.Select(memory).Leave(start);
        session.Dispose();
        return departure.WaitFor(start, session.Info.BootWindow, events, cancellationToken);
    }

    private void Warn(BootloaderSession session, DfuMemory memory, uint address)
    {
        var bootloader = session.Select(memory);
        if (!bootloader.CanRead)
        {
            return;
        }

        bootloader.Read(address, FirstVectors, (_, vectors) =>
        {
            var stackPointer = BinaryPrimitives.ReadUInt32LittleEndian(vectors.Span);
            if (!RamMap.FitsStack(stackPointer))
            {
                events(new UploadWarning(
                    WarningCode.NoSketch,
                    $"No sketch at 0x{address:X8}: the first word, 0x{stackPointer:X8}, is not a valid initial stack pointer. The board may stay in its bootloader.",
                    "Upload a sketch, or give its address: upload-helper leave 0x08004000"));
            }

            return false;
        });
    }
}
