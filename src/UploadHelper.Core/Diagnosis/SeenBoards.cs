using UploadHelper.Core.Boards;

namespace UploadHelper.Core.Diagnosis;

/// <summary>Tells boards from other devices, and gives them names.</summary>
internal static class SeenBoards
{
    /// <summary>The devices that are boards: in DFU mode, or with ids that are known.</summary>
    public static IEnumerable<SeenDevice> Of(Situation situation) => situation.Devices.Where(d => d.IsDfu || KnownDevices.Find(d.Id) is not null);

    /// <summary>For people: "0483:DF11 at 1-1 (STM32 BOOTLOADER)".</summary>
    public static string Name(SeenDevice device) =>
        $"{device.Id}{(device.Path.Length == 0 ? "" : $" at {device.Path}")}{(device.Name.Length == 0 ? "" : $" ({device.Name})")}";

    /// <summary>What runs on it, for people.</summary>
    public static string Program(SeenDevice device) => KnownDevices.Find(device.Id)?.Name ?? "a device in DFU mode";

    /// <summary>No board at all.</summary>
    public static Finding None { get; } = new(FindingLevel.Note, FindingTopic.UsbDevices, "no-board", "No board is seen.")
    {
        Remedy =
        [
            Step.Say("Is it plugged in, with a cable that carries data? A board whose sketch has no USB shows up only after RESET."),
        ],
    };
}
