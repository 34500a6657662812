using System.Net;
using System.Net.Sockets;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;

namespace UploadHelper.Devices.Usb.UsbIp;

/// <summary>A stream of bytes to and from a USB/IP server; every wait has a limit.</summary>
internal interface IUsbIpConnection : IDisposable
{
    /// <summary>Sends a whole message.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.Gone"/>: the server closed the connection.</exception>
    void Send(ReadOnlySpan<byte> message);

    /// <summary>Waits until something can be read.</summary>
    /// <returns>False when the limit passed first.</returns>
    /// <exception cref="UsbException"><see cref="UsbFault.Gone"/>: the connection is closed.</exception>
    bool WaitForData(long since, TimeSpan limit);

    /// <summary>Fills the buffer.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.Gone"/>: closed; <see cref="UsbFault.Io"/>: the server stopped in the middle.</exception>
    void Receive(Span<byte> buffer);

    /// <summary>Receives that many bytes.</summary>
    /// <exception cref="UsbException">As <see cref="Receive(Span{byte})"/>.</exception>
    byte[] Receive(int length)
    {
        var bytes = new byte[length];
        Receive(bytes);
        return bytes;
    }
}

/// <summary>
/// A TCP connection to a USB/IP server: whole messages in and out, every wait limited. Network errors leave it as a
/// <see cref="UsbException"/>.
/// </summary>
internal sealed class UsbIpConnection : IUsbIpConnection
{
    /// <summary>How long a server may take for an answer that needs no device: enough for a distant one.</summary>
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

    /// <summary>Connects to the first address that answers.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.Io"/>: no server listens there.</exception>
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

    /// <summary>The exception for a server that cannot be reached.</summary>
    public static UsbException NoServer(UsbIpEndpoint server, string reason, Exception? inner) => new(
        UsbFault.Io, $"Cannot connect to a USB/IP server at {server}: {reason}. Is the server running, and does the firewall allow the connection?", inner);

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
    /// <remarks>The limit is <see cref="AnswerLimit"/>.</remarks>
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
        // Otherwise a connection to a host that drops packets would block for minutes.
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
        UsbFault.Gone, $"The USB/IP server at {_server} closed the connection; the device is gone.", inner);
}
