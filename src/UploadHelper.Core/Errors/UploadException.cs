namespace UploadHelper.Core.Errors;

/// <summary>Any failure of an upload, as shown to the user.</summary>
public sealed class UploadException : Exception
{
    private readonly string _hint;

    /// <summary>Creates a failure: what happened and what to do about it.</summary>
    /// <param name="error">Which failure; determines code and exit status.</param>
    /// <param name="message">What happened, and the state of the board; whole sentences, ASCII.</param>
    /// <param name="hint">What to do next; whole sentences, ASCII.</param>
    /// <param name="inner">The underlying failure, if any.</param>
    public UploadException(UploadError error, string message, string hint, Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
        _hint = hint;
    }

    /// <summary>Which failure.</summary>
    public UploadError Error { get; }

    /// <summary>What to do next.</summary>
    public string Hint => Override is { } check ? $"{_hint} To upload it anyway, use --force {check.Name()}." : _hint;

    /// <summary>The check that refuses the image, if the user can override it; otherwise null.</summary>
    public Override? Override { get; init; }

    /// <summary>The address that the image was linked for, if it is the wrong one. The message can then name the bootloaders that start sketches there.</summary>
    public uint? LinkedFor { get; init; }
}

/// <summary>
/// The checks that refuse an image because the board will not start it, and that the user can override (--force). The checks
/// that protect the bootloader and the option bytes are not among them.
/// </summary>
public enum Override
{
    /// <summary>The initial stack pointer.</summary>
    Stack,

    /// <summary>The address that the image was linked for.</summary>
    Address,

    /// <summary>The part of the memory map that the bootloader writes correctly.</summary>
    Map,

    /// <summary>The USB ids in the image file.</summary>
    Ids,
}

/// <summary>The names of <see cref="Override"/>.</summary>
public static class Overrides
{
    /// <summary>All names, as --force takes them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<Override>().Select(Name)];

    /// <summary>The name of a check.</summary>
    public static string Name(this Override check) => check.ToString().ToLowerInvariant();

    /// <summary>The check with a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static Override Of(string name) => Enum.GetValues<Override>().First(c => c.Name() == name);
}

/// <summary>How hints ask the user to repeat what failed. The user of an IDE presses a button instead of typing a command.</summary>
public static class Again
{
    /// <summary>Inside a sentence.</summary>
    public const string Clause = "run the same command again";

    /// <summary>At the beginning of a sentence.</summary>
    public const string Sentence = "Run the same command again";

    /// <summary>A hint for the user of an IDE.</summary>
    /// <param name="hint">The hint, with <see cref="Clause"/> or <see cref="Sentence"/> in it or without.</param>
    public static string InIde(string hint) => hint.Replace(Clause, "press Upload again", StringComparison.Ordinal).Replace(Sentence, "Press Upload again", StringComparison.Ordinal);
}

/// <summary>The failures of the program. <see cref="ErrorTable"/> has the code, the exit status and the explanation of each.</summary>
public enum UploadError
{
    /// <summary>A bug in this program.</summary>
    Internal,

    /// <summary>The command line is not valid.</summary>
    Usage,

    /// <summary>A configuration file or an option's value is not valid.</summary>
    Configuration,

    /// <summary>An offset or address is not a number, or no sector can start there.</summary>
    AddressInvalid,

    /// <summary>The file contains no address, and none was given.</summary>
    AddressMissing,

    /// <summary>A length is not a number, or is 0.</summary>
    LengthInvalid,

    /// <summary>The image file does not exist.</summary>
    ImageMissing,

    /// <summary>The image file cannot be opened, or is damaged.</summary>
    ImageUnreadable,

    /// <summary>The image is larger than the area for sketches.</summary>
    ImageTooLarge,

    /// <summary>The image was linked for another address.</summary>
    ImageLinkedElsewhere,

    /// <summary>The image does not begin with a vector table.</summary>
    NoVectorTable,

    /// <summary>The image does not begin where a sector of the board's flash begins.</summary>
    NotASectorStart,

    /// <summary>A part of the image lies where the board's flash is read-only, or where it has no flash.</summary>
    NotWritable,

    /// <summary>An address or a range is outside the board's memory, or extends past its end.</summary>
    NotInMemory,

    /// <summary>The image was made for another device, or contains something that this bootloader does not support.</summary>
    NotForThisDevice,

    /// <summary>A serial port cannot be used (an error only for the command "reset").</summary>
    SerialPort,

    /// <summary>No bootloader appeared in time.</summary>
    NoDevice,

    /// <summary>More than one bootloader matches.</summary>
    SeveralDevices,

    /// <summary>A bootloader is listed on the bus but does not respond.</summary>
    GhostDevice,

    /// <summary>The operating system does not allow this user to open the device.</summary>
    AccessDenied,

    /// <summary>Another program has the device open.</summary>
    DeviceBusy,

    /// <summary>The device has no driver, or one that cannot be used (Windows).</summary>
    WrongDriver,

    /// <summary>The library for USB access is missing, or USB devices cannot be listed.</summary>
    UsbUnavailable,

    /// <summary>The device is not a bootloader that this program supports, or its bootloader lacks the requested function.</summary>
    NotSupported,

    /// <summary>The device refused an operation, failed it, or stopped responding.</summary>
    DeviceFailed,

    /// <summary>The device reports that its flash is read-protected (RDP).</summary>
    ReadProtected,

    /// <summary>The device disconnected during the operation.</summary>
    DeviceLost,

    /// <summary>The flash differs from the file.</summary>
    VerifyFailed,

    /// <summary>Written and verified, but the sketch did not start.</summary>
    NotStarted,
}

/// <summary>Code and exit status of each failure, from <see cref="ErrorTable"/>.</summary>
public static class UploadErrors
{
    /// <summary>Exit status of a cancelled run (128 + SIGINT).</summary>
    public const int Cancelled = 130;

    private static readonly Dictionary<UploadError, ErrorEntry> Table = ErrorTable.Entries.ToDictionary(e => e.Error);

    /// <summary>The stable code of a failure, for example "image-too-large".</summary>
    public static string Code(this UploadError error) => Table[error].Text.Code;

    /// <summary>The exit status of the process that ends with this failure.</summary>
    public static int ExitStatus(this UploadError error) => Table[error].ExitStatus;
}
