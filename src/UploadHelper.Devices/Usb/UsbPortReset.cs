using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb.Windows;

namespace UploadHelper.Devices.Usb;

/// <summary>Whether libusb_reset_device really resets a port: it says that it has where it cannot.</summary>
internal static class UsbPortReset
{
    // Since then it has a device enumerate again; ResetDevice does nothing from macOS 10.11 on (libusb #455, #456).
    private static readonly Version ReenumeratesOnMac = new(1, 0, 23);

    /// <summary>Whether a device's port can be reset.</summary>
    /// <param name="device">The device.</param>
    /// <param name="library">The version of libusb.</param>
    public static bool IsPossible(UsbDeviceInfo device, Version library) =>
        OperatingSystem.IsWindows() ? CanReset(WindowsUsbDrivers.Of(device.Id))
        : !OperatingSystem.IsMacOS() || library >= ReenumeratesOnMac;

    /// <summary>Whether all of these drivers can reset a port (windows_winusb.c, winusbx_reset_device): WinUSB has no call for it.</summary>
    internal static bool CanReset(IReadOnlyCollection<string> drivers) =>
        drivers.Count > 0
        && drivers.All(d => d.Equals("libusbK", StringComparison.OrdinalIgnoreCase) || d.Equals("libusb0", StringComparison.OrdinalIgnoreCase));
}
