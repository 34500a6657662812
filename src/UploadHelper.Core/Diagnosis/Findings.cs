namespace UploadHelper.Core.Diagnosis;

/// <summary>Says what is wrong in a situation, and how to mend it. Pure: what was found goes in, what to make of it comes out.</summary>
/// <param name="commands">The commands that mend things on this machine.</param>
public sealed class Findings(RepairCommands commands)
{
    /// <summary>The findings, by topic.</summary>
    public IReadOnlyList<Finding> Of(Situation situation) =>
    [
        .. LibraryRules.Of(situation),
        .. situation.BindsDrivers ? DriverRules.Of(situation) : new DeviceRules(commands).Of(situation),
        .. new PortRules(commands).Of(situation),
        .. new PermissionRules(commands).Of(situation),
        .. new CoreRules(commands).Of(situation),
    ];
}

/// <summary>How much a finding matters.</summary>
public enum FindingLevel
{
    /// <summary>It is as it should be.</summary>
    Fine,

    /// <summary>It may be meant so.</summary>
    Note,

    /// <summary>It keeps a board from being reached.</summary>
    Problem,
}

/// <summary>What findings are about, in the order in which they are shown.</summary>
public enum FindingTopic
{
    /// <summary>The library that reaches USB devices.</summary>
    UsbLibrary,

    /// <summary>Boards on the bus.</summary>
    UsbDevices,

    /// <summary>Serial ports.</summary>
    SerialPorts,

    /// <summary>What decides on access.</summary>
    Permissions,

    /// <summary>The cores of the Arduino IDE.</summary>
    ArduinoCores,
}

/// <summary>One thing that was found, and how to mend it.</summary>
/// <param name="Level">How much it matters.</param>
/// <param name="Topic">What it is about.</param>
/// <param name="Code">Stable code for programs, for example "device-denied".</param>
/// <param name="Text">What was found; whole sentences.</param>
public sealed record Finding(FindingLevel Level, FindingTopic Topic, string Code, string Text)
{
    /// <summary>Where the board is plugged in that it is about, or null.</summary>
    public string? Board { get; init; }

    /// <summary>What to do about it: sentences, and <see cref="Step.Command"/>s to type. None if nothing has to be done.</summary>
    public IReadOnlyList<Step> Remedy { get; init; } = [];
}

/// <summary>One step of mending something.</summary>
/// <param name="Text">A sentence, or a command.</param>
/// <param name="IsCommand">Whether it is a command, to be typed as it stands.</param>
public sealed record Step(string Text, bool IsCommand)
{
    /// <summary>A sentence.</summary>
    public static Step Say(string text) => new(text, IsCommand: false);

    /// <summary>A command.</summary>
    public static Step Command(string text) => new(text, IsCommand: true);
}

/// <summary>The commands that mend things on a machine; the paths in them are its own.</summary>
/// <param name="InstallUdevRules">Installs the udev rules.</param>
/// <param name="InstallOverlays">Installs the overlays into Arduino cores; a folder follows.</param>
public sealed record RepairCommands(string InstallUdevRules, string InstallOverlays);

internal static class LibraryRules
{
    public static IEnumerable<Finding> Of(Situation situation)
    {
        yield return situation.UsbLibrary switch
        {
            { Trouble: { } trouble } => new Finding(FindingLevel.Problem, FindingTopic.UsbLibrary, "usb-library", trouble),
            { Version: { Length: > 0 } version } => new Finding(FindingLevel.Fine, FindingTopic.UsbLibrary, "usb-library", $"libusb {version}"),
            _ => new Finding(FindingLevel.Fine, FindingTopic.UsbLibrary, "usb-library", "libusb works"),
        };
    }
}

/// <summary>The cores of the Arduino IDE, and whether their Upload leads here.</summary>
internal sealed class CoreRules(RepairCommands commands)
{
    public IEnumerable<Finding> Of(Situation situation) => situation.Cores.Count == 0
        ? [new Finding(FindingLevel.Note, FindingTopic.ArduinoCores, "no-core", "No Arduino core for STM32 was found in the usual places.")]
        : situation.Cores.Select(Of);

    private Finding Of(SeenCore core) => core.HasOverlay
        ? new Finding(FindingLevel.Fine, FindingTopic.ArduinoCores, "core", $"{core.Name} ({core.Folder}): Upload leads to upload-helper")
        : new Finding(FindingLevel.Note, FindingTopic.ArduinoCores, "no-overlay", $"{core.Name} ({core.Folder}): its Upload does not lead to upload-helper.")
        {
            Remedy = [Step.Say("Install the overlay:"), Step.Command($"{commands.InstallOverlays} \"{core.Folder}\"")],
        };
}
