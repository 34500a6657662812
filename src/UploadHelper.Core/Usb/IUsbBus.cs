using System.Buffers.Binary;

namespace UploadHelper.Core.Usb;

/// <summary>The USB devices of this machine, of a USB/IP server, or of virtual boards.</summary>
public interface IUsbBus
{
    /// <summary>Lists the devices that are on the bus now. Opens none, and sends no requests.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.LibraryMissing"/>, or the devices cannot be listed.</exception>
    IReadOnlyList<UsbDeviceInfo> List();

    /// <summary>Opens a device from an earlier list. Sends no requests to it except those of the operating system.</summary>
    /// <exception cref="UsbException">
    /// <see cref="UsbFault.Gone"/> if the device has disconnected or enumerated again, <see cref="UsbFault.AccessDenied"/>,
    /// <see cref="UsbFault.Busy"/>, <see cref="UsbFault.WrongDriver"/>.
    /// </exception>
    IUsbDevice Open(UsbDeviceInfo device);
}

/// <summary>An open device. Closing it releases its interfaces, and never throws.</summary>
public interface IUsbDevice : IDisposable
{
    /// <summary>The device that was opened.</summary>
    UsbDeviceInfo Info { get; }

    /// <summary>Whether <see cref="Reset"/> really resets the port; with WinUSB it cannot (libusb then reports success but does nothing).</summary>
    bool CanReset { get; }

    /// <summary>Claims an interface for this program; detaches a kernel driver that uses it.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.Busy"/>, <see cref="UsbFault.Gone"/>.</exception>
    void Claim(byte interfaceNumber);

    /// <summary>Selects an alternate setting of a claimed interface (SET_INTERFACE).</summary>
    /// <exception cref="UsbException">As for a control transfer.</exception>
    void SetAlternateSetting(byte interfaceNumber, byte alternateSetting);

    /// <summary>Runs one control transfer from the device; blocks until it ends and cannot be cancelled.</summary>
    /// <param name="setup">The request; its direction is IN.</param>
    /// <param name="buffer">Room for the answer; exactly <c>setup.Length</c> bytes.</param>
    /// <param name="timeout">Time limit; greater than zero.</param>
    /// <returns>The number of bytes received: at most wLength, fewer for a short answer.</returns>
    /// <exception cref="UsbException">Any <see cref="UsbFault"/> of a transfer.</exception>
    int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout);

    /// <summary>Runs one control transfer to the device; blocks until it ends and cannot be cancelled.</summary>
    /// <param name="setup">The request; its direction is OUT.</param>
    /// <param name="data">The data stage; exactly <c>setup.Length</c> bytes.</param>
    /// <param name="timeout">Time limit; greater than zero.</param>
    /// <exception cref="UsbException">Any <see cref="UsbFault"/> of a transfer.</exception>
    void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout);

    /// <summary>Waits for one packet from an interrupt endpoint of a claimed interface; blocks until it comes, and cannot be cancelled.</summary>
    /// <param name="endpoint">Address of the endpoint; bit 7 is set (IN).</param>
    /// <param name="buffer">Room for the packet: at least the endpoint's wMaxPacketSize.</param>
    /// <param name="timeout">Time limit; greater than zero.</param>
    /// <returns>The number of bytes received.</returns>
    /// <exception cref="UsbException">Any <see cref="UsbFault"/> of a transfer; <see cref="UsbFault.Timeout"/> if none came.</exception>
    int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout);

    /// <summary>
    /// Resets the device's port. It is a success if the device then enumerates as a different one; this object cannot be
    /// used any more.
    /// </summary>
    /// <exception cref="UsbException">The port could not be reset.</exception>
    void Reset();
}

/// <summary>The setup packet of a control transfer (USB 2.0, 9.3).</summary>
/// <param name="RequestType">bmRequestType: bit 7 direction (1 = device to host), bits 6..5 type, bits 4..0 recipient.</param>
/// <param name="Request">bRequest.</param>
/// <param name="Value">wValue.</param>
/// <param name="Index">wIndex.</param>
/// <param name="Length">wLength: bytes in the data stage, 0 for none.</param>
public readonly record struct UsbSetup(byte RequestType, byte Request, ushort Value, ushort Index, ushort Length)
{
    /// <summary>Size of a setup packet on the wire, in bytes.</summary>
    public const int Size = 8;

    /// <summary>Whether the data stage goes from the device to the host.</summary>
    public bool IsIn => (RequestType & 0x80) != 0;

    /// <summary>Whether it is a standard request (bits 6..5 of bmRequestType are 0), which every USB device answers.</summary>
    public bool IsStandard => (RequestType & 0x60) == 0;

    /// <summary>Reads the 8 bytes of a setup packet (little-endian fields).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 8 bytes.</exception>
    public static UsbSetup Read(ReadOnlySpan<byte> wire) => new(
        wire[0],
        wire[1],
        BinaryPrimitives.ReadUInt16LittleEndian(wire[2..]),
        BinaryPrimitives.ReadUInt16LittleEndian(wire[4..]),
        BinaryPrimitives.ReadUInt16LittleEndian(wire[6..]));

    /// <summary>Writes the 8 bytes of the setup packet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 8 bytes of room.</exception>
    public void Write(Span<byte> wire)
    {
        wire[0] = RequestType;
        wire[1] = Request;
        BinaryPrimitives.WriteUInt16LittleEndian(wire[2..], Value);
        BinaryPrimitives.WriteUInt16LittleEndian(wire[4..], Index);
        BinaryPrimitives.WriteUInt16LittleEndian(wire[6..], Length);
    }
}

/// <summary>The kinds of USB failure, as far as the upload treats them differently.</summary>
public enum UsbFault
{
    /// <summary>The device answered STALL (a "pipe error"): it refused the request.</summary>
    Stall,

    /// <summary>No answer within the time limit. The device may still execute the request.</summary>
    Timeout,

    /// <summary>The device is no longer on the bus.</summary>
    Gone,

    /// <summary>The operating system does not allow this user to open the device.</summary>
    AccessDenied,

    /// <summary>Another program or driver is using the device or the interface.</summary>
    Busy,

    /// <summary>The device has no driver, or one that cannot be used (Windows).</summary>
    WrongDriver,

    /// <summary>The library for USB access (libusb-1.0) is not installed, or cannot be loaded.</summary>
    LibraryMissing,

    /// <summary>Any other failure of the transfer.</summary>
    Io,
}

/// <summary>A failure of the bus or of one transfer.</summary>
public sealed class UsbException : Exception
{
    /// <summary>Creates a failure of the given kind, with a message of one sentence.</summary>
    public UsbException(UsbFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>The kind of failure.</summary>
    public UsbFault Fault { get; }
}
