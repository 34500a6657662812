using System.Buffers.Binary;
using System.Globalization;

namespace UploadHelper.Core.Usb.Tracing;

/// <summary>
/// Reads captures of USB in pcap (draft-ietf-opsawg-pcap) and pcapng files (draft-ietf-opsawg-pcapng): from Linux' usbmon, as
/// LINKTYPE_USB_LINUX and LINKTYPE_USB_LINUX_MMAPPED, and from Windows' USBPcap.
/// </summary>
internal static class UsbCapture
{
    private const string Format = "USB capture";
    private const uint Section = 0x0A0D_0D0A;
    private const uint ByteOrder = 0x1A2B_3C4D;

    private static readonly uint[] Magics = [0xA1B2_C3D4, 0xA1B2_3C4D];

    /// <summary>Whether a file is a capture of anything.</summary>
    public static bool Begins(ReadOnlySpan<byte> content) => content.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(content) is var magic
        && (magic == Section || Magics.Contains(magic) || Magics.Contains(BinaryPrimitives.ReverseEndianness(magic)));

    /// <summary>Reads the transfers.</summary>
    public static Recording Read(ReadOnlyMemory<byte> content)
    {
        var transfers = new CapturedTransfers();
        var warnings = new List<string>();
        var isWhole = BinaryPrimitives.ReadUInt32LittleEndian(content.Span) == Section ? ReadBlocks(content, transfers.Add) : ReadPackets(content, transfers.Add);
        if (!isWhole)
        {
            warnings.Add("Its end is cut off or damaged.");
        }

        if (transfers.Others is { } others)
        {
            throw Recording.Unreadable(string.Create(CultureInfo.InvariantCulture, $"The file is a capture of something else than USB (link type {others})."));
        }

        return new Recording(Format, transfers.Finish()) { Warnings = [.. warnings, .. transfers.Warnings] };
    }

    private static bool ReadPackets(ReadOnlyMemory<byte> content, PacketHandler handle)
    {
        const int Header = 24, PacketHeader = 16;
        if (content.Length < Header)
        {
            return false;
        }

        var isBig = !Magics.Contains(BinaryPrimitives.ReadUInt32LittleEndian(content.Span));
        var unit = Number(content.Span, isBig) == Magics[1] ? 1e-9 : 1e-6;
        var link = (int)(Number(content.Span[20..], isBig) & 0xFFFF);
        for (content = content[Header..]; content.Length >= PacketHeader;)
        {
            var size = Number(content.Span[8..], isBig);
            if (size > content.Length - PacketHeader)
            {
                return false;
            }

            var time = Number(content.Span, isBig) + Number(content.Span[4..], isBig) * unit;
            handle(link, isBig, time, content.Slice(PacketHeader, (int)size));
            content = content[(PacketHeader + (int)size)..];
        }

        return content.IsEmpty;
    }

    private static bool ReadBlocks(ReadOnlyMemory<byte> content, PacketHandler handle)
    {
        const uint Interface = 1, SimplePacket = 3, EnhancedPacket = 6;
        const int Smallest = 12;
        var isBig = false;
        var interfaces = new List<CapturedInterface>();
        for (; content.Length >= Smallest;)
        {
            var type = Number(content.Span, isBig);
            if (type == Section)
            {
                isBig = Number(content.Span[8..], isBig: true) == ByteOrder;
                interfaces.Clear();
            }

            var length = Number(content.Span[4..], isBig);
            if (length < Smallest || length % 4 != 0 || length > content.Length)
            {
                return false;
            }

            var body = content[8..((int)length - 4)];
            switch (type)
            {
                case Interface when body.Length >= 8:
                    interfaces.Add(new((int)(Number(body.Span, isBig) is var link && isBig ? link >> 16 : link & 0xFFFF), Unit(body.Span[8..], isBig)));
                    break;
                case EnhancedPacket when body.Length >= 20 && Number(body.Span, isBig) < interfaces.Count && Number(body.Span[12..], isBig) <= body.Length - 20:
                    var on = interfaces[(int)Number(body.Span, isBig)];
                    var ticks = (ulong)Number(body.Span[4..], isBig) << 32 | Number(body.Span[8..], isBig);
                    handle(on.Link, isBig, ticks * on.Unit, body.Slice(20, (int)Number(body.Span[12..], isBig)));
                    break;
                case SimplePacket when body.Length >= 4 && interfaces.Count > 0:
                    handle(interfaces[0].Link, isBig, 0, body.Slice(4, (int)Math.Min(Number(body.Span, isBig), (uint)body.Length - 4)));
                    break;
            }

            content = content[(int)length..];
        }

        return content.IsEmpty;
    }

