namespace UploadHelper.Core.Diagnosis;

/// <summary>Derives from a situation which problems there are and how to fix them. Pure: it reads nothing from the machine.</summary>
/// <param name="commands">The commands that fix problems on this machine.</param>
public sealed class Findings(RepairCommands commands)
{
    /// <summary>The findings, by topic.</summary>
    public IReadOnlyList<Finding> Of(Situation situation) =>
    [
        .. LibraryRules.Of(situation),
        .. situation.BindsDrivers ? DriverRules.Of(situation) : new DeviceRules(commands).Of(situation),
        .. SilentRules.Of(situation),
        .. new PortRules(commands).Of(situation),
        .. new PermissionRules(commands).Of(situation),
        .. new CoreRules(commands).Of(situation),
    ];
}

/// <summary>How much a finding matters.</summary>
public enum FindingLevel
{
    /// <summary>Everything is in order.</summary>
    Fine,

    /// <summary>It may be intended.</summary>
    Note,

    /// <summary>It prevents access to a board.</summary>
    Problem,
}

/// <summary>What findings are about, in the order in which they are shown.</summary>
public enum FindingTopic
{
    /// <summary>The library for USB devices.</summary>
    UsbLibrary,

    /// <summary>Boards on the bus.</summary>
    UsbDevices,

    /// <summary>Serial ports.</summary>
    SerialPorts,

    /// <summary>The rights to open devices.</summary>
    Permissions,

    /// <summary>The cores of the Arduino IDE.</summary>
    ArduinoCores,
}

/// <summary>One fact about this machine, and what to do about it.</summary>
/// <param name="Level">How much it matters.</param>
/// <param name="Topic">What it is about.</param>
/// <param name="Code">Stable code for programs, for example "device-denied".</param>
/// <param name="Text">What was found; whole sentences.</param>
public sealed record Finding(FindingLevel Level, FindingTopic Topic, string Code, string Text)
{
    /// <summary>Where the board that it is about is plugged in, or null.</summary>
    public string? Board { get; init; }

    /// <summary>What to do about it: sentences, and commands to type (<see cref="Step.Command"/>). Empty if there is nothing to do.</summary>
    public IReadOnlyList<Step> Remedy { get; init; } = [];
}

/// <summary>One step of a fix.</summary>
/// <param name="Text">A sentence, or a command.</param>
/// <param name="IsCommand">Whether it is a command, to be typed as it is.</param>
public sealed record Step(string Text, bool IsCommand)
{
    /// <summary>A sentence.</summary>
    public static Step Say(string text) => new(text, IsCommand: false);

    /// <summary>A command.</summary>
    public static Step Command(string text) => new(text, IsCommand: true);
}

/// <summary>The commands that fix problems on a machine, with the paths of that machine.</summary>
/// <param name="InstallUdevRules">Installs the udev rules.</param>
/// <param name="InstallOverlays">Installs the overlays into Arduino cores; the folder of a core follows.</param>
public sealed record RepairCommands(string InstallUdevRules, string InstallOverlays);

/// <summary>The rule for libusb.</summary>
internal static class LibraryRules
{
    public static IEnumerable<Finding> Of(Situation situation)
    {
        yield return situation.UsbLibrary switch
        {
            { Problem: { } problem } => new Finding(FindingLevel.Problem, FindingTopic.UsbLibrary, "usb-library", problem),
            { Version: { Length: > 0 } version } => new Finding(FindingLevel.Fine, FindingTopic.UsbLibrary, "usb-library", $"libusb {version}{(situation.UsbLibrary.IsCarried ? ", the one inside upload-helper" : "")}"),
            _ => new Finding(FindingLevel.Fine, FindingTopic.UsbLibrary, "usb-library", "libusb works"),
        };
    }
}

/// <summary>Rules for the cores of the Arduino IDE: whether their Upload button uses this program.</summary>
internal sealed class CoreRules(RepairCommands commands)
{
    public IEnumerable<Finding> Of(Situation situation) => situation.Cores.Count == 0
        ? [new Finding(FindingLevel.Note, FindingTopic.ArduinoCores, "no-core", "No Arduino core for STM32 found in the usual folders.")]
        : situation.Cores.Select(Of);

    private Finding Of(SeenCore core) => core.HasOverlay
        ? new Finding(FindingLevel.Fine, FindingTopic.ArduinoCores, "core", $"{core.Name} ({core.Folder}): its Upload button uses upload-helper")
        : new Finding(FindingLevel.Note, FindingTopic.ArduinoCores, "no-overlay", $"{core.Name} ({core.Folder}): its Upload button does not use upload-helper.")
        {
            Remedy = [Step.Say("Install the overlay:"), Step.Command($"{commands.InstallOverlays} \"{core.Folder}\"")],
        };
}
