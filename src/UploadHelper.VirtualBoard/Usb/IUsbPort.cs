using UploadHelper.Core.Usb;

namespace UploadHelper.VirtualBoard.Usb;

/// <summary>
/// The USB port of a virtual board, as a host controller sees it; the buses (in process, USB/IP) use it.
/// The board is passive: it has no timers and no threads; its user tells it the time.
/// Not safe for use from several threads at once: its user locks it.
/// </summary>
public interface IUsbPort
{
    /// <summary>When the board next does something by itself (a reboot ends, a boot window closes), in the board's time; null: never.</summary>
    TimeSpan? NextEventAt { get; }

    /// <summary>The device on the bus now; null while there is none.</summary>
    AttachedDevice? Attached { get; }

    /// <summary>Advances the board's time to <paramref name="now"/>; an earlier time changes nothing.</summary>
    void AdvanceTo(TimeSpan now);

    /// <summary>One control transfer to endpoint 0 of the attached device.</summary>
    /// <param name="setup">The setup packet.</param>
    /// <param name="data">The data stage of an OUT request; empty otherwise.</param>
    ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data);

    /// <summary>One packet to a bulk OUT endpoint.</summary>
    /// <returns>False when the endpoint does not accept it (NAK): try again later.</returns>
    bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet);

    /// <summary>Asks a bulk or interrupt IN endpoint for a packet.</summary>
    /// <returns>The packet, or null when there is none yet (NAK): try again later.</returns>
    byte[]? BulkIn(byte endpoint, int maxLength);

    /// <summary>A reset of the port by the host.</summary>
    void BusReset();
}

/// <summary>One enumeration of a device on the bus.</summary>
/// <param name="Generation">Counts enumerations; a device that enumerates again has another.</param>
/// <param name="DeviceDescriptor">The 18 bytes of the device descriptor.</param>
/// <param name="ConfigurationDescriptor">The whole configuration descriptor.</param>
public sealed record AttachedDevice(int Generation, ReadOnlyMemory<byte> DeviceDescriptor, ReadOnlyMemory<byte> ConfigurationDescriptor)
{
    /// <summary>When it enumerated, in the board's time.</summary>
    public TimeSpan Since { get; init; }

    /// <summary>Whether it is in another port than at first.</summary>
    public bool HasMoved { get; init; }

    /// <summary>Its serial number, or null.</summary>
    public string? SerialNumber { get; init; }
}

/// <summary>How a control transfer ended on the wire.</summary>
public enum ControlOutcome
{
    /// <summary>Data and status stage went through.</summary>
    Done,

    /// <summary>The device answered STALL.</summary>
    Stall,

    /// <summary>The device does not answer: the host's time limit ends the transfer.</summary>
    Silent,

    /// <summary>The device left the bus before the status stage.</summary>
    Gone,
}

/// <summary>The board's answer to a control transfer.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Data">The data stage of an IN request.</param>
/// <param name="Busy">
/// How long the device answered NAK before the transfer ended, beyond the transfer itself: for example during the
/// erase that runs inside a GETSTATUS. A host whose time limit is shorter sees a time-out; the board finishes anyway,
/// and the next request waits for it.
/// </param>
/// <param name="BusyAfter">How long the device is busy once the transfer has ended: the next request waits for it.</param>
public readonly record struct ControlReply(ControlOutcome Outcome, ReadOnlyMemory<byte> Data, TimeSpan Busy, TimeSpan BusyAfter = default);

/// <summary>The serial line of a CDC ACM device: where its control requests and its data go (USB CDC 1.2, PSTN subclass).</summary>
/// <param name="ControlInterface">Number of the communications interface.</param>
/// <param name="Out">Address of the bulk OUT endpoint.</param>
/// <param name="In">Address of the bulk IN endpoint.</param>
/// <param name="PacketSize">Largest packet to the OUT endpoint, in bytes.</param>
internal sealed record CdcEndpoints(byte ControlInterface, byte Out, byte In, int PacketSize)
{
    /// <summary>Finds the serial line in a configuration descriptor; null: the device has none.</summary>
    public static CdcEndpoints? Find(ReadOnlySpan<byte> configuration)
    {
        const byte Interface = 4, Endpoint = 5;
        const byte Communications = 0x02, Data = 0x0A, Bulk = 2;
        byte? control = null, output = null, input = null;
        var size = 0;
        byte interfaceClass = 0;
        for (var rest = configuration; rest.Length >= 7 && rest[0] >= 2 && rest[0] <= rest.Length; rest = rest[rest[0]..])
        {
            if (rest[1] == Interface && rest.Length >= 9)
            {
                interfaceClass = rest[5];
                control = interfaceClass == Communications ? rest[2] : control;
            }
            else if (rest[1] == Endpoint && interfaceClass == Data && (rest[3] & 3) == Bulk)
            {
                if ((rest[2] & 0x80) != 0)
                {
                    input = rest[2];
                }
                else
                {
                    output = rest[2];
                    size = rest[4] | ((rest[5] & 7) << 8);
                }
            }
        }

        return control is { } number && output is { } o && input is { } i && size > 0 ? new CdcEndpoints(number, o, i, size) : null;
    }
}

/// <summary>The bus model: how long transfers take at full speed.</summary>
public static class BusModel
{
    /// <summary>A control transfer without what the device does in it: one or two frames (INF).</summary>
    public static readonly TimeSpan TransferTime = TimeSpan.FromMilliseconds(1);

    // 1024 bytes in 4 to 5 ms, seen on F412 and WB ROMs.
    private static readonly TimeSpan ReadTimePerKiB = TimeSpan.FromMilliseconds(4.5) - TransferTime;

    /// <summary>What an UPLOAD of a length takes in addition to <see cref="TransferTime"/>.</summary>
    public static TimeSpan ReadTime(int length) => ReadTimePerKiB * length / 1024;
}
