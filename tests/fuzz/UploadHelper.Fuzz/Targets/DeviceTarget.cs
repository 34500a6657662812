using System.Buffers.Binary;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Fuzz.Targets;

/// <summary>A whole upload to a device that answers anything.</summary>
internal static class DeviceTarget
{
    private static readonly byte[] Sketch = MakeSketch();

    public static FuzzTarget Target { get; } = new(
        "device",
        DeviceSeeds.Record((system, bus) => Upload(bus, system.SerialPorts, system.Clock)),
        [[HostileDevice.Stall], [HostileDevice.Timeout], [HostileDevice.Gone], [0, 0, 0, 0, 0, 2, 0], [0, 0, 0, 0, 0, 5, 0], [0, 0xFF, 0xFF, 0xFF, 4, 0], [0, 0x0B, 0, 0, 0, 10, 0]],
        Run)
    {
        // Blocks of up to 64 KiB, for the whole of an upload.
        Memory = length => (64 << 20) + 1024L * length,
    };

    private static string Run(byte[] input)
    {
        var clock = new VirtualClock();
        var device = new HostileDevice(input, clock.Advance);
        return Upload(new OneDevice(device), new NoPorts(), clock);
    }

    private static string Upload(IUsbBus bus, ISerialPorts ports, TimeProvider clock)
    {
        var ids = bus.List() is [var only] ? only.Id : DeviceFilter.StDfu;
        var request = new UploadRequest(new ImageFile("x.bin", Sketch), 0x0800_4000, new DeviceFilter([ids])) { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            var result = new Uploader(bus, ports, clock, _ => { }).Run(request, default);
            return $"done {result.Verified} {result.Left} {result.Unchanged > 0}";
        }
        catch (UploadException e) when (e.Error != UploadError.Internal)
        {
            return $"{e.Error.Code()} {e.Message}";
        }
    }

    private static byte[] MakeSketch()
    {
        var sketch = new byte[600];
        BinaryPrimitives.WriteUInt32LittleEndian(sketch, 0x2000_5000);
        BinaryPrimitives.WriteUInt32LittleEndian(sketch.AsSpan(4), 0x0800_4101);
        return sketch;
    }

    private sealed class OneDevice(HostileDevice device) : IUsbBus
    {
        public IReadOnlyList<UsbDeviceInfo> List() => device.IsGone ? [] : [device.Info];

        public IUsbDevice Open(UsbDeviceInfo info) => device.IsGone ? throw new UsbException(UsbFault.Gone, "gone") : device;
    }

    private sealed class NoPorts : ISerialPorts
    {
        public IReadOnlyList<SerialPortInfo> List() => [];

        public ISerialLine Open(string name, int baudRate) => throw new SerialException(SerialFault.NotFound, "There is no serial port.");
    }
}
