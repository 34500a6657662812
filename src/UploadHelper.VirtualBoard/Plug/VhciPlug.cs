using System.Net.Sockets;
using System.Runtime.Versioning;
using UploadHelper.VirtualBoard.Usb;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.VirtualBoard.Plug;

/// <summary>
/// Keeps a board plugged into this machine's own USB, through Linux's vhci: the kernel enumerates it, drivers bind to
/// it, and its serial port appears as /dev/ttyACM0. When the board enumerates again, it is unplugged and plugged in.
/// Needs root and the module vhci-hcd.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class VhciPlug : IDisposable
{
    private readonly BoardRunner _runner;
    private readonly VhciController _controller;
    private readonly Action<string> _report;
    private readonly AttachmentWatch _watch;
    private readonly CancellationTokenSource _unplugged = new();
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private Socket? _connection;

    /// <summary>Plugs the board in, now or as soon as it is on the bus.</summary>
    /// <param name="runner">The board.</param>
    /// <param name="time">The clock to wait with.</param>
    /// <param name="report">Told in a line, from a thread of its own, what happens.</param>
    /// <exception cref="PlugException">The kernel has no virtual host controller, or this user may not use it.</exception>
    public VhciPlug(BoardRunner runner, TimeProvider time, Action<string> report)
    {
        _runner = runner;
        _controller = new VhciController(time);
        _report = report;
        _watch = new AttachmentWatch(runner);
        _thread = new Thread(Run) { IsBackground = true, Name = "vhci" };
        _thread.Start();
    }

    /// <summary>Unplugs the board.</summary>
    public void Dispose()
    {
        _unplugged.Cancel();
        lock (_gate)
        {
            _connection?.Dispose();
        }

        _thread.Join();
        _watch.Dispose();
        _unplugged.Dispose();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                Serve(_watch.WaitForDevice(_unplugged.Token));
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (PlugException e)
        {
            _report(e.Message);
        }
    }

    private void Serve(AttachedDevice device)
    {
        var (kernel, board) = SocketPair.Create();
        using (board)
        {
            using (kernel)
            {
                var port = _controller.Attach(kernel, UsbIpDescription.Describe(device, bus: 1).DeviceId, _unplugged.Token);
                _report($"plugged into vhci port {port}");
            }

            lock (_gate)
            {
                _unplugged.Token.ThrowIfCancellationRequested();
                _connection = board;
            }

            UsbIpSession.Run(board, _runner, device);
            _report("unplugged");
        }
    }
}