    // if_tsresol: how long a tick is; a microsecond unless it says otherwise.
    private static double Unit(ReadOnlySpan<byte> options, bool isBig)
    {
        const int End = 0, Resolution = 9;
        while (options.Length >= 4)
        {
            var (code, length) = isBig ? (options[0] << 8 | options[1], options[2] << 8 | options[3]) : (options[1] << 8 | options[0], options[3] << 8 | options[2]);
            if (code == End || length > options.Length - 4)
            {
                break;
            }

            if (code == Resolution && length == 1)
            {
                return Math.Pow((options[4] & 0x80) != 0 ? 2 : 10, -(options[4] & 0x7F));
            }

            options = options[Math.Min(options.Length, 4 + (length + 3) / 4 * 4)..];
        }

        return 1e-6;
    }

    private static uint Number(ReadOnlySpan<byte> bytes, bool isBig) =>
        isBig ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private delegate void PacketHandler(int link, bool isBig, double seconds, ReadOnlyMemory<byte> packet);

    private sealed class CapturedInterface(int link, double unit)
    {
        public int Link => link;

        public double Unit => unit;
    }
}

/// <summary>Puts the halves of transfers together, which a capture has as packets of their own: the request, and how it ended.</summary>
internal sealed class CapturedTransfers
{
    private const int UsbLinux = 189;
    private const int UsbLinuxMapped = 220;
    private const int UsbPcap = 249;
    private const int Interrupt = 1;
    private const int Control = 2;
    private const int Bulk = 3;

    private readonly Dictionary<string, Submitted> _submitted = [];
    private readonly List<TraceEvent> _events = [];
    private readonly Dictionary<int, UsbDeviceInfo> _devices = [];
    private double? _start;
    private double _last;
    private int _damaged;

    /// <summary>The link type of the packets, if none of them is of USB; null otherwise.</summary>
    public int? Others { get; private set; }

    /// <summary>What is missing, in sentences.</summary>
    public IEnumerable<string> Warnings => _damaged == 0 ? [] : [$"{_damaged} of its packets are damaged or cut off."];

    /// <summary>Takes a packet.</summary>
    /// <param name="link">Its link type.</param>
    /// <param name="isBig">Whether the machine that captured it has the most significant byte first.</param>
    /// <param name="seconds">When it was captured.</param>
    /// <param name="packet">Its bytes.</param>
    public void Add(int link, bool isBig, double seconds, ReadOnlyMemory<byte> packet)
    {
        if (link is not (UsbLinux or UsbLinuxMapped or UsbPcap))
        {
            Others ??= _events.Count == 0 && _submitted.Count == 0 ? link : null;
            return;
        }

        Others = null;
        _start ??= seconds;
        _last = seconds - _start.Value;
        if (link == UsbPcap ? !AddWindows(packet) : !AddLinux(packet, isBig, link == UsbLinux ? 48 : 64))
        {
            _damaged++;
        }
    }

    /// <summary>Everything, with the control transfers that nothing has ended.</summary>
    public IReadOnlyList<TraceEvent> Finish()
    {
        var unanswered = new List<Submitted>(_submitted.Values);
        unanswered.Sort((one, other) => one.At.CompareTo(other.At));
        foreach (var request in unanswered)
        {
            if (request.Kind == Control)
            {
                Ended(request, default, nameof(UsbFault.Timeout), _last);
            }
        }

        _submitted.Clear();
        return _events;
    }

    // Documentation/usb/usbmon.rst of Linux: struct usbmon_packet, in the byte order of the machine.
    private bool AddLinux(ReadOnlyMemory<byte> packet, bool isBig, int header)
    {
        const int InProgress = -115;
        var p = packet.Span;
        if (p.Length < 48 || p.Length < header)
        {
            return false;
        }

        var id = isBig ? BinaryPrimitives.ReadUInt64BigEndian(p) : BinaryPrimitives.ReadUInt64LittleEndian(p);
        var (what, kind, endpoint) = ((char)p[8], p[9], p[10]);
        var device = (isBig ? BinaryPrimitives.ReadUInt16BigEndian(p[12..]) : BinaryPrimitives.ReadUInt16LittleEndian(p[12..])) << 8 | p[11];
        var key = Key(id, device);
        var status = isBig ? BinaryPrimitives.ReadInt32BigEndian(p[28..]) : BinaryPrimitives.ReadInt32LittleEndian(p[28..]);
        var data = packet[header..];
        if (what == 'S')
        {
            var setup = kind == Control && p[14] == 0 ? UsbSetup.Read(p[40..]) : default;
            _submitted[key] = new Submitted(device, kind, endpoint, setup, p[15] == 0 ? data : default, _last);
        }
        else if (what is 'C' or 'E' && _submitted.Remove(key, out var request))
        {
            Ended(request, what == 'C' && p[15] == 0 ? data : default, status == InProgress ? null : LinuxFault(status), _last);
        }

        return true;
    }

    // errno of Linux (Documentation/driver-api/usb/error-codes.rst). A short answer is no failure.
    private static string? LinuxFault(int status) => status switch
    {
        0 or -121 => null,
        -32 => nameof(UsbFault.Stall),
        -2 or -104 or -110 => nameof(UsbFault.Timeout),
        -19 or -108 => nameof(UsbFault.Gone),
        _ => nameof(UsbFault.Io),
    };

