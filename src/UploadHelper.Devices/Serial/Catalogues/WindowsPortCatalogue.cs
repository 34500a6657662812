using System.Globalization;
using System.Runtime.Versioning;
using Microsoft.Win32;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.Catalogues;

/// <summary>The serial ports of Windows, out of the registry.</summary>
[SupportedOSPlatform("windows")]
internal static class WindowsPortCatalogue
{
    private const string Present = @"HARDWARE\DEVICEMAP\SERIALCOMM";
    private const string UsbDevices = @"SYSTEM\CurrentControlSet\Enum\USB";

    /// <summary>A fresh look.</summary>
    public static IReadOnlyList<SerialPortInfo> List()
    {
        using var key = Registry.LocalMachine.OpenSubKey(Present);
        return key is null
            ? []
            : [.. key.GetValueNames().Select(n => key.GetValue(n) as string).OfType<string>().Order(StringComparer.Ordinal).Select(Describe)];
    }

    private static SerialPortInfo Describe(string port)
    {
        using var usb = Registry.LocalMachine.OpenSubKey(UsbDevices);
        foreach (var device in usb?.GetSubKeyNames() ?? [])
        {
            if (Ids(device) is not var (vendor, product))
            {
                continue;
            }

            using var instances = usb!.OpenSubKey(device);
            foreach (var instance in instances?.GetSubKeyNames() ?? [])
            {
                using var parameters = instances!.OpenSubKey(instance + @"\Device Parameters");
                if (parameters?.GetValue("PortName") as string == port)
                {
                    return new SerialPortInfo(port, vendor, product, instance.Contains('&') ? null : instance, null);
                }
            }
        }

        return new SerialPortInfo(port, null, null, null, null);
    }

    // "VID_0483&PID_5740" or "VID_0483&PID_5740&MI_00".
    private static (ushort Vendor, ushort Product)? Ids(string device)
    {
        var parts = device.Split('&');
        return parts.Length >= 2 && Number(parts[0], "VID_") is { } vendor && Number(parts[1], "PID_") is { } product ? (vendor, product) : null;
    }

    private static ushort? Number(string part, string prefix) =>
        part.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
        && ushort.TryParse(part.AsSpan(prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
