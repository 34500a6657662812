using System.Reflection;
using System.Runtime.InteropServices;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb;

/// <summary>Finds libusb-1.0 where the systems keep it.</summary>
internal static class LibUsbLoader
{
    /// <summary>Calls into libusb, and explains it if there is none.</summary>
    /// <exception cref="UsbException">There is none, and the message says where to get it.</exception>
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

    /// <summary>Loads this system's library.</summary>
    /// <exception cref="DllNotFoundException">None is there; the message says where to get it.</exception>
    public static nint Load() => Load(LibUsbLocation.Here, typeof(LibUsbLoader).Assembly);

    /// <summary>Loads the first of a system's libraries that there is.</summary>
    /// <exception cref="DllNotFoundException">None is there; the message says where to get it.</exception>
    internal static nint Load(LibUsbLocation location, Assembly assembly)
    {
        foreach (var name in location.Names)
        {
            if (NativeLibrary.TryLoad(name, assembly, location.Search, out var library))
            {
                return library;
            }
        }

        throw new DllNotFoundException($"The library libusb-1.0 was not found (tried {string.Join(", ", location.Names)}). {location.Source}");
    }
}
