using UploadHelper.Core.Bootloaders;

namespace UploadHelper.Core.Diagnosis;

/// <summary>Boards on the bus, where access to a device is a matter of rights (Linux, macOS).</summary>
internal sealed class DeviceRules(RepairCommands commands)
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
        var isBootloader = board.IsDfu || BootloaderCatalogue.Find(board.Id)?.Program == BoardProgram.Bootloader;
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
        else if (BootloaderCatalogue.Find(board.Id) is not null)
        {
            yield return Step.Say("The udev rules are installed: unplug the board and plug it in again.");
            yield break;
        }

        yield return BootloaderCatalogue.Find(board.Id) is not null
            ? Step.Say("The line in them that counts here, or to be put into /etc/udev/rules.d/60-upload-helper.rules by hand:")
            : Step.Say("The udev rules do not name this board. Put this line into /etc/udev/rules.d/61-my-board.rules, and plug it in again:");
        yield return Step.Say($"  {Rule(board)}, TAG+=\"uaccess\"");
    }

    private static string Rule(SeenDevice board) =>
        $"SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{board.Id.Vendor:x4}\", ATTR{{idProduct}}==\"{board.Id.Product:x4}\"";
}

/// <summary>Tells boards from other devices, and gives them names.</summary>
internal static class SeenBoards
{
    /// <summary>The devices that are boards: in DFU mode, or with ids that are known.</summary>
    public static IEnumerable<SeenDevice> Of(Situation situation) => situation.Devices.Where(d => d.IsDfu || BootloaderCatalogue.Find(d.Id) is not null);

    /// <summary>For people: "0483:DF11 at 1-1 (STM32 BOOTLOADER)".</summary>
    public static string Name(SeenDevice device) =>
        $"{device.Id}{(device.Path.Length == 0 ? "" : $" at {device.Path}")}{(device.Name.Length == 0 ? "" : $" ({device.Name})")}";

    /// <summary>What runs on it, for people.</summary>
    public static string Program(SeenDevice device) => BootloaderCatalogue.Find(device.Id)?.Name ?? "a device in DFU mode";

    /// <summary>No board at all.</summary>
    public static Finding None { get; } = new(FindingLevel.Note, FindingTopic.UsbDevices, "no-board", "No board is seen.")
    {
        Remedy =
        [
            Step.Say("Is it plugged in, with a cable that carries data? A board whose sketch has no USB shows up only after RESET."),
        ],
    };
}

/// <summary>
/// Boards on the bus, where a device has one driver at a time and is reached only through the right one (Windows).
/// </summary>
internal static class DriverRules
{
    private const string Zadig = "Give it {0} with Zadig (https://zadig.akeo.ie): Options, List All Devices; choose the device with these ids; choose {0}; Replace Driver.";

    public static IEnumerable<Finding> Of(Situation situation)
    {
        var boards = SeenBoards.Of(situation).ToList();
        return boards.Count == 0 ? [SeenBoards.None] : boards.Select(b => IsSketch(b) ? Sketch(b) : Bootloader(b));
    }

    private static bool IsSketch(SeenDevice board) => !board.IsDfu && BootloaderCatalogue.Find(board.Id)?.Program == BoardProgram.Sketch;

    // Windows 10 has usbser for every CDC device. A driver that was meant for the bootloader takes the sketch's port away.
    private static Finding Sketch(SeenDevice board) => board.Drivers.FirstOrDefault() switch
    {
        null => Problem(
            board, "sketch-no-driver", "has no driver, and so no serial port.", "Windows 10 and later bring one (usbser). Before that, install the one that came with the core."),
        "WinUSB" or "libusbK" or "libusb0" or "STTub30" => Problem(
            board,
            "sketch-wrong-driver",
            $"is a sketch, and has the driver {board.Drivers[0]}: so it has no serial port, and cannot be reset from here.",
            "That driver belongs to the bootloader. Device Manager: uninstall the device with \"delete the driver software\", and plug the board in again."),
        var driver => new Finding(
            FindingLevel.Fine, FindingTopic.UsbDevices, "driver", $"{SeenBoards.Name(board)}: {SeenBoards.Program(board)}; driver {driver}"),
    };

    private static Finding Bootloader(SeenDevice board)
    {
        var isMaple = board.Id == MapleFamily.Id;
        var best = isMaple ? "libusbK" : "WinUSB";
        return board.Drivers.FirstOrDefault() switch
        {
            null => Problem(board, "no-driver", "has no driver.", string.Format(null, Zadig, best)),
            "STTub30" => Problem(
                board,
                "wrong-driver",
                "has ST's driver STTub30, which serves only ST's own DfuSeDemo.",
                string.Format(null, Zadig, best) + " DfuSeDemo will not see it then; Device Manager, Update Driver leads back."),
            "WinUSB" when isMaple => new Finding(
                FindingLevel.Note, FindingTopic.UsbDevices, "driver", $"{SeenBoards.Name(board)}: has the driver WinUSB: uploads work, but the sketch starts only when you press RESET.")
            {
                Remedy = [Step.Say(string.Format(null, Zadig, best))],
            },
            "WinUSB" or "libusbK" or "libusb0" => new Finding(
                FindingLevel.Fine, FindingTopic.UsbDevices, "driver", $"{SeenBoards.Name(board)}: {SeenBoards.Program(board)}; driver {board.Drivers[0]}"),
            var other => Problem(board, "wrong-driver", $"has the driver {other}, through which it is not reached.", string.Format(null, Zadig, best)),
        };
    }

    private static Finding Problem(SeenDevice board, string code, string what, string remedy) =>
        new(FindingLevel.Problem, FindingTopic.UsbDevices, code, $"{SeenBoards.Name(board)}: {what}") { Remedy = [Step.Say(remedy)] };
}
