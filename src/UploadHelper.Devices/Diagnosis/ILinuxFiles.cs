namespace UploadHelper.Devices.Diagnosis;

/// <summary>What Linux says of this process and of files, beyond what can be read out of files.</summary>
internal interface ILinuxFiles
{
    /// <summary>Whether this process may read and write a file.</summary>
    bool MayOpen(string path);

    /// <summary>The group that owns a file, or null if it cannot be looked at.</summary>
    uint? GroupOf(string path);
}
