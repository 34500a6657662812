using UploadHelper.Core.Boards;
using UploadHelper.Core.Dfu;

namespace UploadHelper.Core.Diagnosis;

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

    private static bool IsSketch(SeenDevice board) => !board.IsDfu && KnownDevices.Find(board.Id)?.Program == BoardProgram.Sketch;

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
        var isMaple = board.Id == DfuDescription.MapleId;
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
