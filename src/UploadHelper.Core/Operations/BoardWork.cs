using UploadHelper.Core.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Uploading;
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
        string State() => state?.Invoke() ?? DeviceTrouble.Unchanged;
        try
        {
            using var session = new BootloaderConnector(bus, ports, time, events).Connect(request, cancellationToken);
            return work(session);
        }
        catch (UsbException e)
        {
            throw DeviceTrouble.Explain(e, State());
        }
        catch (DfuException e)
        {
            throw DeviceTrouble.Explain(e, State());
        }
        catch (OperationCanceledException)
        {
            events(new UploadCancelled(State()));
            throw;
        }
    }
}
