namespace UploadHelper.Core.Usb;

/// <summary>The USB devices that can be reached: this machine's, a USB/IP server's, or a virtual board's.</summary>
public interface IUsbBus
{
    /// <summary>A fresh look at the bus. Opens nothing and asks no device anything.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.LibraryMissing"/>, or the bus cannot be read.</exception>
    IReadOnlyList<UsbDeviceInfo> List();

    /// <summary>Opens a device of an earlier look. Nothing is sent to it but what the system itself needs.</summary>
    /// <exception cref="UsbException">
    /// <see cref="UsbFault.Gone"/> when that enumeration is over, <see cref="UsbFault.AccessDenied"/>,
    /// <see cref="UsbFault.Busy"/>, <see cref="UsbFault.WrongDriver"/>.
    /// </exception>
    IUsbDevice Open(UsbDeviceInfo device);
}

/// <summary>An open device. Closing it releases its interfaces and never throws.</summary>
public interface IUsbDevice : IDisposable
{
    /// <summary>What was opened.</summary>
    UsbDeviceInfo Info { get; }

    /// <summary>Whether <see cref="Reset"/> really resets the port; with WinUSB it cannot (libusb then reports success, and does nothing).</summary>
    bool CanReset { get; }

    /// <summary>Takes an interface for this program; a kernel driver that holds it is detached.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.Busy"/>, <see cref="UsbFault.Gone"/>.</exception>
    void Claim(byte interfaceNumber);

    /// <summary>Selects an alternate setting of a claimed interface (SET_INTERFACE).</summary>
    /// <exception cref="UsbException">As for a control transfer.</exception>
    void SetAlternateSetting(byte interfaceNumber, byte alternateSetting);

    /// <summary>One control transfer from the device; blocks until it ends and cannot be cancelled.</summary>
    /// <param name="setup">The request; its direction is IN.</param>
    /// <param name="buffer">Room for the answer; exactly <c>setup.Length</c> bytes.</param>
    /// <param name="timeout">Time limit, above zero.</param>
    /// <returns>The number of bytes received: at most wLength, fewer for a short answer.</returns>
    /// <exception cref="UsbException">Any <see cref="UsbFault"/> of a transfer.</exception>
    int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout);

    /// <summary>One control transfer to the device; blocks until it ends and cannot be cancelled.</summary>
    /// <param name="setup">The request; its direction is OUT.</param>
    /// <param name="data">The data stage; exactly <c>setup.Length</c> bytes.</param>
    /// <param name="timeout">Time limit, above zero.</param>
    /// <exception cref="UsbException">Any <see cref="UsbFault"/> of a transfer.</exception>
    void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout);

    /// <summary>
    /// Resets the device's port. A device that comes back as another one counts as a success; the open device is
    /// of no further use.
    /// </summary>
    /// <exception cref="UsbException">The port could not be reset.</exception>
    void Reset();
}
