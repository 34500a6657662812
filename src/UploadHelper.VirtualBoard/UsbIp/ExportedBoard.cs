using System.Buffers.Binary;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>A board as a server exports it: alone on a bus of its own, on port 1.</summary>
internal sealed class ExportedBoard
{
    // A host that closes its connection and comes again at once is faster than its session's end.
    private static readonly TimeSpan HandOver = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _free = new(1, 1);

    public ExportedBoard(BoardRunner runner, int bus)
    {
        Runner = runner;
        Bus = bus;
    }

    public BoardRunner Runner { get; }

    public int Bus { get; }

    public string BusId => $"{Bus}-1";

    /// <summary>Takes the board for one host.</summary>
    /// <returns>False when another has it.</returns>
    public bool TryTake() => _free.Wait(HandOver);

    /// <summary>Gives it back.</summary>
    public void Release() => _free.Release();

    /// <summary>Describes an enumeration; the device number counts enumerations.</summary>
    public UsbIpDevice Describe(AttachedDevice device)
    {
        var descriptor = device.DeviceDescriptor.Span;
        var configuration = device.ConfigurationDescriptor.Span;
        return new UsbIpDevice(
            $"/virtual/{BusId}",
            BusId,
            (uint)Bus,
            DeviceNumber(device),
            UsbIpSpeed.Full,
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[10..]),
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[12..]),
            descriptor[4],
            descriptor[5],
            descriptor[6],
            configuration[5],
            descriptor[17],
            (byte)Interfaces(device).Count);
    }

    /// <summary>The first alternate setting of each interface, in the order of their numbers (USB 2.0, 9.6.5).</summary>
    public static IReadOnlyList<UsbIpInterface> Interfaces(AttachedDevice device)
    {
        const byte InterfaceDescriptor = 4;
        var interfaces = new SortedDictionary<byte, UsbIpInterface>();
        for (var rest = device.ConfigurationDescriptor.Span; rest.Length >= 2 && rest[0] >= 2 && rest[0] <= rest.Length; rest = rest[rest[0]..])
        {
            if (rest[1] == InterfaceDescriptor && rest[0] >= 9)
            {
                interfaces.TryAdd(rest[2], new UsbIpInterface(rest[5], rest[6], rest[7]));
            }
        }

        return [.. interfaces.Values];
    }

    // 0 stands for no device, and a device number has 16 bits in a transfer's device id.
    private static uint DeviceNumber(AttachedDevice device) => (uint)(device.Generation % 0xFFFF) + 1;
}
