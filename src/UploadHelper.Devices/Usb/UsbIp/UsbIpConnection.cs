using System.Net;
using System.Net.Sockets;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;

namespace UploadHelper.Devices.Usb.UsbIp;

/// <summary>
/// A TCP connection to a USB/IP server: whole messages in and out, every wait bounded. What the network does wrong
/// leaves here as a <see cref="UsbException"/>.
/// </summary>
internal sealed class UsbIpConnection : IUsbIpConnection
{
    /// <summary>How long a server may take to answer what needs no device: long enough for a far one.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    private readonly UsbIpEndpoint _server;
    private readonly TimeProvider _time;
    private readonly Socket _socket;

    private UsbIpConnection(UsbIpEndpoint server, TimeProvider time, Socket socket)
    {
        _server = server;
        _time = time;
        _socket = socket;
    }

    /// <summary>Connects to the first of the addresses that answers.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.Io"/>: nobody listens there.</exception>
    public static UsbIpConnection Connect(UsbIpEndpoint server, IReadOnlyList<IPAddress> addresses, TimeProvider time)
    {
        SocketException? refusal = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                Connect(socket, new IPEndPoint(address, server.Port));
                return new UsbIpConnection(server, time, socket);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                refusal = e;
            }
        }

        throw NoServer(server, refusal?.Message ?? "the name has no address", refusal);
    }

    /// <summary>The failure of a server that is not there.</summary>
    public static UsbException NoServer(UsbIpEndpoint server, string reason, Exception? inner) => new(
        UsbFault.Io, $"No USB/IP server at {server}: {reason}; is it running, and does the firewall let it through?", inner);

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> message)
    {
        try
        {
            while (!message.IsEmpty)
            {
                message = message[_socket.Send(message)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Closed(e);
        }
    }

    /// <inheritdoc/>
    public bool WaitForData(long since, TimeSpan limit)
    {
        try
        {
            var left = limit - _time.GetElapsedTime(since);
            return _socket.Poll(left > TimeSpan.Zero ? left : TimeSpan.Zero, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Closed(e);
        }
    }

    /// <inheritdoc/>
    /// <remarks>The server has <see cref="AnswerLimit"/> for it.</remarks>
    public void Receive(Span<byte> buffer)
    {
        var start = _time.GetTimestamp();
        while (!buffer.IsEmpty)
        {
            if (!WaitForData(start, AnswerLimit))
            {
                throw new UsbException(UsbFault.Io, $"The USB/IP server at {_server} does not answer.");
            }

            buffer = buffer[ReceiveSome(buffer)..];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static void Connect(Socket socket, IPEndPoint address)
    {
        // A connection to a host that drops packets would block for minutes.
        socket.Blocking = false;
        try
        {
            socket.Connect(address);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            if (!socket.Poll(AnswerLimit, SelectMode.SelectWrite))
            {
                throw new SocketException((int)SocketError.TimedOut);
            }

            if (socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error) is int error and not 0)
            {
                throw new SocketException(error);
            }
        }

        socket.Blocking = true;
    }

    private int ReceiveSome(Span<byte> buffer)
    {
        try
        {
            var count = _socket.Receive(buffer);
            return count > 0 ? count : throw Closed(null);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Closed(e);
        }
    }

    private UsbException Closed(Exception? inner) => new(
        UsbFault.Gone, $"The USB/IP server at {_server} closed the connection: the device is gone.", inner);
}
