using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb0;

/// <summary>
/// The devices whose driver is libusb-win32's libusb0.sys, which older cores install for Maple bootloaders. Empty where that
/// driver's libusb0.dll is not installed. The library has one bus, "bus-0", and does not tell where a device is plugged in.
/// </summary>
internal sealed class LibUsb0Bus : IUsbBus
{
    /// <summary>The number of its bus; those of libusb-1.0 begin at 1 (windows_winusb.c).</summary>
    public const int BusNumber = 0;

    private readonly Lazy<LibUsb0Library?> _library = new(LibUsb0Library.TryLoad);
    private readonly Lock _lists = new(); // the library's lists are one for the process
    private Dictionary<string, int> _numbers = [];
    private int _lastNumber;

    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        lock (_lists)
        {
            return _library.Value is { } library ? [.. Look(library).Select(e => e.Info)] : [];
        }
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        lock (_lists)
        {
            var library = _library.Value;
            var entry = library is null ? default : Look(library).FirstOrDefault(e => e.Info.Number == device.Number);
            if (library is null || entry.Device == 0)
            {
                throw new UsbException(UsbFault.Gone, "The device is no longer on the bus.");
            }

            var handle = library.Open(entry.Device);
            return handle == 0
                ? throw new UsbException(UsbFault.Busy, $"Opening {entry.Name} failed: another program may hold it.")
                : new LibUsb0Device(library, handle, entry.Info with { Path = device.Path }, entry.Configuration, this);
        }
    }

    /// <summary>Whether that enumeration of a device is still there.</summary>
    public bool Has(UsbDeviceInfo device) => List().Any(d => d.Number == device.Number);

    // The driver gives a name again as soon as it is free: a device that was missed in a look counts as a new one.
    private List<LibUsb0Structures.Entry> Look(LibUsb0Library library)
    {
        var entries = LibUsb0Structures.Devices(library.Look());
        _numbers = entries.ToDictionary(e => e.Name, e => _numbers.TryGetValue(e.Name, out var known) ? known : ++_lastNumber);
        return [.. entries.Select(e => e with { Info = e.Info with { Bus = BusNumber, Number = _numbers[e.Name] } })];
    }
}
