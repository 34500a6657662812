namespace UploadHelper.Fuzz.Targets;

/// <summary>Everything that reads what others wrote.</summary>
public static class AllTargets
{
    /// <summary>All targets.</summary>
    /// <param name="tests">The folder of all tests.</param>
    public static IReadOnlyList<FuzzTarget> Of(string tests) =>
    [
        .. ImageTargets.Of(Path.Combine(tests, "corpus")),
        LayoutTarget.Target,
        DescriptorTarget.Target,
        DeviceTarget.Target,
        UsbIpTargets.Messages,
        UsbIpTargets.Server,
        BoardsTarget.Of(Path.Combine(tests, "UploadHelper.Tests", "Arduino", "Cores")),
        ArgumentTarget.Target,
        ValueTarget.Target,
    ];

    /// <summary>Text as bytes; characters above 255 do not occur.</summary>
    internal static byte[] Bytes(string text) => System.Text.Encoding.Latin1.GetBytes(text);

    /// <summary>Texts as bytes.</summary>
    internal static byte[][] Bytes(params string[] texts) => [.. texts.Select(Bytes)];

    /// <summary>Bytes as text, each as one character.</summary>
    internal static string Text(ReadOnlySpan<byte> bytes) => System.Text.Encoding.Latin1.GetString(bytes);
}
