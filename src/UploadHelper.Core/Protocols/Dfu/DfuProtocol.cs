namespace UploadHelper.Core.Protocols.Dfu;

/// <summary>The class requests of DFU (USB DFU 1.1, 3).</summary>
public enum DfuRequest : byte
{
    /// <summary>Leave the application for DFU mode.</summary>
    Detach = 0,

    /// <summary>Data to the device; on DfuSe also commands (block 0) and leave (no data).</summary>
    Download = 1,

    /// <summary>Data from the device.</summary>
    Upload = 2,

    /// <summary>Status and state; on DfuSe, this request executes the last DNLOAD.</summary>
    GetStatus = 3,

    /// <summary>From dfuERROR to dfuIDLE.</summary>
    ClearStatus = 4,

    /// <summary>The state alone.</summary>
    GetState = 5,

    /// <summary>Back to dfuIDLE.</summary>
    Abort = 6,
}

/// <summary>The states of a DFU device (USB DFU 1.1, 6.1.2), with the standard's names.</summary>
public enum DfuState : byte
{
    /// <summary>appIDLE.</summary>
    AppIdle = 0,

    /// <summary>appDETACH.</summary>
    AppDetach = 1,

    /// <summary>dfuIDLE.</summary>
    Idle = 2,

    /// <summary>dfuDNLOAD-SYNC.</summary>
    DownloadSync = 3,

    /// <summary>dfuDNBUSY.</summary>
    DownloadBusy = 4,

    /// <summary>dfuDNLOAD-IDLE.</summary>
    DownloadIdle = 5,

    /// <summary>dfuMANIFEST-SYNC.</summary>
    ManifestSync = 6,

    /// <summary>dfuMANIFEST.</summary>
    Manifest = 7,

    /// <summary>dfuMANIFEST-WAIT-RESET.</summary>
    ManifestWaitReset = 8,

    /// <summary>dfuUPLOAD-IDLE.</summary>
    UploadIdle = 9,

    /// <summary>dfuERROR.</summary>
    Error = 10,
}

/// <summary>The status codes of a DFU device (USB DFU 1.1, 6.1.2), with the standard's names.</summary>
public enum DfuStatusCode : byte
{
    /// <summary>OK.</summary>
    Ok = 0x00,

    /// <summary>errTARGET: the file is not for this device.</summary>
    ErrTarget = 0x01,

    /// <summary>errFILE: the file fails a check of the device.</summary>
    ErrFile = 0x02,

    /// <summary>errWRITE: the device cannot write memory.</summary>
    ErrWrite = 0x03,

    /// <summary>errERASE: the erase failed.</summary>
    ErrErase = 0x04,

    /// <summary>errCHECK_ERASED: the erase check failed.</summary>
    ErrCheckErased = 0x05,

    /// <summary>errPROG: programming failed.</summary>
    ErrProg = 0x06,

    /// <summary>errVERIFY: programmed memory failed its check.</summary>
    ErrVerify = 0x07,

    /// <summary>errADDRESS: the address is out of range.</summary>
    ErrAddress = 0x08,

    /// <summary>errNOTDONE: the download ended before all data was received.</summary>
    ErrNotDone = 0x09,

    /// <summary>errFIRMWARE: the firmware is corrupt.</summary>
    ErrFirmware = 0x0A,

    /// <summary>errVENDOR: a vendor's own error; on DfuSe: read protection.</summary>
    ErrVendor = 0x0B,

    /// <summary>errUSBR: an unexpected USB reset.</summary>
    ErrUsbReset = 0x0C,

    /// <summary>errPOR: an unexpected power-on reset.</summary>
    ErrPowerOnReset = 0x0D,

    /// <summary>errUNKNOWN: something went wrong.</summary>
    ErrUnknown = 0x0E,

    /// <summary>errSTALLEDPKT: the device stalled an unexpected request.</summary>
    ErrStalledPacket = 0x0F,
}

/// <summary>The standard's names, for messages.</summary>
public static class DfuNames
{
    private static readonly string[] States =
    [
        "appIDLE", "appDETACH", "dfuIDLE", "dfuDNLOAD-SYNC", "dfuDNBUSY", "dfuDNLOAD-IDLE", "dfuMANIFEST-SYNC",
        "dfuMANIFEST", "dfuMANIFEST-WAIT-RESET", "dfuUPLOAD-IDLE", "dfuERROR",
    ];

    private static readonly string[] Codes =
    [
        "OK", "errTARGET", "errFILE", "errWRITE", "errERASE", "errCHECK_ERASED", "errPROG", "errVERIFY", "errADDRESS",
        "errNOTDONE", "errFIRMWARE", "errVENDOR", "errUSBR", "errPOR", "errUNKNOWN", "errSTALLEDPKT",
    ];

    /// <summary>The name of a state, or its number if the standard has none for it.</summary>
    public static string Name(this DfuState state) => (int)state < States.Length ? States[(int)state] : $"state {(int)state}";

    /// <summary>The name of a status code, or its number if the standard has none for it.</summary>
    public static string Name(this DfuStatusCode code) => (int)code < Codes.Length ? Codes[(int)code] : $"status {(int)code}";
}

/// <summary>The answer to GETSTATUS (USB DFU 1.1, 6.1.2).</summary>
/// <param name="Code">bStatus.</param>
/// <param name="PollTimeout">bwPollTimeout: how long the device asks the host to wait before the next GETSTATUS.</param>
/// <param name="State">bState: the state that the device enters right after this answer.</param>
public readonly record struct DfuStatus(DfuStatusCode Code, TimeSpan PollTimeout, DfuState State)
{
    /// <summary>Size of the answer in bytes.</summary>
    public const int Size = 6;

    /// <summary>Reads the 6 bytes of the answer.</summary>
    public static DfuStatus Read(ReadOnlySpan<byte> answer) => new(
        (DfuStatusCode)answer[0],
        TimeSpan.FromMilliseconds(answer[1] | answer[2] << 8 | answer[3] << 16),
        (DfuState)answer[4]);

    /// <summary>For messages: "dfuERROR, errADDRESS".</summary>
    public override string ToString() => $"{State.Name()}, {Code.Name()}";
}

/// <summary>The device answered, but with an error or not as the protocol requires.</summary>
public sealed class DfuException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Which step failed, and how.</param>
    /// <param name="status">The status that the device reported, or null.</param>
    public DfuException(string message, DfuStatus? status = null)
        : base(message) => Status = status;

    /// <summary>The status that the device reported, or null.</summary>
    public DfuStatus? Status { get; }

    /// <summary>What the user can do about it, if the failure tells; null otherwise.</summary>
    public string? Hint { get; init; }
}
