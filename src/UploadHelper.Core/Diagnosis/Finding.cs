namespace UploadHelper.Core.Diagnosis;

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
