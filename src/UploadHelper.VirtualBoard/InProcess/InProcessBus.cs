using System.Buffers.Binary;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.InProcess;

/// <summary>
/// The bus of virtual boards in this process, in virtual time. Several flows may use it, each with a board of its own: a
/// board is locked while it is asked something, never while time passes.
/// </summary>
/// <param name="clock">The clock of all boards.</param>
/// <param name="boards">The boards, plugged into 1-1, 1-2 and so on.</param>
public sealed class InProcessBus(VirtualClock clock, params IReadOnlyList<IUsbPort> boards) : IUsbBus
{
    /// <summary>What a control transfer costs at full speed beside what the device does in it: one or two frames (INF).</summary>
    public static readonly TimeSpan TransferTime = TimeSpan.FromMilliseconds(1);

    private readonly HashSet<(int Number, byte Interface)> _claimed = [];
    private readonly HashSet<int> _configured = [];

    /// <summary>Whether the host can reset ports; with WinUSB it cannot, and is told that it has.</summary>
    public bool CanReset { get; init; } = true;

    /// <summary>How long after a device has come its user may not open it, as udev is not done with it.</summary>
    public TimeSpan DeniedFor { get; init; }

    /// <summary>How long after a device has come another program has its interface.</summary>
    public TimeSpan HeldFor { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        var devices = new List<UsbDeviceInfo>();
        for (var i = 0; i < boards.Count; i++)
        {
            if (AttachedAt(i) is { } attached)
            {
                devices.Add(Describe(i, attached));
            }
        }

        return devices;
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        var board = boards[PortOf(device)];
        var generation = GenerationOf(device);
        lock (board)
        {
            board.AdvanceTo(clock.Now);
            Configure(device, board);
            if (board.Attached is not { } attached || attached.Generation != generation)
            {
                throw new UsbException(UsbFault.Gone, "The device is no longer on the bus.");
            }

            return clock.Now - attached.Since >= DeniedFor
                ? new InProcessDevice(device, board, generation, clock, _claimed, CanReset) { HeldUntil = attached.Since + HeldFor }
                : throw new UsbException(UsbFault.AccessDenied, "This user may not open the device.");
        }
    }

    private AttachedDevice? AttachedAt(int port)
    {
        lock (boards[port])
        {
            boards[port].AdvanceTo(clock.Now);
            return boards[port].Attached;
        }
    }

    // What the operating system does when it sees a device, long before anybody opens it.
    private void Configure(UsbDeviceInfo device, IUsbPort board)
    {
        const byte SetConfiguration = 9;
        lock (_configured)
        {
            if (board.Attached is not null && _configured.Add(device.Number))
            {
                board.Control(new UsbSetup(0x00, SetConfiguration, 1, 0, 0), []);
            }
        }
    }

    // A number that is the device's own on this bus, and another for each enumeration.
    private const int PortsPerGeneration = 100;

    /// <summary>The place of a board on the bus.</summary>
    /// <param name="board">Its number, from 0 on.</param>
    /// <param name="attached">What of it is on the bus.</param>
    internal static string PathOf(int board, AttachedDevice attached) => $"{BusOf(attached)}-{board + 1}";

    private static int BusOf(AttachedDevice attached) => attached.HasMoved ? 2 : 1;

    private static int PortOf(UsbDeviceInfo device) => device.Number % PortsPerGeneration;

    private static int GenerationOf(UsbDeviceInfo device) => device.Number / PortsPerGeneration;

    private static UsbDeviceInfo Describe(int port, AttachedDevice attached)
    {
        var d = attached.DeviceDescriptor.Span;
        return new UsbDeviceInfo(
            BusOf(attached),
            Number: attached.Generation * PortsPerGeneration + port,
            Path: PathOf(port, attached),
            BinaryPrimitives.ReadUInt16LittleEndian(d[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(d[10..]),
            BinaryPrimitives.ReadUInt16LittleEndian(d[12..]),
            [.. UsbDescriptors.Interfaces(attached.ConfigurationDescriptor)]);
    }
}
