using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.Windows;

/// <summary>
/// The devices with libusb0.sys, the driver of libusb-win32, which older cores install for Maple bootloaders. Empty where
/// its library libusb0.dll is not installed. The library has one bus, "bus-0", and does not know where a device is plugged in.
/// </summary>
internal sealed class LibUsb0Bus : IUsbBus
{
    /// <summary>The number of its bus; those of libusb-1.0 begin at 1 (windows_winusb.c).</summary>
    public const int BusNumber = 0;

    private readonly Lazy<LibUsb0Library?> _library = new(LibUsb0Library.TryLoad);
    private readonly Lock _lists = new(); // the library has one set of lists per process
    private Dictionary<string, int> _numbers = [];
    private int _lastNumber;

    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        lock (_lists)
        {
            return _library.Value is { } library ? [.. Entries(library).Select(e => e.Info)] : [];
        }
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        lock (_lists)
        {
            var library = _library.Value;
            var entry = library is null ? default : Entries(library).FirstOrDefault(e => e.Info.Number == device.Number);
            if (library is null || entry.Device == 0)
            {
                throw new UsbException(UsbFault.Gone, "The device is no longer on the bus.");
            }

            var handle = library.Open(entry.Device);
            return handle == 0
                ? throw new UsbException(UsbFault.Busy, $"Opening {entry.Name} failed: another program may be using it.")
                : new LibUsb0Device(library, handle, entry.Info with { Path = device.Path }, entry.Configuration, this);
        }
    }

    /// <summary>Whether a device is still there and has not enumerated again.</summary>
    public bool Has(UsbDeviceInfo device) => List().Any(d => d.Number == device.Number);

    // The driver reuses a name as soon as it is free: a device that was missing from one list counts as a new one.
    private List<LibUsb0Structures.Entry> Entries(LibUsb0Library library)
    {
        var entries = LibUsb0Structures.Devices(library.UpdateLists());
        _numbers = entries.ToDictionary(e => e.Name, e => _numbers.TryGetValue(e.Name, out var known) ? known : ++_lastNumber);
        return [.. entries.Select(e => e with { Info = e.Info with { Bus = BusNumber, Number = _numbers[e.Name] } })];
    }
}

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
    /// <remarks>Claiming needs a configuration; selecting the current one sends nothing (windows.c).</remarks>
    public void Claim(byte interfaceNumber)
    {
        Check(library.SetConfiguration(Handle, configuration), "Selecting the configuration", UsbFault.Busy);
        Check(library.ClaimInterface(Handle, interfaceNumber), "Claiming the interface", UsbFault.Busy);
        _claimed.Add(interfaceNumber);
    }

    /// <inheritdoc/>
    /// <remarks>The library applies this to the interface that was claimed last.</remarks>
    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) =>
        Check(library.SetAlternate(Handle, alternateSetting), "Selecting the alternate setting", UsbFault.Stall);

    /// <inheritdoc/>
    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout) => Transfer(setup, buffer, timeout);

    /// <inheritdoc/>
    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) => Transfer(setup, data.ToArray(), timeout);

    /// <inheritdoc/>
    public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => Check(
        library.InterruptRead(Handle, endpoint, buffer, TransferArguments.Milliseconds(endpoint, buffer.Length, timeout)), "The transfer", UsbFault.Io);

    /// <inheritdoc/>
    public void Reset()
    {
        // The driver first resets the port. By its second step the device may already have enumerated as another one.
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


        // No device refuses the request for its device descriptor.
        var refusal = setup is { RequestType: 0x80, Request: 6, Value: 0x0100 } ? UsbFault.Io : UsbFault.Stall;
        return Check(
            library.ControlMessage(Handle, setup.RequestType, setup.Request, setup.Value, setup.Index, data, milliseconds), "The transfer", refusal);
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

/// <summary>
/// The errors of libusb-win32: negative numbers of errno.h. It distinguishes only time-outs, invalid parameters and the
/// rest (error.c, usb_win_error_to_errno), so that a stall and a device that was unplugged have the same number.
/// </summary>
internal static class LibUsb0Error
{
    private const int Io = -5;
    private const int OutOfMemory = -12;
    private const int Invalid = -22;
    private const int Timeout = -116;

    /// <summary>The exception for an error.</summary>
    /// <param name="code">The result of the library; negative.</param>
    /// <param name="what">What was tried.</param>
    /// <param name="refusal">What a failure means if the device is there and answers in time.</param>
    public static UsbException Exception(int code, string what, UsbFault refusal = UsbFault.Io) =>
        new(code switch { Timeout => UsbFault.Timeout, Io or Invalid => refusal, _ => UsbFault.Io }, $"{what} failed: {Name(code)}.");

    /// <summary>Throws for a negative result.</summary>
    public static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw Exception(result, what);
        }
    }

    private static string Name(int code) => code switch
    {
        Io => "refused, or input/output error (libusb0 error -5)",
        OutOfMemory => "out of memory (libusb0 error -12)",
        Invalid => "invalid parameter (libusb0 error -22)",
        Timeout => "time-out (libusb0 error -116)",
        _ => $"libusb0 error {code}",
    };
}
