using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Usb;

namespace UploadHelper.VirtualBoard.Usb;

/// <summary>bRequest of the standard requests (USB 2.0, 9.4).</summary>
internal enum StandardRequest : byte
{
    GetStatus = 0,
    ClearFeature = 1,
    SetFeature = 3,
    SetAddress = 5,
    GetDescriptor = 6,
    GetConfiguration = 8,
    SetConfiguration = 9,
    GetInterface = 10,
    SetInterface = 11,
}

/// <summary>The USB device that a virtual board is at a time: a bootloader or a sketch. It answers the standard requests (USB 2.0, 9.4); subclasses answer the rest.</summary>
/// <param name="identity">Its descriptors.</param>
public abstract class UsbFunction(UsbIdentity identity)
{
    /// <summary>Its descriptors.</summary>
    public UsbIdentity Identity => identity;

    /// <summary>Whether it is a bootloader that does not speak DFU.</summary>
    public virtual bool IsBootloader => false;

    /// <summary>Whether the host has selected a configuration since the last reset of the port.</summary>
    protected bool IsConfigured => Configuration != 0;

    /// <summary>The value of the selected configuration; 0 if none is.</summary>
    protected byte Configuration { get; set; }

    /// <summary>The selected alternate setting of interface 0.</summary>
    protected byte AlternateSetting { get; set; }

    /// <summary>When it next does something by itself, or null.</summary>
    public virtual TimeSpan? NextEventAt => null;

    /// <summary>Advances its time.</summary>
    public virtual void AdvanceTo(TimeSpan now)
    {
    }

    /// <summary>A control transfer.</summary>
    public virtual ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data) =>
        setup.IsStandard ? Standard(setup) : Class(setup, data);

    /// <summary>A reset of the port: no configuration is selected until the host selects it again.</summary>
    public virtual void BusReset()
    {
        Configuration = 0;
        ResetAlternateSetting();
    }

    /// <summary>The host suspends the bus.</summary>
    public virtual void Suspend()
    {
    }

    /// <summary>The power fails while it is busy.</summary>
    public virtual void PowerLost()
    {
    }

    /// <summary>A packet to a bulk endpoint; false for NAK.</summary>
    public virtual bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet) => false;

    /// <summary>A packet from an endpoint; null for NAK.</summary>
    public virtual byte[]? BulkIn(byte endpoint, int maxLength) => null;

    /// <summary>What a reset of the port does to the alternate setting.</summary>
    protected virtual void ResetAlternateSetting() => AlternateSetting = 0;

    /// <summary>A class or vendor request.</summary>
    protected abstract ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data);

    /// <summary>A transfer that went through.</summary>
    protected static ControlReply Done(ReadOnlyMemory<byte> data = default, TimeSpan busy = default) => new(ControlOutcome.Done, data, busy);

    /// <summary>A transfer that was refused with STALL.</summary>
    protected static ControlReply Stall() => new(ControlOutcome.Stall, default, default);

    /// <summary>A standard request.</summary>
    protected virtual ControlReply Standard(UsbSetup setup)
    {
        switch ((StandardRequest)setup.Request)
        {
            case StandardRequest.GetStatus:
                return Cut(setup, [0, 0]);
            case StandardRequest.ClearFeature or StandardRequest.SetFeature or StandardRequest.SetAddress:
                return Done();
            case StandardRequest.GetDescriptor:
                return Descriptor(setup);
            case StandardRequest.GetConfiguration:
                return Cut(setup, [Configuration]);
            case StandardRequest.SetConfiguration:
                Configuration = (byte)setup.Value;
                return Done();
            case StandardRequest.GetInterface:
                return Cut(setup, [AlternateSetting]);
            case StandardRequest.SetInterface:
                return Select((byte)setup.Index, (byte)setup.Value);
            default:
                return Stall();
        }
    }

    private ControlReply Select(byte interfaceNumber, byte alternateSetting)
    {
        if (!UsbDescriptors.Interfaces(identity.Configuration).Any(i => i.Number == interfaceNumber && i.AlternateSetting == alternateSetting))
        {
            return Stall();
        }

        if (interfaceNumber == 0)
        {
            AlternateSetting = alternateSetting;
        }

        return Done();
    }

    private ControlReply Descriptor(UsbSetup setup)
    {
        var index = setup.Value & 0xFF;
        return (setup.Value >> 8) switch
        {
            1 => Cut(setup, identity.DeviceDescriptor()),
            2 when index == 0 => Cut(setup, identity.Configuration),
            3 when identity.StringDescriptor(index) is { } text => Cut(setup, text),
            _ => Stall(),
        };
    }

    /// <summary>The answer to a request for data, cut to its length.</summary>
    protected static ControlReply Cut(UsbSetup setup, byte[] data) => Done(data.AsMemory(0, Math.Min(data.Length, setup.Length)));
}

