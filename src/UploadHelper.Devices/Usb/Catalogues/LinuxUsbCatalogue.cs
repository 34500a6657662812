using System.Globalization;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.Catalogues;

/// <summary>The USB devices of Linux, out of sysfs: with the drivers of their interfaces, and without opening any.</summary>
/// <param name="sysfs">Where sysfs is mounted.</param>
internal sealed class LinuxUsbCatalogue(string sysfs)
{
    private readonly string _devices = Path.Combine(sysfs, "bus", "usb", "devices");

    /// <summary>A fresh look; hubs and controllers are left out.</summary>
    public IReadOnlyList<SeenDevice> List()
    {
        if (!Directory.Exists(_devices))
        {
            return [];
        }

        var names = Directory.EnumerateFileSystemEntries(_devices).Select(e => Path.GetFileName(e)!).Order(StringComparer.Ordinal).ToList();
        return [.. names.Where(LinuxBusView.IsDevice).Select(n => Describe(n, names)).OfType<SeenDevice>()];
    }

    private SeenDevice? Describe(string name, List<string> names)
    {
        const string Hub = "09";
        if (Hexadecimal(name, "idVendor") is not { } vendor || Hexadecimal(name, "idProduct") is not { } product || Text(name, "bDeviceClass") == Hub)
        {
            return null;
        }

        var interfaces = names.Where(n => n.StartsWith(name + ":", StringComparison.Ordinal)).ToList();
        return new SeenDevice(new UsbId(vendor, product), name, Text(name, "product") ?? "")
        {
            IsDfu = interfaces.Any(IsDfu),
            Drivers = [.. interfaces.Select(Driver).OfType<string>().Distinct()],
            Node = Number(name, "busnum") is { } bus && Number(name, "devnum") is { } device ? LinuxBusView.Node(LinuxBusView.Nodes, bus, device) : null,
        };
    }

    private bool IsDfu(string name) =>
        Hexadecimal(name, "bInterfaceClass") is { } c && Hexadecimal(name, "bInterfaceSubClass") is { } s && Hexadecimal(name, "bInterfaceProtocol") is { } p
        && DfuDescription.IsDfuMode(new UsbInterfaceInfo(0, 0, (byte)c, (byte)s, (byte)p));

    private string? Driver(string name)
    {
        try
        {
            return Path.GetFileName(new DirectoryInfo(Path.Combine(_devices, name, "driver")).ResolveLinkTarget(returnFinalTarget: false)?.FullName);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private ushort? Hexadecimal(string name, string file) =>
        ushort.TryParse(Text(name, file), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : null;

    private int? Number(string name, string file) =>
        int.TryParse(Text(name, file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private string? Text(string name, string file)
    {
        try
        {
            var path = Path.Combine(_devices, name, file);
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It went away while we looked.
            return null;
        }
    }
}
