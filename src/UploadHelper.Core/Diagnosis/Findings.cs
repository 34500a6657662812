namespace UploadHelper.Core.Diagnosis;

/// <summary>Says what is wrong in a situation, and how to mend it. Pure: what was found goes in, what to make of it comes out.</summary>
/// <param name="commands">The commands that mend things on this machine.</param>
public sealed class Findings(MendingCommands commands)
{
    /// <summary>The findings, by topic.</summary>
    public IReadOnlyList<Finding> Of(Situation situation) =>
    [
        .. LibraryRules.Of(situation),
        .. situation.BindsDrivers ? DriverRules.Of(situation) : new DeviceRules(commands).Of(situation),
        .. new PortRules(commands).Of(situation),
        .. new PermissionRules(commands).Of(situation),
        .. new CoreRules(commands).Of(situation),
    ];
}
