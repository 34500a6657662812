using System.Globalization;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.Catalogues;

/// <summary>
/// The bus of Linux, out of sysfs: what no device and no hub is kept busy for. libusb's own look also reads the active
/// configuration of each device and hub, for which the kernel has it wait until the hub is done with whatever is being
/// plugged in: half a second, in which a bootloader may come and go.
/// </summary>
/// <param name="sysfs">Where sysfs is mounted.</param>
internal sealed class LinuxBusView(string sysfs)
{
    private const int DeviceDescriptorSize = 18;
    private const int LargestText = 16;

    // What a file of sysfs gives at a time; a configuration is a few hundred bytes.
    private const int LargestDescriptors = 4096;

    private readonly string _devices = Path.Combine(sysfs, "bus", "usb", "devices");

    /// <summary>Where the nodes of the devices are.</summary>
    public const string Nodes = "/dev/bus/usb";

    /// <summary>Whether this kernel shows a bus there.</summary>
    public bool Exists => Directory.Exists(_devices);

    /// <summary>A fresh look; the controllers' own hubs are left out.</summary>
    public IReadOnlyList<UsbDeviceInfo> List() =>
        [.. Directory.EnumerateFileSystemEntries(_devices).Select(e => Path.GetFileName(e)).Where(IsDevice).Order(StringComparer.Ordinal).Select(Describe).OfType<UsbDeviceInfo>()];

    /// <summary>Whether an entry is a device: "1-1.2" is one, "1-1.2:1.0" one of its interfaces, "usb1" a controller's hub.</summary>
    /// <param name="name">Its name in sysfs.</param>
    public static bool IsDevice(string name) => !name.Contains(':') && !name.StartsWith("usb", StringComparison.Ordinal);

    /// <summary>The node of a device: "/dev/bus/usb/001/007".</summary>
    /// <param name="nodes">Where the nodes are.</param>
    /// <param name="bus">busnum of sysfs.</param>
    /// <param name="device">devnum of sysfs.</param>
    public static string Node(string nodes, int bus, int device) =>
        string.Create(CultureInfo.InvariantCulture, $"{nodes}/{bus:D3}/{device:D3}");

    private UsbDeviceInfo? Describe(string name)
    {
        try
        {
            Span<byte> descriptors = stackalloc byte[LargestDescriptors];
            descriptors = descriptors[..Read(name, "descriptors", descriptors)];
            return descriptors.Length < DeviceDescriptorSize
                ? null
                : new UsbDeviceInfo(
                    Number(name, "busnum"),
                    Number(name, "devnum"),
                    name,
                    (ushort)(descriptors[8] | descriptors[9] << 8),
                    (ushort)(descriptors[10] | descriptors[11] << 8),
                    (ushort)(descriptors[12] | descriptors[13] << 8),
                    [.. UsbDescriptors.Interfaces(FirstConfiguration(descriptors[DeviceDescriptorSize..]).ToArray())]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            // It went away while we looked.
            return null;
        }
    }

    // All configurations follow one another; wTotalLength says how long each is.
    private static ReadOnlySpan<byte> FirstConfiguration(ReadOnlySpan<byte> configurations) =>
        configurations.Length < 4 ? [] : configurations[..Math.Min(configurations.Length, configurations[2] | configurations[3] << 8)];

    private int Number(string name, string file)
    {
        Span<byte> text = stackalloc byte[LargestText];
        return int.Parse(text[..Read(name, file, text)].TrimEnd((byte)'\n'), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    // The sizes that sysfs claims for its files are not theirs.
    private int Read(string name, string file, Span<byte> buffer)
    {
        using var handle = File.OpenHandle(Path.Combine(_devices, name, file));
        return RandomAccess.Read(handle, buffer, 0);
    }
}
