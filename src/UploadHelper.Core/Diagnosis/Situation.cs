using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Diagnosis;

/// <summary>What decides on access to boards on a machine. Collected without opening any board.</summary>
/// <param name="UsbLibrary">The library for USB devices.</param>
public sealed record Situation(UsbLibraryState UsbLibrary)
{
    /// <summary>The USB devices; not all of them need be boards.</summary>
    public IReadOnlyList<SeenDevice> Devices { get; init; } = [];

    /// <summary>What is plugged in and does not answer while the computer reads its descriptors, so that it is no device of <see cref="Devices"/>.</summary>
    public IReadOnlyList<SilentDevice> Silent { get; init; } = [];

    /// <summary>The serial ports.</summary>
    public IReadOnlyList<SeenPort> Ports { get; init; } = [];

    /// <summary>The Arduino cores for STM32.</summary>
    public IReadOnlyList<SeenCore> Cores { get; init; } = [];

    /// <summary>What exists only on Linux; null elsewhere.</summary>
    public LinuxState? Linux { get; init; }

    /// <summary>Whether a device works only with the right driver, as on Windows.</summary>
    public bool BindsDrivers { get; init; }
}

/// <summary>A USB device as the operating system knows it, without opening it and without libusb.</summary>
/// <param name="Id">idVendor and idProduct.</param>
/// <param name="Path">Where it is plugged in, as <see cref="UsbDeviceInfo.Path"/>; "" where the system does not know it.</param>
/// <param name="Name">Its product string, or what the system calls it; "" if there is none.</param>
public sealed record SeenDevice(UsbId Id, string Path, string Name)
{
    /// <summary>Whether it is in DFU mode.</summary>
    public bool IsDfu { get; init; }

    /// <summary>Whether it is in DFU mode but does not respond: its bootloader has most likely started a sketch without USB.</summary>
    public bool IsGhost { get; init; }

    /// <summary>The drivers that are bound to its interfaces ("usbfs", "cdc_acm", "WinUSB"); empty if there are none.</summary>
    public IReadOnlyList<string> Drivers { get; init; } = [];

    /// <summary>Whether this user may open it.</summary>
    public Access Access { get; init; }

    /// <summary>The file through which it is opened (Linux), or null.</summary>
    public string? Node { get; init; }

    /// <summary>The processes that are known to have it open.</summary>
    public IReadOnlyList<Holder> Holders { get; init; } = [];
}

/// <summary>Something on USB that did not answer when it was plugged in or reset.</summary>
/// <param name="Path">Where it is plugged in, as <see cref="UsbDeviceInfo.Path"/>; "" where the system does not know it.</param>
/// <param name="Report">How the system reports it, for example "device descriptor read/64, error -71".</param>
/// <param name="Ago">How long ago; null if it is so now.</param>
public sealed record SilentDevice(string Path, string Report, TimeSpan? Ago);

/// <summary>A serial port, and whether it can be used.</summary>
/// <param name="Port">The port.</param>
public sealed record SeenPort(SerialPortInfo Port)
{
    /// <summary>Whether this user may open it.</summary>
    public Access Access { get; init; }

    /// <summary>The group whose members may open it (Linux), or null if unknown.</summary>
    public string? Group { get; init; }

    /// <summary>The processes that are known to have it open.</summary>
    public IReadOnlyList<Holder> Holders { get; init; } = [];
}

/// <summary>An Arduino core for STM32.</summary>
/// <param name="Name">Its name in platform.txt.</param>
/// <param name="Folder">The folder of platform.txt.</param>
/// <param name="HasOverlay">Whether its Upload button uses upload-helper.</param>
public sealed record SeenCore(string Name, string Folder, bool HasOverlay);

/// <summary>Whether this user may open something.</summary>
public enum Access
{
    /// <summary>Unknown without trying.</summary>
    Unknown,

    /// <summary>Yes.</summary>
    Granted,

    /// <summary>No.</summary>
    Denied,
}

/// <summary>A process that has something open.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name.</param>
public sealed record Holder(int Id, string Name);

/// <summary>Whether the udev rules are installed.</summary>
public enum UdevRulesState
{
    /// <summary>They are not installed.</summary>
    Missing,

    /// <summary>A file with their name has other rules: those of another version, or changed ones.</summary>
    Other,

    /// <summary>They are installed.</summary>
    Installed,
}

/// <summary>The user of this program, and what decides on access to boards on a Linux system.</summary>
/// <param name="User">Name of the user.</param>
/// <param name="IsRoot">Whether the user is root, who may open everything.</param>
/// <param name="Rules">The udev rules.</param>
public sealed record LinuxState(string User, bool IsRoot, UdevRulesState Rules)
{
    /// <summary>Whether the user is logged in over the network: the tag "uaccess" gives rights only to users at the machine.</summary>
    public bool IsRemote { get; init; }

    /// <summary>Whether the kernel shows a USB bus.</summary>
    public bool HasUsb { get; init; } = true;

    /// <summary>Whether udev is running.</summary>
    public bool UdevRuns { get; init; } = true;

    /// <summary>Whether this user may read the kernel's log, the only place that reports devices that do not answer.</summary>
    public Access KernelLog { get; init; }

    /// <summary>Whether ModemManager is running, which probes each new serial port for a modem.</summary>
    public bool ModemManagerRuns { get; init; }

    /// <summary>The groups that this process has.</summary>
    public IReadOnlyList<string> SessionGroups { get; init; } = [];

    /// <summary>The groups that list the user as a member; a session gets them when it starts.</summary>
    public IReadOnlyList<string> MemberOf { get; init; } = [];
}

/// <summary>Whether the library for USB devices works.</summary>
/// <param name="Version">Its version, or "" if it does not report one; null if it is missing or does not start.</param>
/// <param name="Problem">What is wrong, and where to get the library; null if it works.</param>
public sealed record UsbLibraryState(string? Version, string? Problem)
{
    /// <summary>Whether it is the one inside the executable, not one of the system's.</summary>
    public bool IsCarried { get; init; }
}
