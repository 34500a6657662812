using System.Reflection;
using System.Runtime.InteropServices;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb;

/// <summary>Finds libusb-1.0 where the systems keep it.</summary>
internal static class LibUsbLoader
{
    private static readonly string[] Names =
        OperatingSystem.IsWindows() ? ["libusb-1.0.dll"]
        : OperatingSystem.IsMacOS() ? ["libusb-1.0.dylib", "/opt/homebrew/lib/libusb-1.0.dylib", "/usr/local/lib/libusb-1.0.dylib"]
        : ["libusb-1.0.so.0", "libusb-1.0.so"];

    /// <summary>Lets the imports find the library. The runtime keeps one resolver an assembly, so this is called once, by its class.</summary>
    static LibUsbLoader() => NativeLibrary.SetDllImportResolver(
        typeof(LibUsb).Assembly, (name, assembly, _) => name == LibUsb.Library ? Load(Names, assembly) : 0);

    /// <summary>Calls into libusb, and explains it if there is none.</summary>
    /// <exception cref="UsbException"><see cref="UsbFault.LibraryMissing"/>.</exception>
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

    /// <summary>Loads the first of the libraries that there is.</summary>
    /// <exception cref="DllNotFoundException">None is there; the message says how to install it.</exception>
    internal static nint Load(string[] names, Assembly assembly)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, assembly, null, out var library))
            {
                return library;
            }
        }

        throw new DllNotFoundException(
            $"The library libusb-1.0 was not found (tried {string.Join(", ", names)}). "
            + "Debian, Ubuntu: apt install libusb-1.0-0. Fedora: dnf install libusb1. macOS: brew install libusb. "
            + "Windows: put libusb-1.0.dll beside upload-helper.exe.");
    }
}
