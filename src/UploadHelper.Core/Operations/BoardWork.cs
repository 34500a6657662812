using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>Gets to a board's bootloader, has one piece of work done there, and explains whatever goes wrong.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Told what goes on, on the caller's thread.</param>
public sealed class BoardWork(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>Connects, and does the work.</summary>
    /// <param name="request">Which bootloader is needed.</param>
    /// <param name="work">The work; it may close the session.</param>
    /// <param name="state">The state of the board in a sentence, asked when something goes wrong; null if the work changes nothing on it.</param>
    /// <param name="cancellationToken">Looked at between two transfers, and in each wait.</param>
    /// <exception cref="UploadException">It failed; the exception tells how, and how the board is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; a transfer in flight was finished.</exception>
    public T Run<T>(BootloaderRequest request, Func<BootloaderSession, T> work, Func<string>? state, CancellationToken cancellationToken)
    {
        string State() => state?.Invoke() ?? ErrorMessages.Unchanged;
        try
        {
            using var session = new BootloaderConnector(bus, ports, time, events).Connect(request, cancellationToken);
            return work(session);
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

/// <summary>For the work that cannot do without reading.</summary>
internal static class ReadableMemory
{
    /// <summary>The bootloader with a memory selected, if it can be read.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public static IBootloader Readable(this BootloaderSession session, DfuMemory memory)
    {
        var bootloader = session.Select(memory);
        return bootloader.CanRead
            ? bootloader
            : throw new UploadException(
                UploadError.NotSupported,
                $"This bootloader ({session.Info.Name}) lets its flash not be read. {ErrorMessages.Unchanged}",
                "The chip's own bootloader may read it (BOOT0), and a debug probe (ST-Link) always does.");
    }
}
