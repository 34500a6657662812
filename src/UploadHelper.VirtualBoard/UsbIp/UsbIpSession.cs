using System.Collections.Concurrent;
using System.Net.Sockets;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>A host that has imported one enumeration of a board: transfers in, replies out, until one of them goes.</summary>
internal sealed class UsbIpSession
{
    // Linux keeps a few dozen under way; a host that asks for more without end is none.
    private const int MaxPending = 1024;

    // A host that resets the board's port asks several times before it believes that the board is gone. Linux's vhci fails
    // nothing that is under way when the connection ends: what is asked in that moment costs the host the 5 s of its time limit.
    private static readonly TimeSpan Disbelief = TimeSpan.FromMilliseconds(20);

    private readonly Socket _socket;
    private readonly BoardRunner _runner;
    private readonly HostController _host;

    // Written under the runner's lock, sent without it: a host that does not read must not stop the board.
    private readonly BlockingCollection<byte[]> _replies = [];
    private volatile bool _leaving;

    private UsbIpSession(Socket socket, BoardRunner runner, AttachedDevice device)
    {
        _socket = socket;
        _runner = runner;
        _host = new HostController(device, Completed, Leave);
    }

    /// <summary>Serves the host; returns when the board has left the bus or the host has closed the connection.</summary>
    /// <param name="socket">Connected; the caller closes it.</param>
    /// <param name="runner">The board.</param>
    /// <param name="device">The enumeration that the host has.</param>
    public static void Run(Socket socket, BoardRunner runner, AttachedDevice device) =>
        new UsbIpSession(socket, runner, device).Run();

    private void Run()
    {
        var writer = new Thread(SendReplies) { IsBackground = true, Name = "USB/IP replies" };
        writer.Start();
        _runner.Add(_host);
        try
        {
            var message = new byte[UsbIpHeader.MessageSize];
            while (_socket.TryReceive(message))
            {
                Handle(message);
            }
        }
        finally
        {
            _runner.Remove(_host);
            _replies.CompleteAdding();
            writer.Join();
        }
    }

    private void Handle(byte[] message)
    {
        switch (UsbIpHeader.Read(message).Command)
        {
            case UsbIpCommand.Submit:
                Submit(UsbIpSubmit.Read(message));
                break;
            case UsbIpCommand.Unlink:
                Unlink(UsbIpUnlink.Read(message));
                break;
            default:
                throw new UsbIpFormatException("a reply from a client");
        }
    }

    private void Submit(UsbIpSubmit submit)
    {
        var data = new byte[submit.DataLength];
        if (!_socket.TryReceive(data))
        {
            return;
        }

        var direction = submit.Endpoint != 0 && submit.Direction == UsbIpDirection.In ? 0x80 : 0;
        var transfer = new Transfer(submit.Sequence, (byte)(submit.Endpoint | direction), submit.Setup, submit.Length, data);
        _runner.Use(_ =>
        {
            if (_host.Pending + _replies.Count > MaxPending)
            {
                throw new UsbIpFormatException($"more than {MaxPending} transfers at once");
            }

            _host.Submit(transfer);
        });
    }

    private void Unlink(UsbIpUnlink unlink) => _runner.Use(_ =>
    {
        var status = _host.Unlink(unlink.Unlinked) ? UsbIpProtocol.StatusUnlinked : UsbIpProtocol.StatusOk;
        var message = new byte[UsbIpHeader.MessageSize];
        new UsbIpUnlinkReply(unlink.Sequence, status).Write(message);
        _replies.Add(message);
    });

    private void Completed(Transfer transfer, int status)
    {
        var isIn = transfer.Endpoint == 0 ? transfer.Setup.IsIn : (transfer.Endpoint & 0x80) != 0;
        var data = isIn && status == UsbIpProtocol.StatusOk ? transfer.Data : [];
        var message = new byte[UsbIpHeader.MessageSize + data.Length];
        new UsbIpSubmitReply(transfer.Sequence, status, isIn ? data.Length : transfer.Taken).Write(message);
        data.CopyTo(message, UsbIpHeader.MessageSize);
        _replies.Add(message);
    }

    private TimeSpan Patience => !_leaving ? Timeout.InfiniteTimeSpan : _host.IsInReset ? Disbelief : TimeSpan.Zero;

    // An empty message, to have the other thread look up.
    private void Leave()
    {
        _leaving = true;
        _replies.Add([]);
    }

    private void SendReplies()
    {
        try
        {
            while (_replies.TryTake(out var message, Patience))
            {
                _socket.SendAll(message);
            }

            // The enumeration is over: this ends the wait for the host's next message.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The host has closed the connection; the receiving side sees it, too.
        }
    }
}
