using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace UploadHelper.Devices.Libraries;

/// <summary>
/// A native library inside the executable. Linux loads it from memory. Where that is not allowed, and on macOS, it is written
/// to a new folder that only this user may enter, and deleted as soon as it is loaded. Windows cannot delete a loaded library,
/// so there it stays in the user's folder for later runs.
/// </summary>
/// <param name="name">The file name of the library.</param>
/// <param name="content">The bytes of the library.</param>
/// <param name="folders">The folders in which it may be written, in the order in which they are tried.</param>
/// <param name="fromMemory">Whether to try memory first: Linux only.</param>
internal sealed partial class CarriedLibrary(string name, byte[] content, IReadOnlyList<string> folders, bool fromMemory)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Finds a library among the resources of the executable.</summary>
    /// <returns>Null if the executable was built without it.</returns>
    public static CarriedLibrary? Find(string name) => In(Assembly.GetEntryAssembly(), name);

    /// <summary>Makes the imports of an assembly find a library. The runtime allows an assembly one call.</summary>
    /// <param name="importer">The assembly.</param>
    /// <param name="import">The library's name in its imports.</param>
    /// <param name="library">Loads it, or returns 0 to leave it to the system.</param>
    public static void Resolve(Assembly importer, string import, Lazy<nint> library) =>
        NativeLibrary.SetDllImportResolver(importer, (wanted, _, _) => wanted == import ? library.Value : 0);

    /// <summary>Loads a library once: the runtime asks again for each function, and what is loaded from memory twice is in the process twice.</summary>
    public static Lazy<nint> Once(Func<nint> load) => new(load, LazyThreadSafetyMode.PublicationOnly);

    /// <summary>Loads the library.</summary>
    /// <param name="remedy">What the user can do instead, as sentences, for the message of the error.</param>
    /// <exception cref="DllNotFoundException">It cannot be loaded; the message says what was tried, and what to do.</exception>
    public nint Load(string remedy)
    {
        var failures = new List<string>();
        if (fromMemory)
        {
            if (LoadFromMemory(out var why) is not 0 and var library)
            {
                return library;
            }

            failures.Add($"from memory: {why}");
        }

        foreach (var folder in folders)
        {
            try
            {
                return OperatingSystem.IsWindows() ? NativeLibrary.Load(Unpack(folder)) : LoadAndDelete(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or DllNotFoundException or BadImageFormatException)
            {
                failures.Add($"from {folder}: {FirstLine(e)}");
            }
        }

        throw new DllNotFoundException($"Cannot load the library {name}, which upload-helper contains ({string.Join("; ", failures)}). {remedy}");
    }

    internal static CarriedLibrary? In(Assembly? assembly, string name)
    {
        using var resource = assembly?.GetManifestResourceStream(name);
        if (resource is null)
        {
            return null;
        }

        var content = new byte[resource.Length];
        resource.ReadExactly(content);
        return new CarriedLibrary(name, content, Folders(), OperatingSystem.IsLinux());
    }

    /// <summary>Makes sure that the library is in a file, in a folder that is named after the content, so that each version has its own.</summary>
    /// <returns>The path of the file.</returns>
    internal string Unpack(string parent)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        var folder = Path.Combine(parent, "upload-helper", $"{Path.GetFileNameWithoutExtension(name)}-{hash[..16]}");
        var file = Path.Combine(folder, name);
        if (!IsUnpacked(file))
        {
            Write(folder, file);
        }

        return file;
    }

    // A folder for temporary files can be on a file system from which nothing may be executed. Windows has a folder for each user.
    private static IReadOnlyList<string> Folders()
    {
        var own = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return OperatingSystem.IsWindows()
            ? [own]
            : [.. ((string?[])[Path.GetTempPath(), Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"), own]).OfType<string>().Where(f => f.Length > 0)];
    }

    // The loader's message has a line for each place in which it looked, or says the same as several sentences.
    private static string FirstLine(Exception e) => e.Message.Split('\n')[0].Trim().TrimEnd('.');

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

    [UnsupportedOSPlatform("windows")]
    private nint LoadAndDelete(string parent)
    {
        // In such a folder others could put a folder of theirs in the place of this one.
        const UnixFileMode Others = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        var mode = File.GetUnixFileMode(parent);
        if ((mode & Others) != 0 && (mode & UnixFileMode.StickyBit) == 0)
        {
            throw new IOException("other users can write there");
        }

        var folder = Directory.CreateDirectory(Path.Combine(parent, "upload-helper-" + Path.GetRandomFileName()), Private);
        try
        {
            var file = Path.Combine(folder.FullName, name);
            using (var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Private }))
            {
                stream.Write(content);
            }

            return NativeLibrary.Load(file);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private nint LoadFromMemory(out string why)
    {
        const uint CloseOnExec = 1; // MFD_CLOEXEC of linux/memfd.h
        const uint MayExecute = 0x10; // MFD_EXEC, since Linux 6.3; an older one refuses it
        var descriptor = CreateMemoryFile(name, CloseOnExec | MayExecute);
        if (descriptor < 0)
        {
            descriptor = CreateMemoryFile(name, CloseOnExec);
        }

        if (descriptor < 0)
        {
            why = Marshal.GetLastPInvokeErrorMessage();
            return 0;
        }

        // It stays open with the library: the loader knows what it has loaded by its path, and would take the next file with this
        // number for the same library.
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            RandomAccess.Write(file, content, 0);
            var library = NativeLibrary.Load($"/proc/self/fd/{descriptor}");
            file.SetHandleAsInvalid();
            why = "";
            return library;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DllNotFoundException or BadImageFormatException)
        {
            file.Dispose();
            why = FirstLine(e);
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);
}
