using System.Runtime.InteropServices;

namespace UploadHelper.Devices.Usb;

/// <summary>The version of the library.</summary>
internal static class LibUsbVersion
{
    /// <summary>Asks libusb (libusb_get_version, since 1.0.10).</summary>
    /// <returns>"1.0.26", or "" if it does not tell.</returns>
    /// <exception cref="DllNotFoundException">There is no library; the message says where to get it.</exception>
    public static unsafe string Read()
    {
        if (!NativeLibrary.TryGetExport(LibUsbLoader.Load(), "libusb_get_version", out var function))
        {
            return "";
        }

        // struct libusb_version begins with major, minor and micro, 16 bits each.
        var version = ((delegate* unmanaged<ushort*>)function)();
        return $"{version[0]}.{version[1]}.{version[2]}";
    }
}
