using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Windows;

/// <summary>The USB devices and serial ports of Windows, from the registry, which keeps all devices that were ever plugged in.</summary>
/// <param name="registry">The registry.</param>
/// <param name="isPresent">Whether the device with an instance id is plugged in now.</param>
/// <param name="product">The name that the device with an instance id gives itself, or null.</param>
internal sealed class WindowsCatalogue(IRegistryView registry, Func<string, bool> isPresent, Func<string, string?> product)
{
    private const string Enumerated = @"SYSTEM\CurrentControlSet\Enum";
    private const string PresentPorts = @"HARDWARE\DEVICEMAP\SERIALCOMM";
    private const string Composite = "usbccgp";

    /// <summary>The devices and ports of this machine.</summary>
    [SupportedOSPlatform("windows")]
    public static WindowsCatalogue OfThisMachine => new(new WindowsRegistry(), WindowsDevices.IsPresent, WindowsDevices.Product);

    /// <summary>
    /// The devices that are plugged in, with their drivers. A composite device is represented by its interfaces, each with
    /// its own driver.
    /// </summary>
    public IReadOnlyList<SeenDevice> Devices() => [.. Instances().Where(i => isPresent(i.Instance)).Select(i => Describe(i.Id, i.Instance)).OfType<SeenDevice>()];

    /// <summary>What is plugged in and does not answer. Windows gives it the ids 0000:0002 (no device descriptor) and the like.</summary>
    public IReadOnlyList<SilentDevice> Silent() =>
        [.. Instances().Where(i => i.Id.Vendor == 0 && isPresent(i.Instance)).Select(i => new SilentDevice("", Name($@"{Enumerated}\{i.Instance}"), null))];

    /// <summary>The serial ports that are there now.</summary>
    public IReadOnlyList<SerialPortInfo> SerialPorts() =>
        [.. registry.ValueNames(PresentPorts).Select(n => registry.Text(PresentPorts, n)).OfType<string>().Order(StringComparer.Ordinal).Select(DescribePort)];

    /// <summary>The drivers that devices with these ids have, or had when they were last plugged in: "WinUSB", "libusbK", "libusb0", ...</summary>
    public IReadOnlyCollection<string> DriversOf(UsbId id)
    {
        var device = $@"USB\VID_{id.Vendor:X4}&PID_{id.Product:X4}";
        return [.. registry.SubKeys($@"{Enumerated}\{device}").Select(i => registry.Text($@"{Enumerated}\{device}\{i}", "Service")).OfType<string>().Distinct()];
    }

    // Instance ids: "USB\VID_0483&PID_DF11\315A34663432".
    private IEnumerable<(UsbId Id, string Instance)> Instances() =>
        from device in registry.SubKeys($@"{Enumerated}\USB")
        let id = Ids(device)
        where id is not null
        from instance in registry.SubKeys($@"{Enumerated}\USB\{device}")
        select (id.Value, $@"USB\{device}\{instance}");

    private SeenDevice? Describe(UsbId id, string instance)
    {
        var key = $@"{Enumerated}\{instance}";
        var driver = registry.Text(key, "Service");
        return string.Equals(driver, Composite, StringComparison.OrdinalIgnoreCase)
            ? null
            : new SeenDevice(id, "", Name(key))
            {
                IsDfu = registry.Texts(key, "CompatibleIDs").Any(IsDfuMode),
                Drivers = string.IsNullOrEmpty(driver) ? [] : [driver],
            };
    }

    private SerialPortInfo DescribePort(string port)
    {
        var (id, instance) = Instances().FirstOrDefault(i => registry.Text($@"{Enumerated}\{i.Instance}\Device Parameters", "PortName") == port);
        if (instance is null)
        {
            return new SerialPortInfo(port, null, null, null, null);
        }

        // Windows makes up a name with "&" for a device without a serial number.
        var name = instance[(instance.LastIndexOf('\\') + 1)..];
        return new SerialPortInfo(port, id.Vendor, id.Product, name.Contains('&') ? null : name, null)
        {
            Product = product(instance),
        };
    }

    // "@oem12.inf,%devicename%;STM32 BOOTLOADER": the text after the semicolon, or all of it.
    private string Name(string key)
    {
        var text = registry.Text(key, "FriendlyName") ?? registry.Text(key, "DeviceDesc") ?? "";
        return text[(text.LastIndexOf(';') + 1)..];
    }

