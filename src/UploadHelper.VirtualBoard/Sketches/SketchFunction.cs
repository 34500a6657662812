using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>The serial port of a running sketch: a CDC ACM device (USB CDC PSTN 1.2) with its core's reset rule.</summary>
public sealed class SketchFunction : UsbFunction
{
    /// <summary>The bulk OUT endpoint.</summary>
    public const byte OutEndpoint = 0x03;

    /// <summary>The bulk IN endpoint.</summary>
    public const byte InEndpoint = 0x81;

    private const byte NotificationEndpoint = 0x82;

    // What a sketch that prints all the time can have waiting: the send buffer of Arduino_STM32 F1 (usb_cdcacm.c).
    private const int SendBuffer = 256;

    // USB DFU 1.1, 3 and 6.1.2.
    private const byte RuntimeInterface = 2;
    private const byte Detach = 0;
    private const byte GetStatus = 3;
    private const byte GetState = 5;
    private const byte WillDetach = 8;
    private const byte AppIdle = 0;
    private const byte AppDetach = 1;
    private static readonly TimeSpan PrintInterval = TimeSpan.FromMilliseconds(10);
    private readonly IMicrocontroller _board;
    private readonly IResetRule _rule;
    private readonly BootCause _afterMagic;
    private readonly TimeSpan _resetsAfter;
    private readonly byte[] _greeting;
    private readonly byte[]? _runtimeDfu;
    private TimeSpan? _detachedUntil;
    private readonly Queue<byte> _toHost = new();
    private byte[] _lineCoding = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]; // 115200 8N1
    private bool _dtr;
    private TimeSpan? _printsAt;
    private TimeSpan? _resetsAt;

    /// <summary>A sketch that has just enumerated.</summary>
    /// <param name="board">The board.</param>
    /// <param name="core">The core it was built with.</param>
    /// <param name="name">What it prints when a host opens its port.</param>
    /// <param name="prints">Whether it prints all the time instead, whether a host reads or not.</param>
    public SketchFunction(IMicrocontroller board, SketchCore core, string name, bool prints = false)
        : base(Describe(core))
    {
        _board = board;
        _rule = core.CreateRule();
        _afterMagic = core.ResetCause;
        _resetsAfter = core.ResetsAfter;
        _runtimeDfu = core.RuntimeDfu;
        _greeting = Encoding.ASCII.GetBytes($"sketch {name}\r\n");
        _printsAt = prints ? board.Now : null;
    }

    /// <summary>Bytes of the reset sequence that reached the sketch as data.</summary>
    public int StrayBytes { get; private set; }

    /// <inheritdoc/>
    public override TimeSpan? NextEventAt => _resetsAt ?? _printsAt;

    /// <inheritdoc/>
    public override void AdvanceTo(TimeSpan now)
    {
        if (_resetsAt is not null)
        {
            ResetIfDue(now);
        }
        else if (now >= _printsAt)
        {
            _printsAt = now + PrintInterval;
            if (IsConfigured)
            {
                Print();
            }
        }
    }

    /// <inheritdoc/>
    public override void BusReset()
    {
        base.BusReset();
        _rule.BusReset();
        if (_board.Now < _detachedUntil)
        {
            _board.Reset("bus reset after DETACH", _afterMagic);
        }
    }

    /// <inheritdoc/>
    public override bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet)
    {
        if (_rule.IsWedged)
        {
            return false;
        }

        if (_rule.Packet(packet))
        {
            // Its interrupts go on; its loop does not.
            _resetsAt = _board.Now + _resetsAfter;
            ResetIfDue(_board.Now);
        }
        else
        {
            StrayBytes += packet.Length;
            _board.Log(BoardEventKind.Request, $"sketch receives {packet.Length} bytes{(_rule.IsWedged ? ", and stops reading" : "")}");
            if (_rule.HasCrashed)
            {
                _board.Hang("the sketch has overwritten its RAM");
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override byte[]? BulkIn(byte endpoint, int maxLength)
    {
        if (endpoint != InEndpoint || _toHost.Count == 0)
        {
            return null;
        }

        var packet = new byte[Math.Min(Math.Min(maxLength, 64), _toHost.Count)];
        for (var i = 0; i < packet.Length; i++)
        {
            packet[i] = _toHost.Dequeue();
        }

        return packet;
    }

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (setup.Index == RuntimeInterface && _runtimeDfu is { } functional)
        {
            return Dfu(setup, functional);
        }

        switch ((setup.RequestType, setup.Request))
        {
            case (0x21, CdcEndpoints.SetLineCoding) when data.Length == _lineCoding.Length:
                _lineCoding = data.ToArray();
                return Done();
            case (0xA1, CdcEndpoints.GetLineCoding):
                return Done(_lineCoding.AsMemory(0, Math.Min(_lineCoding.Length, setup.Length)));
            case (0x21, CdcEndpoints.SetControlLineState):
                Lines((setup.Value & 1) != 0);
                return Done();
            default:
                return Stall();
        }
    }

    private void ResetIfDue(TimeSpan now)
    {
        if (now >= _resetsAt)
        {
            _resetsAt = null;
            _board.Reset("magic", _afterMagic);
        }
    }

    private ControlReply Dfu(UsbSetup setup, byte[] functional)
    {
        var state = _board.Now < _detachedUntil ? AppDetach : AppIdle;
        switch ((setup.RequestType, setup.Request))
        {
            case (0x21, Detach) when (functional[2] & WillDetach) != 0:
                _board.Reset("DETACH", _afterMagic);
                return Done();
            case (0x21, Detach):
                _detachedUntil = _board.Now + TimeSpan.FromMilliseconds(setup.Value);
                return Done();
            case (0xA1, GetStatus):
                return Cut(setup, [0, 0, 0, 0, state, 0]);
            case (0xA1, GetState):
                return Cut(setup, [state]);
            default:
                return Stall();
        }
    }

    private void Lines(bool dtr)
    {
        if (_rule.Lines(dtr, BinaryPrimitives.ReadInt32LittleEndian(_lineCoding)))
        {
            _board.Reset("touch", _afterMagic);
        }

        if (dtr && !_dtr && _toHost.Count == 0)
        {
            Print();
        }

        _dtr = dtr;
    }

    // A sketch does not wait for its host: what does not fit is lost.
    private void Print()
    {
        if (_toHost.Count + _greeting.Length <= SendBuffer)
        {
            Array.ForEach(_greeting, _toHost.Enqueue);
        }
    }

    private static UsbIdentity Describe(SketchCore core) => new(
        core.Id.Vendor,
        core.Id.Product,
        UsbRelease: 0x0200,
        Release: 0x0200,
        DeviceClass: 2,
        core.Strings,
        UsbIdentity.Configure(interfaces: (byte)(core.RuntimeDfu is null ? 2 : 3), attributes: 0xC0, Parts(core)));

    private static byte[][] Parts(SketchCore core)
    {
        var serial = CdcEndpoints.Describe(NotificationEndpoint, interval: 255, OutEndpoint, InEndpoint);
        if (core.RuntimeDfu is null)
        {
            return serial;
        }

        byte[] runtime = [9, 4, RuntimeInterface, 0, 0, 0xFE, 1, 1, 0];
        return [.. serial, runtime, core.RuntimeDfu];
    }
}

/// <summary>What the flash tells about a sketch: the board does not execute it.</summary>
/// <param name="Address">Where it begins.</param>
/// <param name="StackPointer">Its initial stack pointer.</param>
/// <param name="Reset">Its reset vector.</param>
/// <param name="Name">The name in its marker, or "unnamed".</param>
/// <param name="Runs">Whether the processor reaches its first instruction: the stack is in the part's RAM, the reset vector leads into programmed flash.</param>
public sealed record SketchInFlash(uint Address, uint StackPointer, uint Reset, string Name, bool Runs)
{
    /// <summary>The text before the name in an image.</summary>
    public const string Marker = "UPLOAD-HELPER-SKETCH ";

    private const int LongestName = 32;

    /// <summary>Reads the sketch at an address.</summary>
    /// <param name="flash">The flash.</param>
    /// <param name="address">Where the sketch begins.</param>
    /// <param name="vectors">Offset of the stack pointer and reset vector that start it.</param>
    public static SketchInFlash Read(FlashMemory flash, uint address, int vectors = 0)
    {
        var bytes = flash.Bytes[(int)(address - flash.Base)..];
        var stack = BinaryPrimitives.ReadUInt32LittleEndian(bytes[vectors..]);
        var reset = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(vectors + 4)..]);
        return new SketchInFlash(address, stack, reset, NameIn(bytes), flash.Part.HasStackAt(stack) && IsCode(flash, reset));
    }

    /// <summary>Reads the sketch at an address of a RISC-V, which begins with its first instruction: sixteen bits of all zeros or all ones are none.</summary>
    /// <param name="flash">The flash.</param>
    /// <param name="address">Where the sketch begins.</param>
    public static SketchInFlash ReadCode(FlashMemory flash, uint address)
    {
        var bytes = flash.Bytes[(int)(address - flash.Base)..];
        var runs = BinaryPrimitives.ReadUInt16LittleEndian(bytes) is not (0 or ushort.MaxValue);
        return new SketchInFlash(address, 0, address, NameIn(bytes), runs);
    }

    /// <summary>A small sketch for a fresh board with a RISC-V: an endless loop (jal x0, 0), and a marker.</summary>
    public static byte[] SynthesizeCode(string name)
    {
        var image = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(image, 0x0000_006F);
        Encoding.ASCII.GetBytes($"{Marker}{name}\n").CopyTo(image.AsSpan(4));
        return image;
    }

    // A Cortex-M vector is odd (Thumb) and leads to an instruction; erased flash holds none.
    private static bool IsCode(FlashMemory flash, uint vector) =>
        vector % 2 == 1 && flash.Contains(vector - 1, 2) && !flash.IsErased(vector - 1, 2);

    /// <summary>A small sketch for a fresh board: a vector table, an endless loop, and a marker.</summary>
    public static byte[] Synthesize(uint address, uint stackPointer, string name)
    {
        const int Vectors = 16;
        var image = new byte[128];
        BinaryPrimitives.WriteUInt32LittleEndian(image, stackPointer);
        foreach (var vector in Enumerable.Range(1, Vectors - 1).Where(v => v is not (>= 7 and <= 10)))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(vector * 4), address + Vectors * 4 + 1);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(Vectors * 4), 0xE7FE);
        Encoding.ASCII.GetBytes($"{Marker}{name}\n").CopyTo(image.AsSpan(Vectors * 4 + 4));
        return image;
    }

    private static string NameIn(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.IndexOf(Encoding.ASCII.GetBytes(Marker));
        if (at < 0)
        {
            return "unnamed";
        }

        var name = bytes[(at + Marker.Length)..];
        name = name[..Math.Min(LongestName, name.Length)];
        var end = name.IndexOfAnyExceptInRange((byte)'!', (byte)'~');
        return Encoding.ASCII.GetString(end < 0 ? name : name[..end]);
    }
}
