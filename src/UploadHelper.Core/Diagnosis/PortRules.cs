using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Diagnosis;

/// <summary>Rules for serial ports: their boards, permissions, and the programs that have them open.</summary>
internal sealed class PortRules(RepairCommands commands)
{
    private const string ModemManager = "ModemManager";

    public IEnumerable<Finding> Of(Situation situation) => situation.Ports.Count == 0
        ? [new Finding(FindingLevel.Note, FindingTopic.SerialPorts, "no-port", "No serial port found. A sketch has one only if it is built with USB serial support.")]
        : situation.Ports.Select(p => Of(p, situation.Linux) with { Board = p.Port.UsbPath });

    private Finding Of(SeenPort port, LinuxState? linux)
    {
        var name = Name(port);
        if (port is { Access: Access.Denied, Port.VendorId: not null })
        {
            return new Finding(FindingLevel.Problem, FindingTopic.SerialPorts, "port-denied", $"{name}: this user has no permission to open it.")
            {
                Remedy = [.. Denied(port, linux)],
            };
        }

        if (port.Holders.Count > 0)
        {
            return new Finding(FindingLevel.Problem, FindingTopic.SerialPorts, "port-held", $"{name}: in use by {HoldersText.Of(port.Holders)}.")
            {
                Remedy = port.Holders.Any(h => h.Name == ModemManager)
                    ? [Step.Say("Install the udev rules, which make ModemManager ignore the board, then unplug the board and plug it in again:"), Step.Command(commands.InstallUdevRules)]
                    : [Step.Say("Close it (for example the serial monitor): while it has the port open, the board cannot be reset for an upload.")],
            };
        }

        return new Finding(FindingLevel.Fine, FindingTopic.SerialPorts, "port", name + port.Access switch
        {
            Access.Granted => ", can be opened",
            Access.Denied => ", cannot be opened by this user",
            _ => "",
        });
    }

    private IEnumerable<Step> Denied(SeenPort port, LinuxState? linux)
    {
        if (linux is null || port.Group is not { } group)
        {
            yield return Step.Say("Install the udev rules, then unplug the board and plug it in again:");
            yield return Step.Command(commands.InstallUdevRules);
            yield break;
        }

        if (linux.MemberOf.Contains(group) && !linux.SessionGroups.Contains(group))
        {
            yield return Step.Say($"{linux.User} is in the group {group}, but this session started before that: log out and log in again.");
            yield break;
        }

        yield return Step.Say($"Join the group {group}, then log out and log in again:");
        yield return Step.Command($"sudo usermod --append --groups {group} {linux.User}");
    }

    private static string Name(SeenPort port)
    {
        var info = port.Port;
        if (info is not { VendorId: { } vendor, ProductId: { } product })
        {
            return $"{info.Name}: USB ids unknown";
        }

        var id = new UsbId(vendor, product);
        return $"{info.Name}: {id}{(info.UsbPath is null ? "" : $" at {info.UsbPath}")}, {BootloaderCatalogue.Find(id)?.Name ?? "not a known board"}";
    }
}

/// <summary>The processes that have a device or port open, for people.</summary>
internal static class HoldersText
{
    /// <summary>"NAME (process 12), ..."; "another program" if the processes are unknown.</summary>
    public static string Of(IReadOnlyList<Holder> holders) =>
        holders.Count == 0 ? "another program" : string.Join(", ", holders.Select(h => $"{h.Name} (process {h.Id})"));
}

/// <summary>Rules for what decides on access on Linux: udev, its rules, ModemManager.</summary>
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
                FindingLevel.Note, FindingTopic.Permissions, "no-udev", "udev is not running (in a container?). Access depends on the permissions of the files in /dev.");
        }

        if (linux.ModemManagerRuns)
        {
            yield return linux.Rules == UdevRulesState.Installed
                ? new Finding(FindingLevel.Fine, FindingTopic.Permissions, "modem-manager", "ModemManager is running, and ignores boards because of the udev rules")
                : new Finding(
                    FindingLevel.Problem,
                    FindingTopic.Permissions,
                    "modem-manager",
                    "ModemManager is running. It opens each new serial port for some seconds and writes to the sketch.")
                {
                    Remedy = [Step.Say("Install the udev rules, which make it ignore boards:"), Step.Command(commands.InstallUdevRules)],
                };
        }
    }

    private Finding Rules(LinuxState linux) => linux.Rules switch
    {
        UdevRulesState.Installed => new Finding(FindingLevel.Fine, FindingTopic.Permissions, "udev-rules", "the udev rules are installed (60-upload-helper.rules)"),
        UdevRulesState.Other => new Finding(
            FindingLevel.Note, FindingTopic.Permissions, "udev-rules", "The installed udev rules (60-upload-helper.rules) are not those of this version.")
        {
            Remedy = [Step.Say("Update them:"), Step.Command(commands.InstallUdevRules)],
        },
        _ => new Finding(
            FindingLevel.Note,
            FindingTopic.Permissions,
            "udev-rules",
            linux.IsRoot ? "The udev rules are not installed. Only root can open boards." : $"The udev rules are not installed. The user {linux.User} may be unable to open bootloaders.")
        {
            Remedy = [Step.Say("Install them:"), Step.Command(commands.InstallUdevRules)],
        },
    };
}
