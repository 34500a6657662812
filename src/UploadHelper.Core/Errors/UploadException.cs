namespace UploadHelper.Core.Errors;

/// <summary>Every way in which an upload can fail, as told to the user.</summary>
public sealed class UploadException : Exception
{
    /// <summary>A failure with what happened and what to do about it.</summary>
    /// <param name="error">Which failure; decides code and exit status.</param>
    /// <param name="message">What happened, and in what state the board is; whole sentences, ASCII.</param>
    /// <param name="hint">What to do next; whole sentences, ASCII.</param>
    /// <param name="inner">The failure underneath, if any.</param>
    public UploadException(UploadError error, string message, string hint, Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
        Hint = hint;
    }

    /// <summary>Which failure.</summary>
    public UploadError Error { get; }

    /// <summary>What to do next.</summary>
    public string Hint { get; }

    /// <summary>The address that the image was linked for, where that is what is wrong with it; the bootloaders that start sketches there are worth naming.</summary>
    public uint? LinkedFor { get; init; }
}

/// <summary>The failures of the program. <see cref="ErrorTable"/> has the code, the exit status and the explanation of each.</summary>
public enum UploadError
{
    /// <summary>A defect of this program.</summary>
    Internal,

    /// <summary>The command line does not make sense.</summary>
    Usage,

    /// <summary>A configuration file or an option's value does not make sense.</summary>
    Configuration,

    /// <summary>An offset or address cannot be read, or no sector can start there.</summary>
    AddressInvalid,

    /// <summary>The file carries no address, and none is given.</summary>
    AddressMissing,

    /// <summary>A length cannot be read.</summary>
    LengthInvalid,

    /// <summary>The image file is not there.</summary>
    ImageMissing,

    /// <summary>The image file cannot be read, or is not what it seems.</summary>
    ImageUnreadable,

    /// <summary>The image is larger than the area it has to go to.</summary>
    ImageTooLarge,

    /// <summary>The image was linked for another address.</summary>
    ImageLinkedElsewhere,

    /// <summary>The image does not begin with a vector table.</summary>
    NoVectorTable,

    /// <summary>The image does not begin where a sector of the board's flash begins.</summary>
    NotASectorStart,

    /// <summary>A part of the image lies where the board's flash is read-only, or not at all.</summary>
    NotWritable,

    /// <summary>An address or a range lies in no memory of the board, or reaches past the end of one.</summary>
    NotInMemory,

    /// <summary>The image was made for another device, or has something that this bootloader cannot take.</summary>
    NotForThisDevice,

    /// <summary>A serial port cannot be used (only where the port is the job).</summary>
    SerialPort,

    /// <summary>No bootloader came in time.</summary>
    NoDevice,

    /// <summary>More than one bootloader fits.</summary>
    SeveralDevices,

    /// <summary>A bootloader is listed on the bus, but does not answer.</summary>
    GhostDevice,

    /// <summary>The operating system does not let this user open the device.</summary>
    AccessDenied,

    /// <summary>Another program holds the device.</summary>
    DeviceBusy,

    /// <summary>The device has a driver through which it cannot be reached.</summary>
    WrongDriver,

    /// <summary>The library that reaches USB devices is missing, or the bus cannot be read.</summary>
    UsbUnavailable,

    /// <summary>The device is not a bootloader that this program knows how to talk to.</summary>
    NotSupported,

    /// <summary>The device refused or failed an operation.</summary>
    DeviceFailed,

    /// <summary>The device says that its flash is read protected (RDP).</summary>
    ReadProtected,

    /// <summary>The device went away in the middle.</summary>
    DeviceLost,

    /// <summary>What was read back is not what was written.</summary>
    VerifyFailed,

    /// <summary>Written and verified, but the sketch was not seen to start.</summary>
    NotStarted,
}

/// <summary>Code and exit status of each failure, from the one table of them.</summary>
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