    // USBPcap, USBPCAP_BUFFER_PACKET_HEADER: always with the least significant byte first.
    private bool AddWindows(ReadOnlyMemory<byte> packet)
    {
        const int Header = 27;
        var p = packet.Span;
        if (p.Length < Header || BinaryPrimitives.ReadUInt16LittleEndian(p) is var length && (length < Header || length > p.Length))
        {
            return false;
        }

        var (ended, kind) = ((p[16] & 1) != 0, p[22]);
        var device = BinaryPrimitives.ReadUInt16LittleEndian(p[17..]) << 8 | p[19];
        var key = Key(BinaryPrimitives.ReadUInt64LittleEndian(p[2..]), device);
        var data = packet[length..];
        if (kind is not (Interrupt or Control or Bulk))
        {
            return true;
        }

        if (!ended)
        {
            // A control transfer is its setup packet, with the data of an OUT behind it, or in older versions in a packet of its own.
            var isSetup = kind == Control && data.Length >= UsbSetup.Size && p.Length > Header && p[Header] == 0;
            if (isSetup || kind != Control)
            {
                _submitted[key] = new Submitted(device, kind, p[21], isSetup ? UsbSetup.Read(data.Span) : default, isSetup ? data[UsbSetup.Size..] : data, _last);
            }
            else if (_submitted.TryGetValue(key, out var begun))
            {
                _submitted[key] = begun with { Data = data };
            }
        }
        else if (_submitted.TryGetValue(key, out var request))
        {
            var status = BinaryPrimitives.ReadUInt32LittleEndian(p[10..]);
            if (kind == Control && p.Length > Header && p[Header] == 1 && status == 0)
            {
                _submitted[key] = request with { Data = data };
                return true;
            }

            _submitted.Remove(key);
            Ended(request, data.IsEmpty ? request.Data : data, WindowsFault(status), _last);
        }

        return true;
    }

    // USBD_STATUS (usb.h of the Windows driver kit).
    private static string? WindowsFault(uint status) => status switch
    {
        0 => null,
        0xC000_0004 or 0xC000_0030 => nameof(UsbFault.Stall),
        0xC001_0000 or 0xC000_6000 => nameof(UsbFault.Timeout),
        0xC000_7000 => nameof(UsbFault.Gone),
        _ => nameof(UsbFault.Io),
    };

    private void Ended(Submitted request, ReadOnlyMemory<byte> received, string? fault, double at)
    {
        const int Out = 0x80, SetInterface = 11;
        var isIn = request.Kind == Control ? request.Setup.IsIn : (request.Endpoint & Out) != 0;
        var shared = new TraceEvent(TraceOperation.Control)
        {
            At = TimeSpan.FromSeconds(Math.Clamp(at, 0, 1e9)),
            Took = TimeSpan.FromSeconds(Math.Clamp(at - request.At, 0, 1e9)),
            Device = request.Device,
            Fault = fault,
            Data = isIn ? received : request.Data,
        };
        switch (request.Kind)
        {
            case Control when request.Setup is { RequestType: 1, Request: SetInterface }:
                _events.Add(shared with { Operation = TraceOperation.Alternate, Argument = request.Setup.Value });
                break;
            case Control:
                _events.Add(shared with { Setup = request.Setup });
                Described(request.Device, request.Setup, fault is null ? received.Span : []);
                break;
            case Interrupt or Bulk:
                // The Linux driver of a serial port asks all the time.
                _events.Add(shared with { Operation = request.Kind == Bulk ? TraceOperation.Bulk : TraceOperation.Interrupt, Argument = isIn ? request.Endpoint | Out : request.Endpoint });
                break;
        }
    }

    // A device is known from its own descriptors.
    private void Described(int device, UsbSetup setup, ReadOnlySpan<byte> answer)
    {
        const int DeviceSize = 18;
        if (setup is not { RequestType: 0x80, Request: 6 } || answer.Length < 9)
        {
            return;
        }

        var known = _devices.GetValueOrDefault(device);
        UsbDeviceInfo? now = (setup.Value >> 8) switch
        {
            1 when answer.Length >= DeviceSize => new UsbDeviceInfo(
                device >> 8, device, "", Half(answer, 8), Half(answer, 10), Half(answer, 12), known?.Interfaces ?? []),
            2 when known is not null && UsbDescriptors.Interfaces(answer.ToArray()).ToArray() is { Length: > 0 } interfaces => known with { Interfaces = interfaces },
            _ => null,
        };
        if (now is not null && (known is null || (known.Id, known.Release) != (now.Id, now.Release) || !known.Interfaces.SequenceEqual(now.Interfaces)))
        {
            _devices[device] = now;
            _events.Add(new TraceEvent(TraceOperation.Devices) { At = _events[^1].At, Devices = [now] });
        }
    }

    // Requests to several devices may have the same id.
    private static string Key(ulong id, int device) => string.Create(CultureInfo.InvariantCulture, $"{id} {device}");

    private static ushort Half(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private sealed record Submitted(int Device, byte Kind, byte Endpoint, UsbSetup Setup, ReadOnlyMemory<byte> Data, double At);
}