    // "USB\Class_FE&SubClass_01&Prot_02"; run-time DFU is protocol 1.
    private static bool IsDfuMode(string compatible) =>
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

/// <summary>What is read from the registry of Windows, below HKEY_LOCAL_MACHINE.</summary>
internal interface IRegistryView
{
    /// <summary>The names of the subkeys of a key; none if the key does not exist.</summary>
    IReadOnlyList<string> SubKeys(string key);

    /// <summary>The names of the values of a key; none if the key does not exist.</summary>
    IReadOnlyList<string> ValueNames(string key);

    /// <summary>A value that is a text; null if it does not exist or is not a text.</summary>
    string? Text(string key, string name);

    /// <summary>A value that is a list of texts; empty if it does not exist or is not such a list.</summary>
    IReadOnlyList<string> Texts(string key, string name);
}

/// <summary>The registry of this machine.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsRegistry : IRegistryView
{
    /// <inheritdoc/>
    public IReadOnlyList<string> SubKeys(string key) => Read(key, k => k.GetSubKeyNames()) ?? [];

    /// <inheritdoc/>
    public IReadOnlyList<string> ValueNames(string key) => Read(key, k => k.GetValueNames()) ?? [];

    /// <inheritdoc/>
    public string? Text(string key, string name) => Read(key, k => k.GetValue(name) as string);

    /// <inheritdoc/>
    public IReadOnlyList<string> Texts(string key, string name) => Read(key, k => k.GetValue(name) as string[]) ?? [];

    private static T? Read<T>(string path, Func<RegistryKey, T?> read)
        where T : class
    {
        using var key = Registry.LocalMachine.OpenSubKey(path);
        return key is null ? null : read(key);
    }
}

/// <summary>What Windows tells of the devices that are plugged in (cfgmgr32.h). The registry has it too, but shows it to the system only.</summary>
internal static partial class WindowsDevices
{
    private const string Library = "cfgmgr32";
    private const string Interface = "&MI_";
    private const uint TextType = 0x12; // DEVPROP_TYPE_STRING
    private const int LongestText = 2 * 256;

    // DEVPKEY_Device_BusReportedDeviceDesc (devpkey.h): of a USB device, its product string.
    private static readonly PropertyKey Reported = new(new Guid("540b947e-8b40-45bc-a8a2-6a0b894cbda2"), 4);

    /// <summary>Whether a device is plugged in (CM_Locate_DevNodeW finds only such devices, unless it is asked for phantoms).</summary>
    /// <param name="instance">Its instance id, for example "USB\VID_0483&amp;PID_DF11\315A34663432".</param>
    public static bool IsPresent(string instance) => LocateDevNode(out _, instance, 0) == 0;

    /// <summary>The product string of a device that is plugged in, or of the composite device that an interface belongs to; null if it is not known.</summary>
    /// <param name="instance">Its instance id.</param>
    public static string? Product(string instance)
    {
        try
        {
            var text = new byte[LongestText];
            var size = (uint)text.Length;
            return LocateDevNode(out var node, instance, 0) == 0
                && (!instance.Contains(Interface, StringComparison.OrdinalIgnoreCase) || GetParent(out node, node, 0) == 0)
                && GetProperty(node, Reported, out var type, text, ref size, 0) == 0
                && type == TextType
                    ? Encoding.Unicode.GetString(text, 0, (int)size).TrimEnd('\0')
                    : null;
        }
        catch (EntryPointNotFoundException)
        {
            // Wine lacks some of these functions.
            return null;
        }
    }

    [LibraryImport(Library, EntryPoint = "CM_Locate_DevNodeW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial int LocateDevNode(out uint node, string instance, uint flags);

    [LibraryImport(Library, EntryPoint = "CM_Get_Parent")]
    private static partial int GetParent(out uint parent, uint node, uint flags);

    [LibraryImport(Library, EntryPoint = "CM_Get_DevNode_PropertyW")]
    private static partial int GetProperty(uint node, in PropertyKey key, out uint type, [Out] byte[] value, ref uint size, uint flags);

    // struct DEVPROPKEY
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct PropertyKey(Guid Category, uint Id);
}
