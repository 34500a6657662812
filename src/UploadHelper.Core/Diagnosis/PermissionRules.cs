namespace UploadHelper.Core.Diagnosis;

/// <summary>What decides on access on Linux: udev, its rules, ModemManager.</summary>
internal sealed class PermissionRules(MendingCommands commands)
{
    public IEnumerable<Finding> Of(Situation situation)
    {
        if (situation.Linux is not { } linux)
        {
            yield break;
        }

        yield return Rules(linux);
        if (!linux.UdevRuns)
        {
            yield return new Finding(
                FindingLevel.Note, FindingTopic.Permissions, "no-udev", "udev does not run here (a container?): rights are those that the files in /dev have.");
        }

        if (linux.ModemManagerRuns)
        {
            yield return linux.Rules == UdevRulesState.Installed
                ? new Finding(FindingLevel.Fine, FindingTopic.Permissions, "modem-manager", "ModemManager runs, and leaves boards alone (udev rules)")
                : new Finding(
                    FindingLevel.Problem,
                    FindingTopic.Permissions,
                    "modem-manager",
                    "ModemManager runs: it opens each new serial port for some seconds, and writes to the sketch behind it.")
                {
                    Remedy = [Step.Say("The udev rules keep it off boards:"), Step.Command(commands.InstallUdevRules)],
                };
        }
    }

    private Finding Rules(LinuxState linux) => linux.Rules switch
    {
        UdevRulesState.Installed => new Finding(FindingLevel.Fine, FindingTopic.Permissions, "udev-rules", "the udev rules are installed (60-upload-helper.rules)"),
        UdevRulesState.Other => new Finding(
            FindingLevel.Note, FindingTopic.Permissions, "udev-rules", "The udev rules 60-upload-helper.rules are installed, but are not those of this version.")
        {
            Remedy = [Step.Say("Bring them up to date:"), Step.Command(commands.InstallUdevRules)],
        },
        _ => new Finding(
            FindingLevel.Note,
            FindingTopic.Permissions,
            "udev-rules",
            linux.IsRoot ? "The udev rules are not installed: boards are root's alone." : $"The udev rules are not installed: {linux.User} may be refused when a bootloader comes.")
        {
            Remedy = [Step.Say("Install them:"), Step.Command(commands.InstallUdevRules)],
        },
    };
}
