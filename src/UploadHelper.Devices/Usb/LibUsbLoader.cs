using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb;

/// <summary>Finds and loads libusb-1.0.</summary>
internal static class LibUsbLoader
{
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

    /// <summary>Loads the library of this system.</summary>
    /// <exception cref="DllNotFoundException">It is missing; the message says where to get it.</exception>
    public static nint Load()
    {
        var assembly = typeof(LibUsbLoader).Assembly;
        return CarriedLibrary.In(assembly, LibUsbLocation.Windows.Names[0]) is { } carried ? Load(carried) : Load(LibUsbLocation.Here, assembly);
    }

    /// <summary>The version of the library (libusb_get_version, since 1.0.10).</summary>
    /// <returns>For example 1.0.26; null if the library is older than that function.</returns>
    /// <exception cref="DllNotFoundException">The library is missing; the message says where to get it.</exception>
    public static unsafe Version? ReadVersion()
    {
        if (!NativeLibrary.TryGetExport(Load(), "libusb_get_version", out var function))
        {
            return null;
        }

        // struct libusb_version begins with major, minor and micro, 16 bits each.
        var version = ((delegate* unmanaged<ushort*>)function)();
        return new Version(version[0], version[1], version[2]);
    }

    /// <summary>Loads the user's own library from the folder of the executable, or else the one inside the executable.</summary>
    /// <exception cref="DllNotFoundException">It cannot be unpacked or loaded; the message says what to do.</exception>
    internal static nint Load(CarriedLibrary carried)
    {
        // By its path: with a search limited to one folder, the libraries that it needs itself would be searched only there.
        if (NativeLibrary.TryLoad(Path.Combine(AppContext.BaseDirectory, LibUsbLocation.Windows.Names[0]), out var own))
        {
            return own;
        }

        var file = carried.Unpack();
        return NativeLibrary.TryLoad(file, out var library)
            ? library
            : throw new DllNotFoundException($"Cannot load {file}. {LibUsbLocation.Windows.Source}");
    }

    /// <summary>Loads the first library of a system that exists.</summary>
    /// <exception cref="DllNotFoundException">None exists; the message says where to get it.</exception>
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
    /// the working folder (that of an opened sketch) or from the PATH.
    /// </summary>
    public static LibUsbLocation Windows { get; } = new(
        ["libusb-1.0.dll"],
        "Put libusb-1.0.dll beside upload-helper.exe; download it from https://libusb.info.",
        DllImportSearchPath.ApplicationDirectory | DllImportSearchPath.System32);

    /// <summary>This system.</summary>
    public static LibUsbLocation Here { get; } = OperatingSystem.IsWindows() ? Windows : OperatingSystem.IsMacOS() ? Mac : Linux;
}

/// <summary>A native library inside the executable, which is unpacked at its first use.</summary>
/// <param name="name">The file name of the library.</param>
/// <param name="content">The bytes of the library.</param>
/// <param name="cache">The user's folder for files that programs can create again.</param>
internal sealed class CarriedLibrary(string name, byte[] content, string cache)
{
    /// <summary>Finds the library in the resources of an assembly.</summary>
    /// <returns>Null if the assembly was built without it.</returns>
    public static CarriedLibrary? In(Assembly assembly, string name)
    {
        using var resource = assembly.GetManifestResourceStream(name);
        if (resource is null)
        {
            return null;
        }

        var content = new byte[resource.Length];
        resource.ReadExactly(content);
        return new CarriedLibrary(name, content, Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData));
    }

    /// <summary>Makes sure that the library is in a file. The folder is named after the content, so that each version has its own.</summary>
    /// <returns>The path of the file.</returns>
    /// <exception cref="DllNotFoundException">The file cannot be written; the message says where, and what to do.</exception>
    public string Unpack()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        var folder = Path.Combine(cache, "upload-helper", $"{Path.GetFileNameWithoutExtension(name)}-{hash[..16]}");
        var file = Path.Combine(folder, name);
        try
        {
            if (!IsUnpacked(file))
            {
                Write(folder, file);
            }

            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DllNotFoundException(
                $"Cannot unpack the library {name} to {folder}: {e.Message} Make that folder writable, or put {name} beside upload-helper.exe.", e);
        }
    }

    // All of it or nothing, also when two programs do this at once: then the second finds the file of the first.
    private void Write(string folder, string file)
    {
        Directory.CreateDirectory(folder);
        var unfinished = Path.Combine(folder, Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(unfinished, content);
            File.Move(unfinished, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(unfinished);
            if (!IsUnpacked(file))
            {
                throw;
            }
        }
    }

    private bool IsUnpacked(string file) => new FileInfo(file) is { Exists: true } info && info.Length == content.Length && File.ReadAllBytes(file).AsSpan().SequenceEqual(content);
}
