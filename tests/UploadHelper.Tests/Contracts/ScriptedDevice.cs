using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.Contracts;

/// <summary>A device of a vendor's own class with two alternate settings, the first with an interrupt endpoint, whose answers a test sets.</summary>
public sealed class ScriptedDevice : IUsbPort
{
    private Function _function;
    private readonly List<(TimeSpan At, Action Work)> _later = [];
    private readonly Queue<byte[]> _packets = [];
    private TimeSpan _now;
    private int _generation;
    private ushort _release = 0x0123;

    public ScriptedDevice() => Enumerate();

    /// <summary>The address of its interrupt endpoint.</summary>
    public const byte Endpoint = 0x81;

    public static UsbId Id { get; } = new(0x1209, 0x0001);

    /// <summary>The vendor's requests are answered by it; it stalls if there is none.</summary>
    public Func<UsbSetup, byte[], ControlReply>? OnRequest { get; set; }

    /// <summary>Number of control transfers, the system's own included.</summary>
    public int Transfers { get; private set; }

    /// <summary>Whether a host has configured it, with which its system is done with it.</summary>
    public bool IsConfigured { get; private set; }

    public int Resets { get; private set; }

    /// <summary>Whether a reset makes another device of it: with the same descriptors the kernel would take it for the old one.</summary>
    public bool ChangesAtReset { get; set; }

    /// <summary>The selected alternate setting.</summary>
    public byte Alternate => _function.Alternate;

    public TimeSpan? NextEventAt => _later.Count == 0 ? null : _later.Min(l => l.At);

    public AttachedDevice? Attached { get; private set; }

    /// <summary>It comes to the bus, or comes back as another enumeration.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_function))]
    public void Enumerate()
    {
        _function = new Function(this);
        IsConfigured = false;
        Attached = new AttachedDevice(++_generation, _function.Identity.DeviceDescriptor(), _function.Identity.Configuration);
    }

    public void Unplug() => Attached = null;

    /// <summary>Its interrupt endpoint has a packet.</summary>
    public void Send(params byte[] packet) => _packets.Enqueue(packet);

    /// <summary>Does something after a while, in its own time.</summary>
    public void Later(TimeSpan delay, Action work) => _later.Add((_now + delay, work));

    public void AdvanceTo(TimeSpan now)
    {
        _now = now;
        foreach (var due in _later.Where(l => l.At <= now).ToList())
        {
            _later.Remove(due);
            due.Work();
        }
    }

    public ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        Transfers++;
        IsConfigured |= setup is { RequestType: 0, Request: 9 };
        return _function.Control(setup, data);
    }

    public bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet) => false;

    public byte[]? BulkIn(byte endpoint, int maxLength) => endpoint == Endpoint && _packets.TryDequeue(out var packet) ? packet : null;

    public void BusReset()
    {
        Resets++;
        if (ChangesAtReset)
        {
            _release++;
            Enumerate();
        }
        else
        {
            _function.BusReset();
        }
    }

    private sealed class Function(ScriptedDevice device) : UsbFunction(Describe(device._release))
    {
        public byte Alternate => AlternateSetting;

        protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data) => device.OnRequest?.Invoke(setup, data.ToArray()) ?? Stall();

        private static UsbIdentity Describe(ushort release) => new(
            Id.Vendor,
            Id.Product,
            UsbRelease: 0x0200,
            release,
            DeviceClass: 0,
            ["upload-helper", "Scripted device"],
            UsbIdentity.Configure(interfaces: 1, attributes: 0x80, [9, 4, 0, 0, 1, 0xFF, 1, 2, 0], [7, 5, Endpoint, 3, 8, 0, 5], [9, 4, 0, 1, 0, 0xFF, 1, 2, 0]));
    }
}
