using System.Collections.Concurrent;
using System.Net.Sockets;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>The session of a host that has imported one enumeration of a board: it receives transfers and sends replies until either side ends it.</summary>
internal sealed class UsbIpSession
{
    // Linux has a few dozen active; a client that submits many more is not a real host.
    private const int MaxPending = 1024;

    // A host that resets the board's port retries several times before it gives the board up. When the connection ends,
    // Linux's vhci does not fail active transfers: a transfer submitted at that moment costs the host its time limit of 5 s.
    private static readonly TimeSpan RetryGrace = TimeSpan.FromMilliseconds(20);

    private readonly Socket _socket;
    private readonly BoardRunner _runner;
    private readonly HostController _host;

    // Added under the runner's lock, sent without it: a host that does not read must not stop the board.
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
        new UsbIpSubmitReply(transfer.Sequence, status, isIn ? data.Length : transfer.Accepted).Write(message);
        data.CopyTo(message, UsbIpHeader.MessageSize);
        _replies.Add(message);
    }

    private TimeSpan ReplyTimeout => !_leaving ? Timeout.InfiniteTimeSpan : _host.IsInReset ? RetryGrace : TimeSpan.Zero;

    // An empty message wakes the other thread.
    private void Leave()
    {
        _leaving = true;
        _replies.Add([]);
    }

    private void SendReplies()
    {
        try
        {
            while (_replies.TryTake(out var message, ReplyTimeout))
            {
                _socket.SendAll(message);
            }

            // The enumeration is over: this ends the wait for the host's next message.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The host has closed the connection; the receiving side sees that too.
        }
    }
}

/// <summary>Whole messages over a stream socket.</summary>
internal static class SocketMessages
{
    /// <summary>Fills the buffer.</summary>
    /// <returns>False when the other side closed the connection, or this side did.</returns>
    public static bool TryReceive(this Socket socket, Span<byte> buffer)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                var count = socket.Receive(buffer);
                if (count == 0)
                {
                    return false;
                }

                buffer = buffer[count..];
            }

            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Sends the whole message.</summary>
    /// <exception cref="SocketException">The other side closed the connection.</exception>
    public static void SendAll(this Socket socket, ReadOnlySpan<byte> message)
    {
        while (!message.IsEmpty)
        {
            message = message[socket.Send(message)..];
        }
    }
}
