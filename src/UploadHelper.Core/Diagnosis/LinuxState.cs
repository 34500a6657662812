namespace UploadHelper.Core.Diagnosis;

/// <summary>Whether the udev rules are there.</summary>
public enum UdevRulesState
{
    /// <summary>They are not.</summary>
    Missing,

    /// <summary>Others are there under their name: of another version, or changed.</summary>
    Other,

    /// <summary>They are.</summary>
    Installed,
}

/// <summary>Who runs this program, and what on a Linux system decides on access to boards.</summary>
/// <param name="User">Name of the user.</param>
/// <param name="IsRoot">Whether it is root, who may do anything.</param>
/// <param name="Rules">The udev rules.</param>
public sealed record LinuxState(string User, bool IsRoot, UdevRulesState Rules)
{
    /// <summary>Whether the user came over the network: the tag "uaccess" gives rights only to who sits at the machine.</summary>
    public bool IsRemote { get; init; }

    /// <summary>Whether udev runs.</summary>
    public bool UdevRuns { get; init; } = true;

    /// <summary>Whether ModemManager runs, which asks each new serial port whether it is a modem.</summary>
    public bool ModemManagerRuns { get; init; }

    /// <summary>The groups that this process has.</summary>
    public IReadOnlyList<string> SessionGroups { get; init; } = [];

    /// <summary>The groups that name the user as a member; a session gets them when it begins.</summary>
    public IReadOnlyList<string> MemberOf { get; init; } = [];
}
