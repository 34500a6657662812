using System.Globalization;
using System.Text;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Linux;

/// <summary>
/// The USB devices and serial ports of Linux, as sysfs shows them. Reading it opens no device and waits for none. (When
/// libusb lists the bus, it also reads the active configuration of each device and hub, and the kernel delays that until
/// the hub has finished with the device that is being plugged in: half a second, in which a bootloader may come and go.)
/// </summary>
/// <param name="root">Where sysfs is mounted.</param>
internal sealed class Sysfs(string root)
{
    /// <summary>Where the kernel makes the files through which USB devices are opened.</summary>
    public const string Nodes = "/dev/bus/usb";

    private const int DeviceDescriptorSize = 18;

    // sysfs returns at most a page at a time; a configuration has a few hundred bytes, a text a few dozen.
    private const int LargestDescriptors = 4096;
    private const int LargestText = 512;

    private readonly string _usb = Path.Combine(root, "bus", "usb", "devices");
    private readonly string _tty = Path.Combine(root, "class", "tty");

    /// <summary>Whether this kernel has a USB bus.</summary>
    public bool HasUsb => Directory.Exists(_usb);

    /// <summary>The file through which a device is opened: "/dev/bus/usb/001/007".</summary>
    /// <param name="nodes">The folder of these files.</param>
    /// <param name="bus">busnum of sysfs.</param>
    /// <param name="device">devnum of sysfs.</param>
    public static string Node(string nodes, int bus, int device) =>
        string.Create(CultureInfo.InvariantCulture, $"{nodes}/{bus:D3}/{device:D3}");

    /// <summary>The devices with their descriptors, as <see cref="IUsbBus.List"/> returns them. Root hubs are left out.</summary>
    public IReadOnlyList<UsbDeviceInfo> Devices() => [.. Names(_usb).Where(IsDevice).Select(Describe).OfType<UsbDeviceInfo>()];

    /// <summary>The devices with the drivers of their interfaces. Hubs are left out.</summary>
    public IReadOnlyList<SeenDevice> DevicesWithDrivers()
    {
        var names = Names(_usb).ToList();
        return [.. names.Where(IsDevice).Select(n => DescribeWithDrivers(n, names)).OfType<SeenDevice>()];
    }

    /// <summary>The serial ports that have a device.</summary>
    public IReadOnlyList<SerialPortInfo> SerialPorts() => [.. Names(_tty).Where(n => !IsConsole(n)).Select(DescribePort).OfType<SerialPortInfo>()];

    /// <summary>The serial function behind a port of cdc_acm; null for a port of another driver.</summary>
    /// <param name="port">Its name, "/dev/ttyACM0".</param>
    /// <param name="nodes">The folder of the files through which USB devices are opened.</param>
    public SerialFunction? SerialFunctionOf(string port, string nodes)
    {
        var entry = Path.Combine(_tty, Path.GetFileName(port));
        if (Target(Path.Combine(Target(entry) ?? entry, "device")) is not { } control
            || Path.GetFileName(Target(Path.Combine(control, "driver"))) != "cdc_acm"
            || Path.GetDirectoryName(control) is not { } folder
            || Number(Path.Combine(folder, "busnum")) is not { } bus
            || DeviceNumberIn(folder) is not { } device
            || Hexadecimal(Path.Combine(control, "bInterfaceNumber")) is not { } number)
        {
            return null;
        }

        // The data interface follows the communications interface. "1-1:1.0" is the name of interface 0 in configuration 1.
        var data = $"{control[..(control.LastIndexOf('.') + 1)]}{number + 1}";
        var output = Names(data).FirstOrDefault(
            e => e.StartsWith("ep_", StringComparison.Ordinal) && Text(Path.Combine(data, e, "direction")) == "out" && Text(Path.Combine(data, e, "type")) == "Bulk");
        return Text(Path.Combine(data, "bInterfaceClass")) == "0a" && output is not null && Hexadecimal(Path.Combine(data, output, "bEndpointAddress")) is { } endpoint
            ? new SerialFunction(folder, device, Node(nodes, bus, device), (byte)number, (byte)(number + 1), (byte)endpoint)
            : null;
    }

    /// <summary>devnum of the device in a folder, which changes with each enumeration; null if there is none.</summary>
    public static int? DeviceNumberIn(string folder) => Number(Path.Combine(folder, "devnum"));

    private static IEnumerable<string> Names(string folder) =>
        IfReadable<IEnumerable<string>>(() => Directory.GetFileSystemEntries(folder).Select(e => Path.GetFileName(e)).Order(StringComparer.Ordinal)) ?? [];

    /// <summary>Reads what can be gone or forbidden at any moment: a device is unplugged, a process ends, a container hides it.</summary>
    /// <param name="read">Reads it.</param>
    /// <returns>What was read, or null.</returns>
    public static T? IfReadable<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // "1-1.2" is a device, "1-1.2:1.0" one of its interfaces, "usb1" a root hub.
    private static bool IsDevice(string name) => !name.Contains(':') && !name.StartsWith("usb", StringComparison.Ordinal);

