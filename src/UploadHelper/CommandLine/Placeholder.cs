namespace UploadHelper.CommandLine;

/// <summary>What an IDE leaves of a key that it does not know: the key in braces, "{serial.port.file}".</summary>
internal static class Placeholder
{
    /// <summary>Whether a word is nothing but such a key.</summary>
    public static bool Is(string word) => word.StartsWith('{') && word.EndsWith('}');

    /// <summary>Whether a word says nothing: it is empty, or such a key.</summary>
    public static bool IsEmpty(string word) => word.Length == 0 || Is(word);
}
