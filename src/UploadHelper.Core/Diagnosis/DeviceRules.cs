using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;

namespace UploadHelper.Core.Diagnosis;

/// <summary>Rules for boards on the bus where permissions decide on access (Linux, macOS).</summary>
internal sealed class DeviceRules(RepairCommands commands)
{
    private const string UserSpace = "usbfs";

    public IEnumerable<Finding> Of(Situation situation)
    {
        var boards = SeenBoards.Of(situation).ToList();
        return boards.Count == 0 ? [situation.Linux is { HasUsb: false } ? SeenBoards.NoUsb : SeenBoards.None] : boards.Select(b => Of(b, situation.Linux) with { Board = b.Path });
    }

    private Finding Of(SeenDevice board, LinuxState? linux)
    {
        // A sketch is used through its serial port, so access to its USB device does not matter.
        var isBootloader = board.IsDfu || BootloaderCatalogue.Find(board.Id)?.Program == BoardProgram.Bootloader;
        var name = SeenBoards.Name(board);
        if (isBootloader && board.Access == Access.Denied)
        {
            return new Finding(FindingLevel.Problem, FindingTopic.UsbDevices, "device-denied", $"{name}: this user has no permission to open it.")
            {
                Remedy = [.. Denied(board, linux)],
            };
        }

        if (board.IsDfu && board.Drivers.Contains(UserSpace))
        {
            return new Finding(FindingLevel.Problem, FindingTopic.UsbDevices, "device-held", $"{name}: in use by {HoldersText.Of(board.Holders)}.")
            {
                Remedy = [Step.Say("Close that program, for example another flashing tool, a browser with WebUSB, or a virtual machine.")],
            };
        }

        return SeenBoards.Ghost(board) ?? new Finding(
            FindingLevel.Fine,
            FindingTopic.UsbDevices,
            "device",
            $"{name}: {SeenBoards.Program(board)}; {(board.Drivers.Count == 0 ? "no driver" : $"driver {string.Join(", ", board.Drivers)}")}"
                + (isBootloader && board.Access == Access.Granted ? ", can be opened" : "")
                + (board.Holders.Count == 0 ? "" : $"; in use by {HoldersText.Of(board.Holders)}"));
    }

    private IEnumerable<Step> Denied(SeenDevice board, LinuxState? linux)
    {
        if (linux is not { Rules: UdevRulesState.Installed })
        {
            yield return Step.Say("Install the udev rules, then unplug the board and plug it in again:");
            yield return Step.Command(commands.InstallUdevRules);
        }
        else if (linux.IsRemote)
        {
            yield return Step.Say("The udev rules give access only to users who are logged in at the machine itself, and you are connected over the network. Use sudo, or add a rule for one of your groups:");
            yield return Step.Say($"  {Rule(board)}, GROUP=\"plugdev\", MODE=\"0660\"");
            yield break;
        }
        else if (BootloaderCatalogue.Find(board.Id) is not null)
        {
            yield return Step.Say("The udev rules are installed. Unplug the board and plug it in again.");
            yield break;
        }

        yield return BootloaderCatalogue.Find(board.Id) is not null
            ? Step.Say("Or add only the rule for this board to /etc/udev/rules.d/60-upload-helper.rules:")
            : Step.Say("The udev rules do not cover this board. Add this line to /etc/udev/rules.d/61-my-board.rules, then unplug the board and plug it in again:");
        yield return Step.Say($"  {Rule(board)}, TAG+=\"uaccess\"");
    }

    private static string Rule(SeenDevice board) =>
        $"SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{board.Id.Vendor:x4}\", ATTR{{idProduct}}==\"{board.Id.Product:x4}\"";
}

/// <summary>Distinguishes boards from other devices, and names them.</summary>
internal static class SeenBoards
{
    /// <summary>The devices that are boards: in DFU mode, or with known ids.</summary>
    public static IEnumerable<SeenDevice> Of(Situation situation) => situation.Devices.Where(d => d.IsDfu || BootloaderCatalogue.Find(d.Id) is not null);

    /// <summary>For people: "0483:DF11 at 1-1 (STM32 BOOTLOADER)".</summary>
    public static string Name(SeenDevice device) =>
        $"{device.Id}{(device.Path.Length == 0 ? "" : $" at {device.Path}")}{(device.Name.Length == 0 ? "" : $" ({device.Name})")}";

    /// <summary>The program that runs on it, for people.</summary>
    public static string Program(SeenDevice device) => BootloaderCatalogue.Find(device.Id)?.Name ?? "a device in DFU mode";

    /// <summary>A board that does not respond, or null if it does as far as is known.</summary>
    public static Finding? Ghost(SeenDevice device) => !device.IsGhost ? null : new Finding(
        FindingLevel.Note, FindingTopic.UsbDevices, "ghost-device", ErrorMessages.NoResponse(Name(device)))
    {
        Remedy = [Step.Say("For an upload, press RESET on the board (or unplug it and plug it in again) first.")],
    };

    /// <summary>No board, and nowhere to look for one.</summary>
    public static Finding NoUsb { get; } = new(FindingLevel.Note, FindingTopic.UsbDevices, "no-usb", "This system shows no USB devices: /sys/bus/usb is missing, as in many containers.")
    {
        Remedy = [Step.Say("Run upload-helper on the machine itself, give the container /sys and /dev/bus/usb, or reach the board with --usbip.")],
    };

    /// <summary>No board at all.</summary>
    public static Finding None { get; } = new(FindingLevel.Note, FindingTopic.UsbDevices, "no-board", "No board found.")
    {
        Remedy =
        [
            Step.Say("Check that the board is plugged in, and that the cable carries data. A board whose sketch does not use USB appears only after you press RESET."),
        ],
    };
}