    private UsbDeviceInfo? Describe(string name)
    {
        Span<byte> descriptors = stackalloc byte[LargestDescriptors];
        descriptors = descriptors[..Read(Usb(name, "descriptors"), descriptors)];
        return descriptors.Length < DeviceDescriptorSize || Number(Usb(name, "busnum")) is not { } bus || Number(Usb(name, "devnum")) is not { } device
            ? null
            : new UsbDeviceInfo(
                bus,
                device,
                name,
                (ushort)(descriptors[8] | descriptors[9] << 8),
                (ushort)(descriptors[10] | descriptors[11] << 8),
                (ushort)(descriptors[12] | descriptors[13] << 8),
                [.. UsbDescriptors.Interfaces(FirstConfiguration(descriptors[DeviceDescriptorSize..]).ToArray())]);
    }

    // All configurations follow one another; wTotalLength is the length of each.
    private static ReadOnlySpan<byte> FirstConfiguration(ReadOnlySpan<byte> configurations) =>
        configurations.Length < 4 ? [] : configurations[..Math.Min(configurations.Length, configurations[2] | configurations[3] << 8)];

    private SeenDevice? DescribeWithDrivers(string name, List<string> names)
    {
        const string Hub = "09";
        if (Ids(Usb(name)) is not { } id || Text(Usb(name, "bDeviceClass")) == Hub)
        {
            return null;
        }

        var interfaces = names.Where(n => n.StartsWith(name + ":", StringComparison.Ordinal)).ToList();
        return new SeenDevice(id, name, Text(Usb(name, "product")) ?? "")
        {
            IsDfu = interfaces.Any(IsDfuMode),
            Drivers = [.. interfaces.Select(i => Target(Usb(i, "driver"))).OfType<string>().Select(d => Path.GetFileName(d)).Distinct()],
            Node = Number(Usb(name, "busnum")) is { } bus && Number(Usb(name, "devnum")) is { } device ? Node(Nodes, bus, device) : null,
        };
    }

    private bool IsDfuMode(string name) =>
        Hexadecimal(Usb(name, "bInterfaceClass")) is { } c && Hexadecimal(Usb(name, "bInterfaceSubClass")) is { } s && Hexadecimal(Usb(name, "bInterfaceProtocol")) is { } p
        && DfuDescription.IsDfuMode(new UsbInterfaceInfo(0, 0, (byte)c, (byte)s, (byte)p));

    // The consoles tty0 to tty63 are most of the entries, and none has a device.
    private static bool IsConsole(string name) => name.StartsWith("tty", StringComparison.Ordinal) && name.Length > 3 && char.IsAsciiDigit(name[3]);

    private SerialPortInfo? DescribePort(string name)
    {
        // The entry of the class is a link, and its "device" is one, relative to where the first leads.
        var entry = Path.Combine(_tty, name);
        if (Target(Path.Combine(Target(entry) ?? entry, "device")) is not { } device)
        {
            return null;
        }

        // The device of the port is an interface of the USB device, or a port of it; the ids are in the folder of the device itself.
        var port = "/dev/" + name;
        for (var folder = device; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Ids(folder) is { } id)
            {
                return new SerialPortInfo(port, id.Vendor, id.Product, Text(Path.Combine(folder, "serial")), Path.GetFileName(folder))
                {
                    Product = Text(Path.Combine(folder, "product")),
                };
            }
        }

        // Platform ports are listed whether they exist or not (ttyS0 to ttyS31).
        return device.Contains("/platform/", StringComparison.Ordinal) || device.Contains("serial8250", StringComparison.Ordinal)
            ? null
            : new SerialPortInfo(port, null, null, null, null);
    }

    private string Usb(string name, string file = "") => Path.Combine(_usb, name, file);

    private static UsbId? Ids(string folder) =>
        Hexadecimal(Path.Combine(folder, "idVendor")) is { } vendor && Hexadecimal(Path.Combine(folder, "idProduct")) is { } product ? new UsbId(vendor, product) : null;

    private static ushort? Hexadecimal(string file) =>
        ushort.TryParse(Text(file), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static int? Number(string file)
    {
        Span<byte> text = stackalloc byte[LargestText];
        return int.TryParse(text[..Read(file, text)].TrimEnd((byte)'\n'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static string? Text(string file)
    {
        Span<byte> text = stackalloc byte[LargestText];
        return Read(file, text) is > 0 and var length ? Encoding.UTF8.GetString(text[..length]).Trim() : null;
    }

    // 0 bytes for a file that does not exist, or whose device is unplugged at this moment. The sizes that sysfs shows for
    // its files are not the real ones.
    private static int Read(string file, Span<byte> buffer)
    {
        try
        {
            if (!File.Exists(file))
            {
                return 0;
            }

            using var handle = File.OpenHandle(file);
            return RandomAccess.Read(handle, buffer, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static string? Target(string link) => IfReadable(() => new DirectoryInfo(link).ResolveLinkTarget(returnFinalTarget: true))?.FullName;
}

/// <summary>The serial function of a USB device (USB CDC 1.2, abstract control model).</summary>
/// <param name="Folder">The folder of the device in sysfs.</param>
/// <param name="Number">Its devnum, which changes with each enumeration.</param>
/// <param name="Node">The file through which it is opened.</param>
/// <param name="Control">Number of its communications interface.</param>
/// <param name="Data">Number of its data interface.</param>
/// <param name="Out">Address of its bulk OUT endpoint.</param>
internal sealed record SerialFunction(string Folder, int Number, string Node, byte Control, byte Data, byte Out);
