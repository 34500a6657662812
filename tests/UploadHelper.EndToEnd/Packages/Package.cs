using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Packages;

/// <summary>One archive of scripts/package.sh, as the index names it, and what Boards Manager does with it.</summary>
/// <param name="Index">The whole index.</param>
/// <param name="System">Its entry for one host.</param>
internal sealed record Package(JsonElement Index, JsonElement System)
{
    public const string Version = "9.8.7";

    private static readonly string Folder = Repository.PathOf("artifacts", "packages");

    public JsonElement Tool => Index.GetProperty("packages")[0].GetProperty("tools").EnumerateArray().Single();

    public string Archive => Path.Combine(Folder, System.GetProperty("archiveFileName").GetString()!);

    /// <summary>Runs the script.</summary>
    public static ProcessRun Make(params string[] options) => ProcessRun.Of(Repository.PathOf("scripts", "package.sh"), [Version, .. options]);

    /// <summary>The archive of a host.</summary>
    public static Package For(string host)
    {
        var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "package_upload-helper_index.json"))).RootElement;
        var systems = index.GetProperty("packages")[0].GetProperty("tools")[0].GetProperty("systems").EnumerateArray();
        return new Package(index, systems.Single(s => s.GetProperty("host").GetString() == host));
    }

    /// <summary>
    /// Installs it as Boards Manager does: size and checksum of the file must be those of the index, and the one folder
    /// in it becomes the tool's folder.
    /// </summary>
    /// <param name="target">A folder that is not there yet.</param>
    public void Install(string target)
    {
        var bytes = File.ReadAllBytes(Archive);
        Assert.Equal(System.GetProperty("size").GetString(), $"{bytes.Length}");
        Assert.Equal(System.GetProperty("checksum").GetString(), $"SHA-256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}");
        var unpacked = Directory.CreateTempSubdirectory("package");
        if (Archive.EndsWith(".zip", StringComparison.Ordinal))
        {
            ZipFile.ExtractToDirectory(Archive, unpacked.FullName);
        }
        else
        {
            using var file = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            TarFile.ExtractToDirectory(file, unpacked.FullName, overwriteFiles: false);
        }

        var root = Assert.Single(unpacked.GetFileSystemInfos());
        Assert.IsType<DirectoryInfo>(root);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        Directory.Move(root.FullName, target);
        unpacked.Delete();
    }
}
