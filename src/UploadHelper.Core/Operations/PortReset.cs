using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Serial;

namespace UploadHelper.Core.Operations;

/// <summary>Resets a sketch, and checks that its port disappears: a reset on its own, without an upload.</summary>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress.</param>
public sealed class PortReset(ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>Resets the sketch behind a port.</summary>
    /// <param name="port">The port's name.</param>
    /// <param name="cancellationToken">Checked in each pause.</param>
    /// <returns>Whether the port disappeared; null if that cannot be observed, since the port is not listed.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.SerialPort"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public bool? Run(string port, CancellationToken cancellationToken)
    {
        var outcome = new SketchReset(ports, time, events).Run(port, cancellationToken);
        switch (outcome.Warning)
        {
            case null:
                return outcome.Way is null ? null : true;
            case { Code: WarningCode.PortStillThere } warning:
                events(warning with { Hint = "Press RESET on the board. The sketch must use USB serial, and its core must support the magic reset." });
                return false;
            case var warning:
                throw new UploadException(UploadError.SerialPort, warning.Message, warning.Hint);
        }
    }
}
