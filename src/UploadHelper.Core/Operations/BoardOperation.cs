using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>The base of every job on a board: opens the session, runs the job, and explains failures.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress, on the caller's thread.</param>
public sealed class BoardOperation(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>Connects, and runs the job.</summary>
    /// <param name="request">Which bootloader is needed.</param>
    /// <param name="job">The job; it may end the session.</param>
    /// <param name="state">Returns the state of the board, in a sentence, if the job fails; null if the job changes nothing.</param>
    /// <param name="cancellationToken">Checked between two transfers, and in each wait.</param>
    /// <exception cref="UploadException">It failed; the exception says how, and in what state the board is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; a transfer in progress was completed.</exception>
    public T Run<T>(BootloaderRequest request, Func<BootloaderSession, T> job, Func<string>? state, CancellationToken cancellationToken)
    {
        string State() => state?.Invoke() ?? ErrorMessages.Unchanged;
        try
        {
            using var session = BootloaderSession.Open(bus, ports, time, events, request, cancellationToken);
            return job(session);
        }
        catch (UsbException e)
        {
            throw ErrorMessages.Explain(e, State());
        }
        catch (DfuException e)
        {
            throw ErrorMessages.Explain(e, State());
        }
        catch (OperationCanceledException)
        {
            events(new UploadCancelled(State()));
            throw;
        }
    }
}

/// <summary>For jobs that must read the board.</summary>
internal static class ReadableMemory
{
    /// <summary>Selects a memory, and returns the bootloader if it allows reading.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public static IBootloader Readable(this BootloaderSession session, DfuMemory memory)
    {
        var bootloader = session.Select(memory);
        return bootloader.CanRead
            ? bootloader
            : throw new UploadException(
                UploadError.NotSupported,
                $"This bootloader ({session.Info.Name}) does not allow reading flash. {ErrorMessages.Unchanged}",
                "The chip's system bootloader (BOOT0) may be able to read it; a debug probe (ST-Link) always can.");
    }
}

/// <summary>The image fits its address.</summary>
/// <param name="Image">The image.</param>
/// <param name="Fit">The address that its code pointers suggest; null for data without a vector table.</param>
public sealed record ImageChecked(FirmwareImage Image, LinkAddress? Fit) : UploadEvent;

/// <summary>Several boards will be written.</summary>
/// <param name="Boards">Their descriptors; all are of one kind.</param>
public sealed record BoardsFound(IReadOnlyList<DfuDescription> Boards) : UploadEvent;

/// <summary>A board in DFU mode will not be written.</summary>
/// <param name="Device">The board.</param>
/// <param name="Why">The reason, as the end of a sentence.</param>
public sealed record BoardLeftAlone(UsbDeviceInfo Device, string Why) : UploadEvent;

/// <summary>The plan of an erase is complete.</summary>
public sealed record ErasePlanned(ErasePlan Plan) : UploadEvent;
