using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Tests.VirtualBoard.UsbIp;

/// <summary>A device with one interface and a bulk pair, whose every answer a test sets.</summary>
internal sealed class FakePort : IUsbPort
{
    private static readonly byte[] DeviceDescriptor =
        [18, 1, 0x00, 0x02, 2, 0, 0, 64, 0x83, 0x04, 0x11, 0xDF, 0x00, 0x02, 1, 2, 3, 1];

    private static readonly byte[] Configuration =
    [
        9, 2, 32, 0, 1, 7, 0, 0x80, 50,
        9, 4, 0, 0, 2, 0x0A, 0, 0, 0,
        7, 5, 0x81, 2, 8, 0, 0,
        7, 5, 0x02, 2, 8, 0, 0,
    ];

    private static readonly byte[] SerialConfiguration =
    [
        9, 2, 48, 0, 2, 7, 0, 0x80, 50,
        9, 4, 0, 0, 1, 2, 2, 1, 0,
        7, 5, 0x83, 3, 8, 0, 16,
        9, 4, 1, 0, 2, 0x0A, 0, 0, 0,
        7, 5, 0x81, 2, 8, 0, 0,
        7, 5, 0x02, 2, 8, 0, 0,
    ];

    private readonly byte[] _configuration;
    private int _generation;

    public FakePort(bool serial = false)
    {
        _configuration = serial ? SerialConfiguration : Configuration;
        Enumerate();
    }

    public List<UsbSetup> Setups { get; } = [];

    public List<byte[]> Packets { get; } = [];

    public Queue<byte[]> ToHost { get; } = [];

    public int InRequests { get; private set; }

    public int Resets { get; private set; }

    public bool TakesPackets { get; set; } = true;

    public bool ReenumeratesAtReset { get; set; }

    public Func<UsbSetup, byte[], ControlReply>? OnControl { get; set; }

    public Action<byte[]>? OnPacket { get; set; }

    public TimeSpan? NextEventAt => null;

    public AttachedDevice? Attached { get; private set; }

    public void Enumerate() => Attached = new AttachedDevice(++_generation, DeviceDescriptor, _configuration);

    public void Detach() => Attached = null;

    public void AdvanceTo(TimeSpan now)
    {
    }

    public ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        Setups.Add(setup);
        return (setup.RequestType, setup.Request, setup.Value >> 8) switch
        {
            (0x80, 6, 1) => Done(DeviceDescriptor[..Math.Min(18, (int)setup.Length)]),
            (0x80, 6, 2) => Done(_configuration[..Math.Min(_configuration.Length, (int)setup.Length)]),
            (0x00, 9, _) or (0x01, 11, _) => Done([]),
            _ => OnControl?.Invoke(setup, data.ToArray()) ?? new ControlReply(ControlOutcome.Stall, default, TimeSpan.Zero),
        };
    }

    public bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet)
    {
        if (TakesPackets)
        {
            Packets.Add(packet.ToArray());
            OnPacket?.Invoke(packet.ToArray());
        }

        return TakesPackets;
    }

    public byte[]? BulkIn(byte endpoint, int maxLength)
    {
        InRequests++;
        return ToHost.TryDequeue(out var packet) ? packet : null;
    }

    public void BusReset()
    {
        Resets++;
        if (ReenumeratesAtReset)
        {
            Enumerate();
        }
    }

    public static ControlReply Done(byte[] data, TimeSpan busy = default) => new(ControlOutcome.Done, data, busy);
}
