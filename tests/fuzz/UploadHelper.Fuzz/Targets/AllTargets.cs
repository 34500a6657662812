namespace UploadHelper.Fuzz.Targets;

/// <summary>Everything that reads what others wrote.</summary>
public static class AllTargets
{
    private static readonly Lazy<FuzzTarget[]> All = new(() =>
    [
        .. ImageTargets.Of(Path.Combine(Corpus.Tests, "corpus")),
        ImageTargets.BootloaderFiles,
        LayoutTarget.Target,
        DescriptorTarget.Target,
        DeviceTarget.Target,
        UartTarget.Target,
        UsbIpTargets.Messages,
        UsbIpTargets.Client,
        UsbIpServerTarget.Target,
        BoardsTarget.Of(Path.Combine(Corpus.Tests, "UploadHelper.Tests", "Arduino", "Cores")),
        ArgumentTarget.Target,
        ConfigurationTarget.Target,
        ValueTarget.Target,
        TraceTarget.Target,
    ]);

    /// <summary>The names of all targets.</summary>
    public static IEnumerable<string> Names => All.Value.Select(t => t.Name);

    /// <summary>The target of that name.</summary>
    public static FuzzTarget Of(string name) => All.Value.Single(t => t.Name == name);

    /// <summary>Text as bytes; characters above 255 do not occur.</summary>
    internal static byte[] Bytes(string text) => System.Text.Encoding.Latin1.GetBytes(text);

    /// <summary>Texts as bytes.</summary>
    internal static byte[][] Bytes(params string[] texts) => [.. texts.Select(Bytes)];

    /// <summary>Bytes as text, each as one character.</summary>
    internal static string Text(ReadOnlySpan<byte> bytes) => System.Text.Encoding.Latin1.GetString(bytes);
}
