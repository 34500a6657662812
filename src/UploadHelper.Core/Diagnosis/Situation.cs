using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Diagnosis;

/// <summary>What was found on a machine, as far as it matters to reaching boards. Gathered without opening any board.</summary>
/// <param name="UsbLibrary">The library that reaches USB devices.</param>
public sealed record Situation(UsbLibraryState UsbLibrary)
{
    /// <summary>The USB devices; those that are no boards may be among them.</summary>
    public IReadOnlyList<SeenDevice> Devices { get; init; } = [];

    /// <summary>The serial ports.</summary>
    public IReadOnlyList<SeenPort> Ports { get; init; } = [];

    /// <summary>The Arduino cores for STM32.</summary>
    public IReadOnlyList<SeenCore> Cores { get; init; } = [];

    /// <summary>What there is only on Linux; null elsewhere.</summary>
    public LinuxState? Linux { get; init; }

    /// <summary>Whether drivers are bound to devices by hand, as on Windows.</summary>
    public bool BindsDrivers { get; init; }
}

/// <summary>A USB device as the operating system knows it, without opening it and without libusb.</summary>
/// <param name="Id">idVendor and idProduct.</param>
/// <param name="Path">Where it is plugged in, as <see cref="UsbDeviceInfo.Path"/>; "" where the system does not tell.</param>
/// <param name="Name">Its product string, or what the system calls it; "" if there is none.</param>
public sealed record SeenDevice(UsbId Id, string Path, string Name)
{
    /// <summary>Whether it is in DFU mode.</summary>
    public bool IsDfu { get; init; }

    /// <summary>The drivers that hold its interfaces ("usbfs", "cdc_acm", "WinUSB"); none if nothing does.</summary>
    public IReadOnlyList<string> Drivers { get; init; } = [];

    /// <summary>Whether this user may open it.</summary>
    public Access Access { get; init; }

    /// <summary>The file that is opened for it (Linux), or null.</summary>
    public string? Node { get; init; }

    /// <summary>The processes that are known to have it open.</summary>
    public IReadOnlyList<Holder> Holders { get; init; } = [];
}

/// <summary>A serial port, and whether it can be used.</summary>
/// <param name="Port">The port.</param>
public sealed record SeenPort(SerialPortInfo Port)
{
    /// <summary>Whether this user may open it.</summary>
    public Access Access { get; init; }

    /// <summary>The group whose members may open it (Linux), or null where it is not known.</summary>
    public string? Group { get; init; }

    /// <summary>The processes that are known to have it open.</summary>
    public IReadOnlyList<Holder> Holders { get; init; } = [];
}

/// <summary>An Arduino core for STM32.</summary>
/// <param name="Name">What its platform.txt calls it.</param>
/// <param name="Folder">The folder of its platform.txt.</param>
/// <param name="HasOverlay">Whether its Upload leads to upload-helper.</param>
public sealed record SeenCore(string Name, string Folder, bool HasOverlay);

/// <summary>Whether this user may open something.</summary>
public enum Access
{
    /// <summary>It is not known without trying.</summary>
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

/// <summary>Whether the udev rules are there.</summary>
public enum UdevRulesState
{
    /// <summary>They are not.</summary>
    Missing,

    /// <summary>Others are there under their name: of another version, or changed.</summary>
    Other,

    /// <summary>They are.</summary>
    Installed,
}

/// <summary>Who runs this program, and what on a Linux system decides on access to boards.</summary>
/// <param name="User">Name of the user.</param>
/// <param name="IsRoot">Whether it is root, who may do anything.</param>
/// <param name="Rules">The udev rules.</param>
public sealed record LinuxState(string User, bool IsRoot, UdevRulesState Rules)
{
    /// <summary>Whether the user came over the network: the tag "uaccess" gives rights only to who sits at the machine.</summary>
    public bool IsRemote { get; init; }

    /// <summary>Whether udev runs.</summary>
    public bool UdevRuns { get; init; } = true;

    /// <summary>Whether ModemManager runs, which asks each new serial port whether it is a modem.</summary>
    public bool ModemManagerRuns { get; init; }

    /// <summary>The groups that this process has.</summary>
    public IReadOnlyList<string> SessionGroups { get; init; } = [];

    /// <summary>The groups that name the user as a member; a session gets them when it begins.</summary>
    public IReadOnlyList<string> MemberOf { get; init; } = [];
}

/// <summary>Whether the library that reaches USB devices works.</summary>
/// <param name="Version">Its version, or "" if it does not tell; null if there is no library, or it does not start.</param>
/// <param name="Trouble">Why there is none, and where to get it; null if it works.</param>
public sealed record UsbLibraryState(string? Version, string? Trouble);
