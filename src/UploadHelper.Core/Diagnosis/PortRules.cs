using UploadHelper.Core.Boards;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Diagnosis;

/// <summary>Serial ports: whose they are, whether they may be opened, who has them open.</summary>
internal sealed class PortRules(MendingCommands commands)
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
        return $"{info.Name}: {id}{(info.UsbPath is null ? "" : $" at {info.UsbPath}")}, {KnownDevices.Find(id)?.Name ?? "ids of no STM32 core"}";
    }
}
