using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace UploadHelper.Fuzz;

/// <summary>
/// The inputs that are kept: for each target one compressed file, tests/fuzz/corpus/TARGET.gz, with the length of each input
/// (four bytes, little-endian) before it. They are thousands, of a few bytes each.
/// </summary>
public static class Corpus
{
    /// <summary>The folder of all tests.</summary>
    public static string Tests { get; } = FindTests();

    /// <summary>The folder of the kept inputs.</summary>
    public static string Folder { get; } = Path.Combine(Tests, "fuzz", "corpus");

    /// <summary>The kept inputs of a target; none if none was kept yet.</summary>
    public static IReadOnlyList<byte[]> Read(string target)
    {
        var file = FileOf(target);
        if (!File.Exists(file))
        {
            return [];
        }

        using var reader = new BinaryReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        var inputs = new byte[reader.ReadInt32()][];
        for (var i = 0; i < inputs.Length; i++)
        {
            inputs[i] = reader.ReadBytes(reader.ReadInt32());
        }

        return inputs;
    }

    /// <summary>Keeps these inputs and no others.</summary>
    public static void Write(string target, IReadOnlyCollection<byte[]> inputs)
    {
        using var writer = new BinaryWriter(new GZipStream(File.Create(FileOf(target)), CompressionLevel.SmallestSize));
        writer.Write(inputs.Count);
        foreach (var input in inputs)
        {
            writer.Write(input.Length);
            writer.Write(input);
        }
    }

    /// <summary>The file of a target.</summary>
    public static string FileOf(string target) => Path.Combine(Folder, target + ".gz");

    private static string FindTests([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
