using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.UsbIp;

/// <summary>A stream of bytes to and from a USB/IP server, every wait bounded.</summary>
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
