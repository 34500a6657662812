using Microsoft.Extensions.Configuration;

namespace UploadHelper.Configuration;

/// <summary>Reads a configuration file. Apart from the loader, so that a run without a file loads no JSON provider.</summary>
internal static class JsonSettings
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidDataException">It is not valid JSON.</exception>
    public static IConfiguration Read(string path) => new ConfigurationBuilder()
        .AddJsonFile(Path.GetFullPath(path), optional: false, reloadOnChange: false)
        .Build();
}
