namespace UploadHelper.Devices.Diagnosis;

/// <summary>What is read of the registry of Windows, below HKEY_LOCAL_MACHINE.</summary>
internal interface IRegistryView
{
    /// <summary>The names of a key's subkeys; none if there is no such key.</summary>
    IReadOnlyList<string> SubKeys(string key);

    /// <summary>The text of a value; null if there is none, or it is no text.</summary>
    string? Text(string key, string name);

    /// <summary>The texts of a value of several; none if there is none.</summary>
    IReadOnlyList<string> Texts(string key, string name);
}
