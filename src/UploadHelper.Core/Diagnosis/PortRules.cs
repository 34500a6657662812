using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Diagnosis;

/// <summary>Serial ports: whose they are, whether they may be opened, who has them open.</summary>
internal sealed class PortRules(RepairCommands commands)
{
    private const string ModemManager = "ModemManager";

    public IEnumerable<Finding> Of(Situation situation) => situation.Ports.Count == 0
        ? [new Finding(FindingLevel.Note, FindingTopic.SerialPorts, "no-port", "There is no serial port. A sketch has one only with USB serial in it.")]
        : situation.Ports.Select(p => Of(p, situation.Linux) with { Board = p.Port.UsbPath });

    private Finding Of(SeenPort port, LinuxState? linux)
    {
        var name = Name(port);
        if (port is { Access: Access.Denied, Port.VendorId: not null })
        {
            return new Finding(FindingLevel.Problem, FindingTopic.SerialPorts, "port-denied", $"{name}: this user may not open it.")
            {
                Remedy = [.. Denied(port, linux)],
            };
        }

        if (port.Holders.Count > 0)
        {
            return new Finding(FindingLevel.Problem, FindingTopic.SerialPorts, "port-held", $"{name}: another program has it open{HoldersText.Of(port.Holders)}.")
            {
                Remedy = port.Holders.Any(h => h.Name == ModemManager)
                    ? [Step.Say("Keep ModemManager off it: install the udev rules, and plug the board in again:"), Step.Command(commands.InstallUdevRules)]
                    : [Step.Say("Close it, for example the serial monitor: it takes the port away from the reset.")],
            };
        }

        return new Finding(FindingLevel.Fine, FindingTopic.SerialPorts, "port", name + port.Access switch
        {
            Access.Granted => ", may be opened",
            Access.Denied => ", may not be opened by this user",
            _ => "",
        });
    }

    private IEnumerable<Step> Denied(SeenPort port, LinuxState? linux)
    {
        if (linux is null || port.Group is not { } group)
        {
            yield return Step.Say("Install the udev rules, and plug the board in again:");
            yield return Step.Command(commands.InstallUdevRules);
            yield break;
        }

        if (linux.MemberOf.Contains(group) && !linux.SessionGroups.Contains(group))
        {
            yield return Step.Say($"{linux.User} is in the group {group}, but this session began before that: log out and in again.");
            yield break;
        }

        yield return Step.Say($"Become a member of the group {group}, then log out and in again:");
        yield return Step.Command($"sudo usermod --append --groups {group} {linux.User}");
    }

    private static string Name(SeenPort port)
    {
        var info = port.Port;
        if (info is not { VendorId: { } vendor, ProductId: { } product })
        {
            return $"{info.Name}: no USB ids are known";
        }

        var id = new UsbId(vendor, product);
        return $"{info.Name}: {id}{(info.UsbPath is null ? "" : $" at {info.UsbPath}")}, {BootloaderCatalogue.Find(id)?.Name ?? "ids of no STM32 core"}";
    }
}

internal static class HoldersText
{
    /// <summary>": NAME (process 12), ..."; "" if it is not known who.</summary>
    public static string Of(IReadOnlyList<Holder> holders) =>
        holders.Count == 0 ? "" : ": " + string.Join(", ", holders.Select(h => $"{h.Name} (process {h.Id})"));
}

/// <summary>What decides on access on Linux: udev, its rules, ModemManager.</summary>
internal sealed class PermissionRules(RepairCommands commands)
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
