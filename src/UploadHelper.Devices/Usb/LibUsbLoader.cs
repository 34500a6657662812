using System.Runtime.InteropServices;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Libraries;

namespace UploadHelper.Devices.Usb;

/// <summary>Finds and loads libusb-1.0.</summary>
internal static class LibUsbLoader
{
    /// <summary>The library of this system, or else the one inside the executable.</summary>
    public static Lazy<nint> Library { get; } = CarriedLibrary.Once(() => Load(LibUsbLocation.Here, CarriedLibrary.Find(LibUsbLocation.Here.Names[0])));

    /// <summary>Whether <see cref="Library"/> was loaded from inside the executable.</summary>
    public static bool IsCarried { get; private set; }

    /// <summary>Calls libusb, and explains where to get it if it is missing.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.LibraryMissing"/>; the message says where to get it.</exception>
    public static T Call<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (DllNotFoundException e)
        {
            throw new UsbException(UsbFault.LibraryMissing, e.Message, e);
        }
    }

    /// <summary>The version of the library (libusb_get_version, since 1.0.10).</summary>
    /// <returns>For example 1.0.26; null if the library is older than that function.</returns>
    /// <exception cref="DllNotFoundException">The library is missing; the message says where to get it.</exception>
    public static unsafe Version? ReadVersion()
    {
        if (!NativeLibrary.TryGetExport(Library.Value, "libusb_get_version", out var function))
        {
            return null;
        }

        // struct libusb_version begins with major, minor and micro, 16 bits each.
        var version = ((delegate* unmanaged<ushort*>)function)();
        return new Version(version[0], version[1], version[2]);
    }

    /// <summary>Loads the first library of a system that exists, or else the one inside the executable.</summary>
    /// <exception cref="DllNotFoundException">There is none that can be loaded; the message says where to get it.</exception>
    internal static nint Load(LibUsbLocation location, CarriedLibrary? carried)
    {
        foreach (var name in carried is null ? location.Names : location.BeforeCarried)
        {
            if (NativeLibrary.TryLoad(name, typeof(LibUsbLoader).Assembly, Path.IsPathRooted(name) ? null : location.Search, out var library))
            {
                return library;
            }
        }

        if (carried is null)
        {
            throw new DllNotFoundException($"The library libusb-1.0 was not found (tried {string.Join(", ", location.Names)}). {location.Source}");
        }

        var inside = carried.Load(location.Source);
        IsCarried = true;
        return inside;
    }
}

/// <summary>Where a system keeps libusb-1.0.</summary>
/// <param name="Names">File names or paths, in the order in which they are tried.</param>
/// <param name="Source">Where users get it, as a sentence.</param>
/// <param name="Search">The folders in which a file name is searched; null leaves it to the system.</param>
internal sealed record LibUsbLocation(string[] Names, string Source, DllImportSearchPath? Search = null)
{
    /// <summary>Linux.</summary>
    public static LibUsbLocation Linux { get; } = new(
        ["libusb-1.0.so.0", "libusb-1.0.so"],
        "It is in the package libusb-1.0-0 (Debian, Ubuntu: apt install libusb-1.0-0) or libusb1 (Fedora: dnf install libusb1).");

    /// <summary>macOS; Homebrew has one folder on Apple silicon and another on Intel.</summary>
    public static LibUsbLocation Mac { get; } = new(
        ["libusb-1.0.dylib", "/opt/homebrew/lib/libusb-1.0.dylib", "/usr/local/lib/libusb-1.0.dylib"],
        "Install it with Homebrew: brew install libusb.");

    /// <summary>
    /// Windows: the folder of the executable or System32. The system's own search would also load a file of that name from
    /// the working folder (that of an opened sketch) or from the PATH. System32 can have any version, from any program, so the
    /// one inside the executable comes before it.
    /// </summary>
    public static LibUsbLocation Windows { get; } = new(
        ["libusb-1.0.dll"],
        "Put libusb-1.0.dll beside upload-helper.exe; download it from https://libusb.info.",
        DllImportSearchPath.ApplicationDirectory | DllImportSearchPath.System32)
    {
        // By its path: with a search limited to one folder, the libraries that it needs itself would be searched only there.
        BeforeCarried = [Path.Combine(AppContext.BaseDirectory, "libusb-1.0.dll")],
    };

    /// <summary>The names that are tried before the library inside the executable, if there is one.</summary>
    public string[] BeforeCarried { get; init; } = Names;

    /// <summary>This system.</summary>
    public static LibUsbLocation Here { get; } = OperatingSystem.IsWindows() ? Windows : OperatingSystem.IsMacOS() ? Mac : Linux;
}
