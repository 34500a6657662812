using System.Globalization;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Diagnosis;

/// <summary>The USB devices of Windows with the drivers that are bound to them, out of the registry.</summary>
/// <param name="registry">The registry.</param>
/// <param name="isPresent">Whether the device of an instance id is plugged in.</param>
internal sealed class WindowsUsbCatalogue(IRegistryView registry, Func<string, bool> isPresent)
{
    private const string Enumerated = @"SYSTEM\CurrentControlSet\Enum";
    private const string Composite = "usbccgp";

    /// <summary>A fresh look. The interfaces of a composite device stand for it, each with its own driver.</summary>
    public IReadOnlyList<SeenDevice> List()
    {
        var devices = new List<SeenDevice>();
        foreach (var key in registry.SubKeys($@"{Enumerated}\USB"))
        {
            if (Ids(key) is { } id)
            {
                devices.AddRange(registry.SubKeys($@"{Enumerated}\USB\{key}").Select(i => $@"USB\{key}\{i}").Where(isPresent).Select(i => Describe(id, i)).OfType<SeenDevice>());
            }
        }

        return devices;
    }

    private SeenDevice? Describe(UsbId id, string instance)
    {
        var key = $@"{Enumerated}\{instance}";
        var driver = registry.Text(key, "Service");
        return string.Equals(driver, Composite, StringComparison.OrdinalIgnoreCase)
            ? null
            : new SeenDevice(id, "", Name(key))
            {
                IsDfu = registry.Texts(key, "CompatibleIDs").Any(IsDfu),
                Drivers = string.IsNullOrEmpty(driver) ? [] : [driver],
            };
    }

    // "@oem12.inf,%devicename%;STM32 BOOTLOADER": the text behind the semicolon, or all of it.
    private string Name(string key)
    {
        var text = registry.Text(key, "FriendlyName") ?? registry.Text(key, "DeviceDesc") ?? "";
        return text[(text.LastIndexOf(';') + 1)..];
    }

    // "USB\Class_FE&SubClass_01&Prot_02"; run-time DFU is protocol 1.
    private static bool IsDfu(string compatible) =>
        compatible.StartsWith(@"USB\Class_FE&SubClass_01&Prot_", StringComparison.OrdinalIgnoreCase) && !compatible.EndsWith("01", StringComparison.Ordinal);

    // "VID_0483&PID_DF11" or "VID_0483&PID_DF11&MI_00".
    private static UsbId? Ids(string key) =>
        key.Split('&') is [var vendor, var product, ..] && Number(vendor, "VID_") is { } v && Number(product, "PID_") is { } p ? new UsbId(v, p) : null;

    private static ushort? Number(string part, string prefix) =>
        part.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
        && ushort.TryParse(part.AsSpan(prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
