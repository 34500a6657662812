using UploadHelper.VirtualBoard.Usb;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.VirtualBoard.Plug;

/// <summary>Waits for a board to come onto the bus, each enumeration once.</summary>
internal sealed class AttachmentWatch : IBoardFace, IDisposable
{
    private readonly BoardRunner _runner;
    private readonly AutoResetEvent _changed = new(false);
    private AttachedDevice? _attached;
    private int? _told;

    public AttachmentWatch(BoardRunner runner)
    {
        _runner = runner;
        runner.Add(this);
    }

    /// <summary>Blocks until the board is on the bus with an enumeration that was not told before.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public AttachedDevice WaitForDevice(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_runner.Use(_ => _attached) is { } device && device.Generation != _told)
            {
                _told = device.Generation;
                return device;
            }

            WaitHandle.WaitAny([_changed, cancellationToken.WaitHandle]);
        }
    }

    /// <inheritdoc/>
    public TimeSpan? Serve(IUsbPort port, TimeSpan now)
    {
        if (port.Attached?.Generation != _attached?.Generation)
        {
            _attached = port.Attached;
            _changed.Set();
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _runner.Remove(this);
        _changed.Dispose();
    }
}
