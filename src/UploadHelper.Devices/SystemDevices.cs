using System.Buffers.Binary;
using System.Runtime.InteropServices;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Linux;
using UploadHelper.Devices.Serial;
using UploadHelper.Devices.Usb.Windows;
using UploadHelper.Devices.Windows;

namespace UploadHelper.Devices;

/// <summary>The devices of this machine, through the USB layer that the build selected. Native libraries are loaded at their first use.</summary>
/// <param name="time">The clock for the time limits of serial lines.</param>
public sealed partial class SystemDevices(TimeProvider time)
{
    /// <summary>The USB devices.</summary>
    public IUsbBus Usb { get; } = OpenUsb();

    /// <summary>The serial ports.</summary>
    public ISerialPorts SerialPorts { get; } = WithoutTerminals(Terminals(), time);

    /// <summary>The drivers that are bound to a device; null where this is unknown.</summary>
    public static IReadOnlyList<string>? DriversOf(UsbDeviceInfo device) =>
        OperatingSystem.IsLinux() ? new Sysfs("/sys").DevicesWithDrivers().FirstOrDefault(d => d.Path == device.Path)?.Drivers
        : OperatingSystem.IsWindows() ? [.. WindowsCatalogue.OfThisMachine.Devices().Where(d => d.Id == device.Id).SelectMany(d => d.Drivers).Distinct()]
        : null;

    private static partial IUsbBus OpenUsb();

    private static IUsbBus WithLibUsb0(IUsbBus libusb) =>
        OperatingSystem.IsWindows() ? new WindowsUsbBus(libusb, new LibUsb0Bus(), LibUsb0Bus.BusNumber) : libusb;

    /// <summary>The serial ports, each opened through the system's serial driver.</summary>
    internal static ISerialPorts Terminals() => new SystemSerialPorts(PortList());

    private static ISerialPorts WithoutTerminals(ISerialPorts ports, TimeProvider time) =>
        OperatingSystem.IsLinux() && new Sysfs("/sys") is { HasUsb: true } sysfs ? new UsbSerialPorts(ports, sysfs, "/proc", time) : ports;

    private static Func<IReadOnlyList<SerialPortInfo>> PortList() =>
        OperatingSystem.IsWindows() ? WindowsCatalogue.OfThisMachine.SerialPorts
        : OperatingSystem.IsMacOS() ? MacPorts
        : new Sysfs("/sys").SerialPorts;

    // "cu." is the side of a port that opens without waiting for a carrier. macOS shows no USB ids with these names.
    private static IReadOnlyList<SerialPortInfo> MacPorts() =>
        [.. Directory.EnumerateFiles("/dev", "cu.*").Order(StringComparer.Ordinal).Select(p => new SerialPortInfo(p, null, null, null, null))];
}

/// <summary>What this system knows of files and descriptors, and .NET does not say.</summary>
public static partial class SystemFiles
{
    private const string Library = "libc";

    /// <summary>
    /// Whether the caller of this process opened a descriptor. If the caller has closed one of the three standard descriptors,
    /// its number is free, and the first that .NET opens for itself gets it: a pipe for signals, say, to which nothing may be written.
    /// </summary>
    /// <param name="descriptor">0 to 2.</param>
    public static bool IsInherited(int descriptor)
    {
        const int GetFlags = 1; // F_GETFD
        const int CloseOnExec = 1; // FD_CLOEXEC

        // What came through exec cannot have the flag that closes it there; what .NET opens has it.
        return OperatingSystem.IsWindows() || (Fcntl(descriptor, GetFlags) is >= 0 and var flags && (flags & CloseOnExec) == 0);
    }

    /// <summary>Whether a name is free or that of a file on a disk, and not of a device or a pipe, in whose place no file may be put.</summary>
    public static bool IsFileOrNothing(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return !Path.GetFileNameWithoutExtension(path).Equals("NUL", StringComparison.OrdinalIgnoreCase) && !path.StartsWith(@"\\.\", StringComparison.Ordinal);
        }

        // /dev/stdout is a link to a file that the caller has open, if the output goes there.
        return !File.Exists(path)
            || (!path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/proc/", StringComparison.Ordinal) && (!OperatingSystem.IsLinux() || IsRegular(path)));
    }

    private static bool IsRegular(string path)
    {
        const int CurrentFolder = -100; // AT_FDCWD
        const uint TypeField = 1; // STATX_TYPE
        const int ModeAt = 28; // stx_mode follows mask, block size, attributes, links, user and group (linux/stat.h).
        const int TypeMask = 0xF000; // S_IFMT
        const int Regular = 0x8000; // S_IFREG
        var found = new byte[256];
        return Statx(CurrentFolder, path, 0, TypeField, found) != 0 || (BinaryPrimitives.ReadUInt16LittleEndian(found.AsSpan(ModeAt)) & TypeMask) == Regular;
    }

    [LibraryImport(Library, EntryPoint = "fcntl")]
    private static partial int Fcntl(int descriptor, int command);

    [LibraryImport(Library, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, [Out] byte[] found);
}
