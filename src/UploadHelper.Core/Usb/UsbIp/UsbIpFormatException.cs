namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>The other side sent bytes that are not USB/IP, or that ask for more than is sensible.</summary>
public sealed class UsbIpFormatException : Exception
{
    /// <summary>Bytes that make no sense, told in one sentence.</summary>
    public UsbIpFormatException(string message)
        : base(message)
    {
    }
}