/// <summary>The descriptors of a virtual USB device.</summary>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="UsbRelease">bcdUSB.</param>
/// <param name="Release">bcdDevice.</param>
/// <param name="DeviceClass">bDeviceClass.</param>
/// <param name="Strings">The strings, from index 1 on: manufacturer (empty if there is none), product, the serial number if there is one, then others.</param>
/// <param name="Configuration">The whole configuration descriptor.</param>
public sealed record UsbIdentity(
    ushort VendorId,
    ushort ProductId,
    ushort UsbRelease,
    ushort Release,
    byte DeviceClass,
    IReadOnlyList<string> Strings,
    byte[] Configuration)
{
    private const byte SerialNumberIndex = 3;

    /// <summary>String descriptors that a device sends otherwise than their text demands, by their index.</summary>
    public IReadOnlyDictionary<int, byte[]> OddStrings { get; init; } = new Dictionary<int, byte[]>();

    /// <summary>bMaxPacketSize0: the size of a packet on endpoint 0.</summary>
    public byte ControlPacketSize { get; init; } = 64;

    /// <summary>The BOS descriptor with its capabilities (USB 3.2, 9.6.2), or null.</summary>
    public byte[]? DeviceObjectStore { get; init; }

    /// <summary>The serial number, or null.</summary>
    public string? SerialNumber => Strings.Count >= SerialNumberIndex ? Strings[SerialNumberIndex - 1] : null;

    /// <summary>A string descriptor (USB 2.0, 9.6.7), or null if there is none; index 0 is the list of languages: English (US).</summary>
    public byte[]? StringDescriptor(int index) =>
        index == 0 ? [4, 3, 0x09, 0x04]
        : OddStrings.TryGetValue(index, out var odd) ? odd
        : index <= Strings.Count ? Text(Strings[index - 1])
        : null;

    /// <summary>The 18 bytes of the device descriptor (USB 2.0, 9.6.1).</summary>
    public byte[] DeviceDescriptor()
    {
        byte[] d = [18, 1, 0, 0, DeviceClass, 0, 0, ControlPacketSize, 0, 0, 0, 0, 0, 0, Strings[0].Length == 0 ? (byte)0 : (byte)1, 2, SerialNumber is null ? (byte)0 : SerialNumberIndex, 1];
        BinaryPrimitives.WriteUInt16LittleEndian(d.AsSpan(2), UsbRelease);
        BinaryPrimitives.WriteUInt16LittleEndian(d.AsSpan(8), VendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(d.AsSpan(10), ProductId);
        BinaryPrimitives.WriteUInt16LittleEndian(d.AsSpan(12), Release);
        return d;
    }

    /// <summary>The string descriptor of a text.</summary>
    public static byte[] Text(string text) => [(byte)(2 + text.Length * 2), 3, .. Encoding.Unicode.GetBytes(text)];

    /// <summary>Builds a configuration descriptor and fills in its total length (USB 2.0, 9.6.3).</summary>
    /// <param name="interfaces">bNumInterfaces.</param>
    /// <param name="attributes">bmAttributes: 0x80 bus powered, 0xC0 self powered.</param>
    /// <param name="parts">The descriptors that follow the configuration's own.</param>
    public static byte[] Configure(byte interfaces, byte attributes, params byte[][] parts)
    {
        List<byte> all = [9, 2, 0, 0, interfaces, 1, 0, attributes, 50];
        foreach (var part in parts)
        {
            all.AddRange(part);
        }

        var configuration = all.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(configuration.AsSpan(2), (ushort)configuration.Length);
        return configuration;
    }
}

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

    /// <summary>The name that it gives itself, or null.</summary>
    public string? Product { get; init; }
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

    /// <summary>The device acknowledges no packet: the host gives up after three tries (EPROTO).</summary>
    NoHandshake,

    /// <summary>The device left the bus before the status stage.</summary>
    Gone,
}

/// <summary>How a device fails to answer that stays on the bus although its bootloader has started a sketch without USB.</summary>
public enum GhostKind
{
    /// <summary>Every transfer runs into the host's time limit.</summary>
    Silent,

    /// <summary>
    /// The USB peripheral is still on: it takes the first SETUP packet and answers NAK to the rest of that transfer; since
    /// nothing fetches the packet, it acknowledges none after it (RM0008, 23.4.2: CTR_RX; seen with the binaries on an emulated STM32F103).
    /// </summary>
    TakesOneRequest,

    /// <summary>The USB peripheral is off, but the pull-up on D+ is not: no packet is acknowledged.</summary>
    Unpowered,
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
    /// <summary>The request that tells the device speed, stop bits, parity and data bits (PSTN 1.2, 6.3.10).</summary>
    public const byte SetLineCoding = 0x20;

    /// <summary>The request that asks for them.</summary>
    public const byte GetLineCoding = 0x21;

    /// <summary>The request that tells the device whether DTR (1) and RTS (2) are raised.</summary>
    public const byte SetControlLineState = 0x22;

    /// <summary>The descriptors of such a line as interfaces 0 and 1.</summary>
    /// <param name="notification">The endpoint for notifications.</param>
    /// <param name="interval">Its interval in ms.</param>
    /// <param name="output">The bulk OUT endpoint.</param>
    /// <param name="input">The bulk IN endpoint.</param>
    public static byte[][] Describe(byte notification, byte interval, byte output, byte input) =>
    [
        [9, 4, 0, 0, 1, 2, 2, 1, 0], // communication interface, abstract control model
        [5, 0x24, 0, 0x10, 0x01], // header, CDC 1.10
        [5, 0x24, 1, 0, 1], // call management by interface 1
        [4, 0x24, 2, 2], // line coding and control lines
        [5, 0x24, 6, 0, 1], // union of interfaces 0 and 1
        [7, 5, notification, 3, 16, 0, interval],
        [9, 4, 1, 0, 2, 0x0A, 0, 0, 0], // data interface
        [7, 5, output, 2, 64, 0, 0],
        [7, 5, input, 2, 64, 0, 0],
    ];

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
