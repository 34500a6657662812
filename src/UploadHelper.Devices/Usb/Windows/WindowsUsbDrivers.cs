using System.Runtime.Versioning;
using Microsoft.Win32;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.Windows;

/// <summary>The drivers that Windows has bound to USB devices, out of the registry.</summary>
[SupportedOSPlatform("windows")]
internal static class WindowsUsbDrivers
{
    private const string UsbDevices = @"SYSTEM\CurrentControlSet\Enum\USB";

    /// <summary>The names of the drivers that devices of these ids have, or had when they were last plugged in: "WinUSB", "libusbK", "libusb0", ...</summary>
    public static IReadOnlyCollection<string> Of(UsbId id)
    {
        using var instances = Registry.LocalMachine.OpenSubKey($@"{UsbDevices}\VID_{id.Vendor:X4}&PID_{id.Product:X4}");
        return instances is null ? [] : [.. instances.GetSubKeyNames().Select(n => Driver(instances, n)).OfType<string>().Distinct()];
    }

    private static string? Driver(RegistryKey instances, string name)
    {
        using var instance = instances.OpenSubKey(name);
        return instance?.GetValue("Service") as string;
    }
}
