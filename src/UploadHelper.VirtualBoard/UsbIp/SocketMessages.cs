using System.Net.Sockets;

namespace UploadHelper.VirtualBoard.UsbIp;

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
