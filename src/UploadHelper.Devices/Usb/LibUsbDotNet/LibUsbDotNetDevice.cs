using LibUsbDotNet.Main;
using UploadHelper.Core.Usb;
using Package = LibUsbDotNet.LibUsb;

namespace UploadHelper.Devices.Usb.LibUsbDotNet;

/// <summary>An open device of LibUsbDotNet; owns its context.</summary>
internal sealed class LibUsbDotNetDevice : IUsbDevice
{
    // The package keeps one time limit for all devices of the process: one transfer at a time.
    private static readonly Lock TimeLimit = new();

    private readonly LibUsbDotNetContext _context;
    private readonly Package.UsbDevice _device;
    private readonly LibUsbDotNetBus _bus;
    private readonly List<byte> _claimed = [];
    private bool _abortsAtClose;
    private bool _closed;

    public LibUsbDotNetDevice(LibUsbDotNetContext context, Package.UsbDevice device, UsbDeviceInfo info, LibUsbDotNetBus bus)
    {
        (_context, _device, Info, _bus) = (context, device, info, bus);
        try
        {
            device.Open();
        }
        catch (Package.UsbException e)
        {
            throw LibUsbError.Exception((int)e.ErrorCode, $"Opening the device at {info.Path}");
        }

        // Not supported everywhere; where it is not, claiming reports the driver that is in the way.
        _ = device.SetAutoDetachKernelDriver(true);
    }

    public UsbDeviceInfo Info { get; }

    public bool CanReset => UsbPortReset.IsPossible(Info);

    public void Claim(byte interfaceNumber)
    {
        Call("Claiming the interface", () => _device.ClaimInterface(interfaceNumber));
        _claimed.Add(interfaceNumber);
    }

    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting)
    {
        try
        {
            Call("Selecting the alternate setting", () => _device.SetAltInterface(interfaceNumber, alternateSetting), UsbFault.Stall);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            // libusb up to 1.0.26 then unlocks a mutex that it has not locked (core.c). It ends the whole program when it
            // destroys that mutex, that is, when the handle is closed, also by its finalizer.
            _abortsAtClose = true;
            GC.SuppressFinalize(_device.DeviceHandle);
            throw;
        }
    }

    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
    {
        var data = new byte[buffer.Length];
        var length = Transfer(setup, data, timeout);
        data.AsSpan(0, length).CopyTo(buffer);
        return length;
    }

    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) => Transfer(setup, data.ToArray(), timeout);

    public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout)
    {
        var milliseconds = TransferArguments.Milliseconds(endpoint, buffer.Length, timeout);
        ObjectDisposedException.ThrowIf(_closed, this);
        var reader = _device.OpenEndpointReader((ReadEndpointID)endpoint, buffer.Length, EndpointType.Interrupt);
        var error = (int)reader.Read(buffer, milliseconds, out var received);
        return error == 0 ? received : throw LibUsbError.Exception(error, "The transfer", Info, _bus);
    }

    public void Reset()
    {
        try
        {
            _device.ResetDevice();
        }
        catch (Package.UsbException e) when ((int)e.ErrorCode == LibUsbError.NotFound)
        {
            // A device that enumerates as another one is not found again: the reset has worked.
        }
        catch (Package.UsbException e)
        {
            throw LibUsbError.Exception((int)e.ErrorCode, "Resetting the port", Info, _bus);
        }
    }

    public void Dispose()
    {
        if (_closed || _abortsAtClose)
        {
            return;
        }

        _closed = true;
        foreach (var interfaceNumber in _claimed)
        {
            try
            {
                _device.ReleaseInterface(interfaceNumber);
            }
            catch (Package.UsbException)
            {
                // The device was unplugged: there is nothing to release.
            }
        }

        _context.Dispose();
    }

    private int Transfer(UsbSetup setup, byte[] data, TimeSpan timeout)
    {
        var milliseconds = TransferArguments.Milliseconds(setup, data.Length, timeout);
        var packet = new UsbSetupPacket(setup.RequestType, setup.Request, setup.Value, setup.Index, setup.Length);
        return Call("The transfer", () =>
        {
            lock (TimeLimit)
            {
                Package.UsbDevice.ControlTransferTimeout = milliseconds;

                // The offset must be 0: the package ignores it.
                return _device.ControlTransfer(packet, data, 0, data.Length);
            }
        });
    }

    private T Call<T>(string what, Func<T> call, UsbFault notFound = UsbFault.WrongDriver)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        try
        {
            return call();
        }
        catch (Package.UsbException e)
        {
            throw LibUsbError.Exception((int)e.ErrorCode, what, Info, _bus, notFound);
        }
    }
}
