using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.Windows;

/// <summary>
/// The USB devices of Windows: those that libusb-1.0 reaches (WinUSB, libusbK), and those with the driver of libusb-win32.
/// libusb-1.0 lists the latter, too, but cannot open them without libusbK.dll (windows_winusb.c, CHECK_WINUSBX_AVAILABLE).
/// </summary>
/// <param name="libusb">The bus of libusb-1.0.</param>
/// <param name="libusb0">The bus of libusb-win32; its devices have <paramref name="libusb0Number"/> for a bus.</param>
/// <param name="libusb0Number">A bus number that libusb-1.0 does not give.</param>
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

    // Boards with libusb-win32's driver are reached without libusb-1.0, as where that is not installed.
    private IReadOnlyList<UsbDeviceInfo> ListOthers(bool canDoWithout)
    {
        try
        {
            return libusb.List();
        }
        catch (UsbException) when (canDoWithout)
        {
            return [];
        }
    }

    // With as many devices of these ids on both sides, each is the other's twin. With one, the twin tells where it is plugged
    // in; with several, nothing tells which is where. With more than have the old driver, some have another one, and nothing
    // tells which: then they are shown twice rather than not reached, or the wrong one written.
    private static IReadOnlyList<UsbDeviceInfo> Join(IReadOnlyList<UsbDeviceInfo> all, IReadOnlyList<UsbDeviceInfo> older)
    {
        var twins = all.Where(d => d.Id == older[0].Id).ToList();
        var joined = twins is [var twin] && older is [var only] ? [only with { Path = twin.Path }] : older;
        return twins.Count > older.Count ? [.. all, .. joined] : [.. all.Except(twins), .. joined];
    }
}
