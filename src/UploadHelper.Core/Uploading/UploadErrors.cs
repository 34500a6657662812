namespace UploadHelper.Core.Uploading;

/// <summary>The one table of failures: a stable code for programs, and the exit status of the process.</summary>
public static class UploadErrors
{
    /// <summary>Exit status of a cancelled run (128 + SIGINT).</summary>
    public const int Cancelled = 130;

    private static readonly Dictionary<UploadError, (string Code, int ExitStatus)> Table = new()
    {
        [UploadError.Internal] = ("internal", 1),
        [UploadError.Usage] = ("usage", 2),
        [UploadError.Configuration] = ("configuration", 2),
        [UploadError.AddressInvalid] = ("address-invalid", 2),
        [UploadError.LengthInvalid] = ("length-invalid", 2),
        [UploadError.ImageMissing] = ("image-missing", 3),
        [UploadError.ImageUnreadable] = ("image-unreadable", 3),
        [UploadError.ImageTooLarge] = ("image-too-large", 4),
        [UploadError.ImageLinkedElsewhere] = ("image-linked-elsewhere", 4),
        [UploadError.NoVectorTable] = ("no-vector-table", 4),
        [UploadError.NotASectorStart] = ("not-a-sector-start", 4),
        [UploadError.NotWritable] = ("not-writable", 4),
        [UploadError.NotInMemory] = ("not-in-memory", 4),
        [UploadError.NotForThisDevice] = ("not-for-this-device", 4),
        [UploadError.SerialPort] = ("serial-port", 5),
        [UploadError.NoDevice] = ("no-device", 6),
        [UploadError.SeveralDevices] = ("several-devices", 6),
        [UploadError.GhostDevice] = ("ghost-device", 6),
        [UploadError.AccessDenied] = ("access-denied", 7),
        [UploadError.DeviceBusy] = ("device-busy", 7),
        [UploadError.WrongDriver] = ("wrong-driver", 7),
        [UploadError.UsbUnavailable] = ("usb-unavailable", 7),
        [UploadError.NotSupported] = ("not-supported", 8),
        [UploadError.DeviceFailed] = ("device-failed", 8),
        [UploadError.DeviceLost] = ("device-lost", 8),
        [UploadError.VerifyFailed] = ("verify-failed", 9),
        [UploadError.NotStarted] = ("not-started", 10),
    };

    /// <summary>The stable code of a failure, for example "image-too-large".</summary>
    public static string Code(this UploadError error) => Table[error].Code;

    /// <summary>The exit status of the process that ends with this failure.</summary>
    public static int ExitStatus(this UploadError error) => Table[error].ExitStatus;
}
