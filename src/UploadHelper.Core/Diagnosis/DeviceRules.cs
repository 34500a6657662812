using UploadHelper.Core.Boards;

namespace UploadHelper.Core.Diagnosis;

/// <summary>Boards on the bus, where access to a device is a matter of rights (Linux, macOS).</summary>
internal sealed class DeviceRules(MendingCommands commands)
{
    private const string UserSpace = "usbfs";

    public IEnumerable<Finding> Of(Situation situation)
    {
        var boards = SeenBoards.Of(situation).ToList();
        return boards.Count == 0 ? [SeenBoards.None] : boards.Select(b => Of(b, situation.Linux) with { Board = b.Path });
    }

    private Finding Of(SeenDevice board, LinuxState? linux)
    {
        // A sketch is reached through its serial port.
        var isBootloader = board.IsDfu || KnownDevices.Find(board.Id)?.Program == BoardProgram.Bootloader;
        var name = SeenBoards.Name(board);
        if (isBootloader && board.Access == Access.Denied)
        {
            return new Finding(FindingLevel.Problem, FindingTopic.UsbDevices, "device-denied", $"{name}: this user may not open it.")
            {
                Remedy = [.. Denied(board, linux)],
            };
        }

        if (board.IsDfu && board.Drivers.Contains(UserSpace))
        {
            return new Finding(FindingLevel.Problem, FindingTopic.UsbDevices, "device-held", $"{name}: another program holds it{HoldersText.Of(board.Holders)}.")
            {
                Remedy = [Step.Say("End it: another flashing tool, a browser with WebUSB, a virtual machine.")],
            };
        }

        return new Finding(
            FindingLevel.Fine,
            FindingTopic.UsbDevices,
            "device",
            $"{name}: {SeenBoards.Program(board)}; {(board.Drivers.Count == 0 ? "no driver holds it" : $"driver {string.Join(", ", board.Drivers)}")}"
                + (isBootloader && board.Access == Access.Granted ? ", may be opened" : "")
                + (board.Holders.Count == 0 ? "" : $"; open in another program{HoldersText.Of(board.Holders)}"));
    }

    private IEnumerable<Step> Denied(SeenDevice board, LinuxState? linux)
    {
        if (linux is not { Rules: UdevRulesState.Installed })
        {
            yield return Step.Say("Install the udev rules, and plug the board in again:");
            yield return Step.Command(commands.InstallUdevRules);
        }
        else if (linux.IsRemote)
        {
            yield return Step.Say("The udev rules are installed, but give rights to who sits at the machine, and you came over the network. Use sudo, or a rule with a group of yours:");
            yield return Step.Say($"  {Rule(board)}, GROUP=\"plugdev\", MODE=\"0660\"");
            yield break;
        }
        else if (KnownDevices.Find(board.Id) is not null)
        {
            yield return Step.Say("The udev rules are installed: unplug the board and plug it in again.");
            yield break;
        }

        yield return KnownDevices.Find(board.Id) is not null
            ? Step.Say("The line in them that counts here, or to be put into /etc/udev/rules.d/60-upload-helper.rules by hand:")
            : Step.Say("The udev rules do not name this board. Put this line into /etc/udev/rules.d/61-my-board.rules, and plug it in again:");
        yield return Step.Say($"  {Rule(board)}, TAG+=\"uaccess\"");
    }

    private static string Rule(SeenDevice board) =>
        $"SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{board.Id.Vendor:x4}\", ATTR{{idProduct}}==\"{board.Id.Product:x4}\"";
}
