using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.Windows;

/// <summary>
/// The USB devices of Windows: those that libusb-1.0 can open (WinUSB, libusbK), and those with the driver of libusb-win32.
/// libusb-1.0 also lists the latter, but cannot open them without libusbK.dll (windows_winusb.c, CHECK_WINUSBX_AVAILABLE).
/// </summary>
/// <param name="libusb">The bus of libusb-1.0.</param>
/// <param name="libusb0">The bus of libusb-win32; the bus number of its devices is <paramref name="libusb0Number"/>.</param>
/// <param name="libusb0Number">A bus number that libusb-1.0 does not use.</param>
internal sealed class WindowsUsbBus(IUsbBus libusb, IUsbBus libusb0, int libusb0Number) : IUsbBus
{
    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        var older = libusb0.List();
        var all = ListOthers(older.Count > 0);
        foreach (var same in older.GroupBy(d => d.Id))
        {
            all = Join(all, [.. same]);
        }

        return all;
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device) => (device.Bus == libusb0Number ? libusb0 : libusb).Open(device);

    // Boards with the driver of libusb-win32 also work without libusb-1.0, for example where it is not installed.
    private IReadOnlyList<UsbDeviceInfo> ListOthers(bool isOptional)
    {
        try
        {
            return libusb.List();
        }
        catch (UsbException) when (isOptional)
        {
            return [];
        }
    }

    // Both lists contain the devices with the old driver. If both have equally many devices with these ids, they are the same
    // ones. One such device gets its path from the other list; of several, it is unknown which is where. If libusb-1.0 lists
    // more, some have another driver, and it is unknown which: then all are listed, some twice, because otherwise a board
    // would be missing or the wrong one written.
    private static IReadOnlyList<UsbDeviceInfo> Join(IReadOnlyList<UsbDeviceInfo> all, IReadOnlyList<UsbDeviceInfo> older)
    {
        var twins = all.Where(d => d.Id == older[0].Id).ToList();
        var joined = twins is [var twin] && older is [var only] ? [only with { Path = twin.Path }] : older;
        return twins.Count > older.Count ? [.. all, .. joined] : [.. all.Except(twins), .. joined];
    }
}
