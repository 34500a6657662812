using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace UploadHelper.Tests.Hostile;

/// <summary>What a compiled assembly names outside of itself: types, and functions of native libraries.</summary>
internal static class AssemblyNames
{
    public static IReadOnlySet<string> TypesOf(string file) => Read(file, metadata => metadata.TypeReferences
        .Select(metadata.GetTypeReference)
        .Select(t => $"{metadata.GetString(t.Namespace)}.{metadata.GetString(t.Name)}"));

    public static IReadOnlySet<string> NativeFunctionsOf(string file) => Read(file, metadata => metadata.MethodDefinitions
        .Select(h => metadata.GetMethodDefinition(h).GetImport())
        .Where(i => !i.Name.IsNil)
        .Select(i => metadata.GetString(i.Name)));

    private static HashSet<string> Read(string file, Func<MetadataReader, IEnumerable<string>> names)
    {
        using var pe = new PEReader(File.OpenRead(file));
        return [.. names(pe.GetMetadataReader())];
    }
}
