using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>A device in DFU mode.</summary>
public interface IDfuFunction
{
    /// <summary>bState.</summary>
    DfuState State { get; }
}

/// <summary>The class requests of DFU (USB DFU 1.1, 3).</summary>
public enum DfuRequest : byte
{
    /// <summary>DETACH.</summary>
    Detach = 0,

    /// <summary>DNLOAD: data to the device.</summary>
    Download = 1,

    /// <summary>UPLOAD: data from the device.</summary>
    Upload = 2,

    /// <summary>GETSTATUS.</summary>
    GetStatus = 3,

    /// <summary>CLRSTATUS.</summary>
    ClearStatus = 4,

    /// <summary>GETSTATE.</summary>
    GetState = 5,

    /// <summary>ABORT.</summary>
    Abort = 6,
}

/// <summary>The states of a device in DFU mode (USB DFU 1.1, 6.1.2).</summary>
public enum DfuState : byte
{
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

/// <summary>The values of bStatus (USB DFU 1.1, 6.1.2).</summary>
public enum DfuStatusCode : byte
{
    /// <summary>OK.</summary>
    Ok = 0x00,

    /// <summary>errTARGET.</summary>
    ErrTarget = 0x01,

    /// <summary>errFILE.</summary>
    ErrFile = 0x02,

    /// <summary>errWRITE.</summary>
    ErrWrite = 0x03,

    /// <summary>errERASE.</summary>
    ErrErase = 0x04,

    /// <summary>errCHECK_ERASED.</summary>
    ErrCheckErased = 0x05,

    /// <summary>errPROG.</summary>
    ErrProg = 0x06,

    /// <summary>errVERIFY.</summary>
    ErrVerify = 0x07,

    /// <summary>errADDRESS.</summary>
    ErrAddress = 0x08,

    /// <summary>errNOTDONE.</summary>
    ErrNotDone = 0x09,

    /// <summary>errFIRMWARE.</summary>
    ErrFirmware = 0x0A,

    /// <summary>errVENDOR.</summary>
    ErrVendor = 0x0B,

    /// <summary>errUSBR.</summary>
    ErrUsbReset = 0x0C,

    /// <summary>errPOR.</summary>
    ErrPowerOnReset = 0x0D,

    /// <summary>errUNKNOWN.</summary>
    ErrUnknown = 0x0E,

    /// <summary>errSTALLEDPKT.</summary>
    ErrStalledPacket = 0x0F,
}

/// <summary>The answer to GETSTATUS (USB DFU 1.1, 6.1.2).</summary>
/// <param name="Code">bStatus.</param>
/// <param name="PollTimeout">bwPollTimeout: how long the device asks the host to wait before the next GETSTATUS.</param>
/// <param name="State">bState.</param>
internal readonly record struct DfuStatus(DfuStatusCode Code, TimeSpan PollTimeout, DfuState State)
{
    /// <summary>Size of the answer in bytes.</summary>
    public const int Size = 6;

    /// <summary>Reads the answer.</summary>
    public static DfuStatus Read(ReadOnlySpan<byte> answer) => new(
        (DfuStatusCode)answer[0], TimeSpan.FromMilliseconds(answer[1] | (answer[2] << 8) | (answer[3] << 16)), (DfuState)answer[4]);

    /// <summary>The answer as bytes.</summary>
    public byte[] ToBytes()
    {
        var milliseconds = (int)PollTimeout.TotalMilliseconds;
        return [(byte)Code, (byte)milliseconds, (byte)(milliseconds >> 8), (byte)(milliseconds >> 16), (byte)State, 0];
    }
}

/// <summary>What the virtual bootloaders share: the standard's names of the states, and the descriptors.</summary>
internal static class Dfu
{
    /// <summary>bcdDFUVersion of ST's DfuSe (UM0424).</summary>
    public const ushort DfuSeVersion = 0x011A;

    /// <summary>Index of the name of the first alternate setting, if the names follow the serial number.</summary>
    public const byte FirstAlternateString = 4;

    private static readonly string[] States =
    [
        "appIDLE", "appDETACH", "dfuIDLE", "dfuDNLOAD-SYNC", "dfuDNBUSY", "dfuDNLOAD-IDLE", "dfuMANIFEST-SYNC",
        "dfuMANIFEST", "dfuMANIFEST-WAIT-RESET", "dfuUPLOAD-IDLE", "dfuERROR",
    ];

    /// <summary>The standard's name of a state, or its number if it has none.</summary>
    public static string Name(this DfuState state) => (int)state < States.Length ? States[(int)state] : $"state {(int)state}";

    /// <summary>One interface with an alternate setting per memory, and the functional descriptor after the last.</summary>
    public static byte[] Configuration(int alternates, byte attributes, ushort transferSize, ushort version, byte firstName = FirstAlternateString) => UsbIdentity.Configure(
        interfaces: 1,
        attributes: 0xC0,
        [
            .. Alternates(alternates, firstName),
            [9, 0x21, attributes, 0xFF, 0, (byte)transferSize, (byte)(transferSize >> 8), (byte)version, (byte)(version >> 8)],
        ]);

    /// <summary>The descriptors of interface 0 with its alternate settings.</summary>
    public static IEnumerable<byte[]> Alternates(int count, byte firstName = FirstAlternateString)
    {
        for (var a = 0; a < count; a++)
        {
            yield return [9, 4, 0, (byte)a, 0, 0xFE, 1, 2, (byte)(firstName + a)];
        }
    }
}