/// <summary>Rules for boards on the bus where a device has one driver at a time, and needs the right one (Windows).</summary>
internal static class DriverRules
{
    private const string Zadig = "Install {0} with Zadig (https://zadig.akeo.ie): choose Options > List All Devices, select the device with these ids, select {0}, and click Replace Driver.";

    public static IEnumerable<Finding> Of(Situation situation)
    {
        var boards = SeenBoards.Of(situation).ToList();
        return boards.Count == 0 ? [SeenBoards.None] : boards.Select(b => IsSketch(b) ? Sketch(b) : SeenBoards.Ghost(b) ?? Bootloader(b));
    }

    private static bool IsSketch(SeenDevice board) => !board.IsDfu && BootloaderCatalogue.Find(board.Id)?.Program == BoardProgram.Sketch;

    // Windows 10 has usbser for every CDC device. With a driver that is meant for the bootloader, the sketch has no port.
    private static Finding Sketch(SeenDevice board) => board.Drivers.FirstOrDefault() switch
    {
        null => Problem(
            board, "sketch-no-driver", "has no driver, so it has no serial port.", "Windows 10 and later include the driver usbser. On older versions, install the driver of the core."),
        "WinUSB" or "libusbK" or "libusb0" or "STTub30" => Problem(
            board,
            "sketch-wrong-driver",
            $"is a sketch with the driver {board.Drivers[0]}, so it has no serial port and cannot be reset for an upload.",
            "This driver is for the bootloader. In Device Manager, uninstall the device and delete its driver software, then unplug the board and plug it in again."),
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
                "has the driver STTub30 from ST, which works only with ST's own DfuSeDemo.",
                string.Format(null, Zadig, best) + " DfuSeDemo can then no longer use the board; to undo this, use Update Driver in Device Manager."),
            "WinUSB" when isMaple => new Finding(
                FindingLevel.Note, FindingTopic.UsbDevices, "driver", $"{SeenBoards.Name(board)}: has the driver WinUSB: uploads work, but the sketch starts only when you press RESET.")
            {
                Remedy = [Step.Say(string.Format(null, Zadig, best))],
            },
            // libusb reaches HID devices through Windows' own driver.
            "WinUSB" or "libusbK" or "libusb0" => Usable(board),
            var own when board.Id == HidFamily.Id && string.Equals(own, "HidUsb", StringComparison.OrdinalIgnoreCase) => Usable(board),
            var other => Problem(board, "wrong-driver", $"has the driver {other}, which upload-helper cannot use.", string.Format(null, Zadig, best)),
        };
    }

    private static Finding Usable(SeenDevice board) => new(
        FindingLevel.Fine, FindingTopic.UsbDevices, "driver", $"{SeenBoards.Name(board)}: {SeenBoards.Program(board)}; driver {board.Drivers[0]}");

    private static Finding Problem(SeenDevice board, string code, string what, string remedy) =>
        new(FindingLevel.Problem, FindingTopic.UsbDevices, code, $"{SeenBoards.Name(board)}: {what}") { Remedy = [Step.Say(remedy)] };
}

/// <summary>Rules for what is plugged in and does not answer. It may be a board whose bootloader in ROM does not use USB.</summary>
internal static class SilentRules
{
    // What happened long ago may have been unplugged since: nothing reports that.
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(5);

    private static readonly IReadOnlyList<Step> Remedy =
    [
        // AN2606: the ROM uses the first interface on which something arrives. Seen on F401, F407 and F411 boards whose USART1 RX floats.
        Step.Say("With the bootloader in ROM of an F401, F407 or F411 (BOOT0 held): pin PA10 may be floating, and the bootloader takes noise there for a serial upload. Connect PA10 to GND, hold BOOT0 and press RESET."),
        Step.Say("It does not succeed each time: run the upload with --timeout 60, and repeat BOOT0 and RESET while it waits."),
        Step.Say("Otherwise try another cable, another USB port and no hub. Some Blue Pills have the wrong resistor R10."),
    ];

    public static IEnumerable<Finding> Of(Situation situation)
    {
        foreach (var silent in situation.Silent)
        {
            yield return new Finding(
                silent.Ago is null || silent.Ago <= Recent ? FindingLevel.Problem : FindingLevel.Note,
                FindingTopic.UsbDevices,
                "device-silent",
                $"A device{(silent.Path.Length == 0 ? "" : $" at {silent.Path}")} does not answer when the computer reads its descriptors ({silent.Report}{Ago(silent.Ago)}).")
            {
                Board = silent.Path.Length == 0 ? null : silent.Path,
                Remedy = Remedy,
            };
        }

        if (situation.Linux is { KernelLog: Access.Denied } && !SeenBoards.Of(situation).Any())
        {
            yield return new Finding(
                FindingLevel.Note, FindingTopic.UsbDevices, "kernel-log", "This user has no permission to read the kernel's log, so a board that does not answer on USB cannot be seen here.")
            {
                Remedy = [Step.Say("To see it (\"device descriptor read/64, error -71\"):"), Step.Command("sudo dmesg | grep -i usb | tail")],
            };
        }
    }

    private static string Ago(TimeSpan? ago) => ago switch
    {
        null => "",
        { TotalMinutes: < 2 } time => $", {time.TotalSeconds:0} s ago",
        { TotalHours: < 2 } time => $", {time.TotalMinutes:0} minutes ago",
        var time => $", {time.Value.TotalHours:0} hours ago",
    };
}
