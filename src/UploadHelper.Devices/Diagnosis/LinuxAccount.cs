namespace UploadHelper.Devices.Diagnosis;

/// <summary>Who runs this process.</summary>
/// <param name="User">Name of the user.</param>
/// <param name="UserId">Its number; 0 is root.</param>
/// <param name="Groups">The numbers of the groups that the process has.</param>
/// <param name="IsRemote">Whether the user came over the network.</param>
internal sealed record LinuxAccount(string User, uint UserId, IReadOnlyList<uint> Groups, bool IsRemote);
