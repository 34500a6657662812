using System.Reflection;
using System.Security.Cryptography;

namespace UploadHelper.Devices.Usb;

/// <summary>A native library that the executable carries inside, and that is unpacked when it is first wanted.</summary>
/// <param name="name">The library's file name.</param>
/// <param name="content">What it holds.</param>
/// <param name="cache">The user's folder for what programs can make again.</param>
internal sealed class CarriedLibrary(string name, byte[] content, string cache)
{
    /// <summary>Finds the library in an assembly's resources.</summary>
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

    /// <summary>Has the library in a file: its folder is named after its content, so that versions do not meet.</summary>
    /// <returns>The file's path.</returns>
    /// <exception cref="DllNotFoundException">The file cannot be written; the message says where, and what helps.</exception>
    public string Unpack()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        var folder = Path.Combine(cache, "upload-helper", $"{Path.GetFileNameWithoutExtension(name)}-{hash[..16]}");
        var file = Path.Combine(folder, name);
        try
        {
            if (!IsThere(file))
            {
                Write(folder, file);
            }

            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DllNotFoundException(
                $"The library {name}, which this program carries, cannot be unpacked to {folder}: {e.Message} "
                + $"Let that folder be written, or put {name} beside upload-helper.exe.",
                e);
        }
    }

    // Whole or not at all, also when two programs do it at once: then the second finds it there.
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
            if (!IsThere(file))
            {
                throw;
            }
        }
    }

    private bool IsThere(string file) => File.Exists(file) && File.ReadAllBytes(file).AsSpan().SequenceEqual(content);
}
