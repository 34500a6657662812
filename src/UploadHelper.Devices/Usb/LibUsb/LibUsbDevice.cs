using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb;

/// <summary>An open device of libusb.</summary>
internal sealed class LibUsbDevice : IUsbDevice
{
    private readonly IUsbBus _bus;
    private readonly IDisposable _owner;
    private readonly List<byte> _claimed = [];
    private nint _handle;
    private bool _abortsAtClose;

    /// <param name="handle">The handle of libusb; it is closed with this.</param>
    /// <param name="info">The device.</param>
    /// <param name="bus">The bus on which it was opened.</param>
    /// <param name="owner">The owner of the handle, disposed after it.</param>
    public LibUsbDevice(nint handle, UsbDeviceInfo info, IUsbBus bus, IDisposable owner)
    {
        (_handle, Info, _bus, _owner) = (handle, info, bus, owner);

        // Not supported everywhere; where it is not, claiming reports the driver that is in the way.
        _ = LibUsb.SetAutoDetachKernelDriver(_handle, 1);
    }

    public UsbDeviceInfo Info { get; }

    public bool CanReset => UsbPortReset.IsPossible(Info);

    public void Claim(byte interfaceNumber)
    {
        Check(LibUsb.ClaimInterface(Handle, interfaceNumber), "Claiming the interface");
        _claimed.Add(interfaceNumber);
    }

    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting)
    {
        var result = LibUsb.SetInterfaceAltSetting(Handle, interfaceNumber, alternateSetting);

        // For a device that was unplugged, libusb up to 1.0.26 unlocks a mutex that it has not locked (core.c). It then ends
        // the whole program when it destroys that mutex, that is, when the handle is closed.
        _abortsAtClose |= result == LibUsbError.NoDevice;
        if (result < 0)
        {
            throw LibUsbError.Exception(result, "Selecting the alternate setting", Info, _bus, notFound: UsbFault.Stall);
        }
    }

    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout) => Transfer(setup, buffer, timeout);

    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) => Transfer(setup, data.ToArray(), timeout);

    public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout)
    {
        var milliseconds = (uint)TransferArguments.Milliseconds(endpoint, buffer.Length, timeout);
        Check(LibUsb.InterruptTransfer(Handle, endpoint, buffer, buffer.Length, out var received, milliseconds), "The transfer");
        return received;
    }

    public void Reset()
    {
        // A device that enumerates as another one is not found again: the reset has worked.
        var result = LibUsb.ResetDevice(Handle);
        if (result != LibUsbError.NotFound)
        {
            Check(result, "Resetting the port");
        }
    }

    public void Dispose()
    {
        var handle = _handle;
        _handle = 0;
        if (handle == 0 || _abortsAtClose)
        {
            return;
        }

        _claimed.ForEach(i => LibUsb.ReleaseInterface(handle, i));
        LibUsb.Close(handle);
        _owner.Dispose();
    }

    private nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(LibUsbDevice));

    private int Transfer(UsbSetup setup, Span<byte> data, TimeSpan timeout)
    {
        var milliseconds = (uint)TransferArguments.Milliseconds(setup, data.Length, timeout);
        return Check(
            LibUsb.ControlTransfer(Handle, setup.RequestType, setup.Request, setup.Value, setup.Index, data, setup.Length, milliseconds),
            "The transfer");
    }

    private int Check(int result, string what) => result >= 0 ? result : throw LibUsbError.Exception(result, what, Info, _bus);
}
