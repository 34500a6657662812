using System.Runtime.InteropServices;

namespace UploadHelper.Devices.Usb;

/// <summary>Where a system keeps libusb-1.0.</summary>
/// <param name="Names">File names or paths, in the order in which they are tried.</param>
/// <param name="Source">Where its users get it, told in a sentence.</param>
/// <param name="Search">The folders that a file name is looked for in; null leaves it to the system.</param>
internal sealed record LibUsbLocation(string[] Names, string Source, DllImportSearchPath? Search = null)
{
    /// <summary>Linux.</summary>
    public static LibUsbLocation Linux { get; } = new(
        ["libusb-1.0.so.0", "libusb-1.0.so"],
        "It comes with the package libusb-1.0-0 (Debian, Ubuntu: apt install libusb-1.0-0) or libusb1 (Fedora: dnf install libusb1).");

    /// <summary>macOS; Homebrew has one folder on Apple silicon and another on Intel.</summary>
    public static LibUsbLocation Mac { get; } = new(
        ["libusb-1.0.dylib", "/opt/homebrew/lib/libusb-1.0.dylib", "/usr/local/lib/libusb-1.0.dylib"],
        "It comes with Homebrew: brew install libusb.");

    /// <summary>
    /// Windows: beside the executable or in System32. Left to the system, a file of that name in the working folder
    /// (an opened sketch's) or on the PATH would be loaded as well.
    /// </summary>
    public static LibUsbLocation Windows { get; } = new(
        ["libusb-1.0.dll"],
        "Put libusb-1.0.dll beside upload-helper.exe; it is to be had from https://libusb.info.",
        DllImportSearchPath.ApplicationDirectory | DllImportSearchPath.System32);

    /// <summary>This system.</summary>
    public static LibUsbLocation Here { get; } = OperatingSystem.IsWindows() ? Windows : OperatingSystem.IsMacOS() ? Mac : Linux;
}
