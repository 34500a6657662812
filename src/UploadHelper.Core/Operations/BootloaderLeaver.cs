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

/// <summary>Makes a board leave DFU mode, and checks that it has left.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress.</param>
public sealed class BootloaderLeaver(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    private const int VectorBytes = 8;

    /// <summary>Makes the bootloader start the sketch.</summary>
    /// <param name="session">The bootloader; closed afterwards.</param>
    /// <param name="address">Where the sketch begins, at the start of a sector; null for the first sector that may hold a sketch.</param>
    /// <param name="alternate">The alternate setting, or null for the one whose memory contains the address.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotStarted"/>: the bootloader is still there. <see cref="UploadError.NotInMemory"/>, <see cref="UploadError.NotASectorStart"/>.
    /// </exception>
    /// <exception cref="UsbException">A transfer failed before the request to leave was sent.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public LeaveResult Leave(BootloaderSession session, uint? address, byte? alternate, CancellationToken cancellationToken)
    {
        var start = address ?? new SketchArea(session.Memories, session.Info, alternate).Start;
        var memory = new MemoryRanges(session.Memories, alternate).From(start, VectorBytes).Memory;
        WarnIfNoSketch(session, memory, start);

        if (!session.CanLeave)
        {
            throw new UploadException(
                UploadError.NotStarted,
                $"{ErrorMessages.NoBusReset} {ErrorMessages.Unchanged}",
                "Press RESET on the board. With the libusbK or libusb0 driver (Windows, for example from Zadig) or a newer libusb (macOS), `leave` works.");
        }

        var watcher = new LeaveWatcher(bus, ports, time, session.Description);
        events(new LeavingBootloader(start));
        session.Select(memory).Leave(start);
        session.Dispose();
        if (session.Description.Device.IsAtSerialPort)
        {
            return new LeaveResult(start, null, LeftGhost: false) { IsObserved = false };
        }

        return watcher.WaitFor(start, session.Info.BootWindow, events, cancellationToken);
    }

    private void WarnIfNoSketch(BootloaderSession session, DfuMemory memory, uint address)
    {
        var bootloader = session.Select(memory);
        if (!bootloader.CanRead)
        {
            return;
        }

        bootloader.Read(address, VectorBytes, (_, vectors) =>
        {
            var stackPointer = BinaryPrimitives.ReadUInt32LittleEndian(vectors.Span);
            if (!RamMap.FitsStack(stackPointer) && session.Description.Device.IsAtSerialPort)
            {
                // Whether it runs could not be seen.
                throw new UploadException(
                    UploadError.NotStarted,
                    $"There is no program at 0x{address:X8}: its first word, 0x{stackPointer:X8}, is not a valid initial stack pointer. {ErrorMessages.Unchanged}",
                    "Upload a sketch, or give the address where it begins.");
            }

            if (!RamMap.FitsStack(stackPointer))
            {
                events(new UploadWarning(
                    WarningCode.NoSketch,
                    $"No sketch at 0x{address:X8}: the first word, 0x{stackPointer:X8}, is not a valid initial stack pointer. The board may stay in its bootloader.",
                    address == session.SketchStart
                        ? "Upload a sketch, or give the address where it begins."
                        : $"Upload a sketch, or give its address: upload-helper leave 0x{session.SketchStart:X8}"));
            }

            return false;
        });
    }
}
