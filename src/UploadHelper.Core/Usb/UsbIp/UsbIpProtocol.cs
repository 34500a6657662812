namespace UploadHelper.Core.Usb.UsbIp;

/// <summary>
/// Numbers of USB/IP 1.1.1 (Linux, Documentation/usb/usbip_protocol.rst). All fields are big-endian, save the setup
/// packet, which stands as it does on the USB.
/// </summary>
public static class UsbIpProtocol
{
    /// <summary>The protocol version that every operation carries.</summary>
    public const ushort Version = 0x0111;

    /// <summary>The TCP port registered for USB/IP.</summary>
    public const int DefaultPort = 3240;

    /// <summary>Most data that one transfer may carry here, in bytes; the other side's length fields are held to it.</summary>
    public const int MaxTransferLength = 1 << 20;

    /// <summary>Most devices accepted in one list.</summary>
    public const int MaxDevices = 1024;

    /// <summary>Status of a transfer that went well.</summary>
    public const int StatusOk = 0;

    /// <summary>Status of a transfer that the device stalled (-EPIPE).</summary>
    public const int StatusStall = -32;

    /// <summary>Status of a transfer whose device left the bus (-ESHUTDOWN).</summary>
    public const int StatusShutdown = -108;

    /// <summary>Status of an unlink that took its transfer away before it ended (-ECONNRESET).</summary>
    public const int StatusUnlinked = -104;
}

/// <summary>Which way a transfer's data goes.</summary>
public enum UsbIpDirection
{
    /// <summary>From the host to the device.</summary>
    Out = 0,

    /// <summary>From the device to the host.</summary>
    In = 1,
}

/// <summary>Speed of a device, as enum usb_device_speed counts it (Linux, include/uapi/linux/usb/ch9.h).</summary>
public enum UsbIpSpeed
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>1.5 Mbit/s.</summary>
    Low = 1,

    /// <summary>12 Mbit/s.</summary>
    Full = 2,

    /// <summary>480 Mbit/s.</summary>
    High = 3,
}
