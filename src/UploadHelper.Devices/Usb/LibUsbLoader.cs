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
    public static nint Load()
    {
        var assembly = typeof(LibUsbLoader).Assembly;
        return CarriedLibrary.In(assembly, LibUsbLocation.Windows.Names[0]) is { } carried ? Load(carried) : Load(LibUsbLocation.Here, assembly);
    }

    /// <summary>Loads the user's own library from beside the executable, or else the one that is inside.</summary>
    /// <exception cref="DllNotFoundException">It cannot be unpacked or loaded; the message says what helps.</exception>
    internal static nint Load(CarriedLibrary carried)
    {
        // By its path: a search limited to one folder would look for what the library itself needs only there, too.
        if (NativeLibrary.TryLoad(Path.Combine(AppContext.BaseDirectory, LibUsbLocation.Windows.Names[0]), out var own))
        {
            return own;
        }

        var file = carried.Unpack();
        return NativeLibrary.TryLoad(file, out var library)
            ? library
            : throw new DllNotFoundException($"The system does not load {file}. {LibUsbLocation.Windows.Source}");
    }

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
