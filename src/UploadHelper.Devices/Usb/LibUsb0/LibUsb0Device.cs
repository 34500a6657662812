using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb0;

/// <summary>An open device of libusb-win32.</summary>
internal sealed class LibUsb0Device(LibUsb0Library library, nint handle, UsbDeviceInfo info, byte configuration, LibUsb0Bus bus) : IUsbDevice
{
    private readonly List<byte> _claimed = [];
    private nint _handle = handle;

    /// <inheritdoc/>
    public UsbDeviceInfo Info => info;

    /// <inheritdoc/>
    public bool CanReset => true;

    /// <inheritdoc/>
    /// <remarks>Claiming needs a configuration; selecting the one that is selected already sends nothing (windows.c).</remarks>
    public void Claim(byte interfaceNumber)
    {
        Check(library.SetConfiguration(Handle, configuration), "Selecting the configuration", UsbFault.Busy);
        Check(library.ClaimInterface(Handle, interfaceNumber), "Claiming the interface", UsbFault.Busy);
        _claimed.Add(interfaceNumber);
    }

    /// <inheritdoc/>
    /// <remarks>The library means the interface that was claimed last.</remarks>
    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) =>
        Check(library.SetAlternate(Handle, alternateSetting), "Selecting the alternate setting", UsbFault.Stall);

    /// <inheritdoc/>
    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout) => Transfer(setup, buffer, timeout);

    /// <inheritdoc/>
    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) => Transfer(setup, data.ToArray(), timeout);

    /// <inheritdoc/>
    public void Reset()
    {
        // The driver resets the port first, and what came of that may be gone when it takes the second step.
        var result = library.Reset(Handle);
        if (result < 0 && bus.Has(info))
        {
            throw LibUsb0Error.Exception(result, "Resetting the port");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var open = _handle;
        _handle = 0;
        if (open != 0)
        {
            _claimed.ForEach(i => library.ReleaseInterface(open, i));
            library.Close(open);
        }
    }

    private nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(LibUsb0Device));

    private int Transfer(UsbSetup setup, Span<byte> data, TimeSpan timeout)
    {
        var milliseconds = TransferArguments.Milliseconds(setup, data.Length, timeout);
        return Check(
            library.ControlMessage(Handle, setup.RequestType, setup.Request, setup.Value, setup.Index, data, milliseconds), "The transfer", UsbFault.Stall);
    }

    private int Check(int result, string what, UsbFault refusal)
    {
        if (result >= 0)
        {
            return result;
        }

        var failure = LibUsb0Error.Exception(result, what, refusal);
        return failure.Fault == UsbFault.Timeout || bus.Has(info)
            ? throw failure
            : throw new UsbException(UsbFault.Gone, "The device is no longer on the bus.", failure);
    }
}
