using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;

namespace UploadHelper.Core.Operations;

/// <summary>Sends the magic reset to a sketch, and checks that its port disappears: a reset on its own, without an upload.</summary>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress.</param>
public sealed class PortReset(ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    private static readonly TimeSpan GoneLimit = TimeSpan.FromSeconds(1);

    /// <summary>Resets the sketch behind a port.</summary>
    /// <param name="port">The port's name.</param>
    /// <param name="cancellationToken">Checked in each pause.</param>
    /// <returns>Whether the port disappeared; null if that cannot be observed, since the port is not listed.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.SerialPort"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public bool? Run(string port, CancellationToken cancellationToken)
    {
        var isListed = PortNames.IsListed(ports, port);
        events(new ResettingSketch(port));
        if (new SketchReset(ports, time).Run(port, cancellationToken) is { } warning)
        {
            throw new UploadException(UploadError.SerialPort, warning.Message, warning.Hint);
        }

        return isListed ? Disappears(port, cancellationToken) : null;
    }

    private bool Disappears(string port, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (PortNames.IsListed(ports, port))
        {
            if (time.GetElapsedTime(start) >= GoneLimit)
            {
                events(new UploadWarning(
                    WarningCode.PortStillThere,
                    $"{port} did not disappear: its sketch does not seem to support the magic reset.",
                    "Press RESET on the board. The sketch must use USB serial, and its core must support the magic reset."));
                return false;
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }

        return true;
    }
}
