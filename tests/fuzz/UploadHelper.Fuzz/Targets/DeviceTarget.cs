using UploadHelper.Core.Connecting;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Fuzz.Targets;

/// <summary>Whole jobs, uploads above all, on a USB device that answers anything. The first byte chooses the job.</summary>
internal static class DeviceTarget
{
    public static FuzzTarget Target { get; } = new(
        "device",
        ["UploadHelper.Core.Connecting.B", "UploadHelper.Core.Connecting.FirstContact", "UploadHelper.Core.Connecting.SketchStart", "UploadHelper.Core.Flashing.",
            "UploadHelper.Core.Protocols.Dfu", "UploadHelper.Core.Protocols.Maple", "UploadHelper.Core.Protocols.Hid", "UploadHelper.Core.Bootloaders."],
        () => BoardWork.Usual.SelectMany(work => DeviceSeeds.Record(
            (byte)(work << 1), (system, bus) => BoardWork.Do(work, Request(bus), bus, system.SerialPorts, system.Clock))),
        [[HostileDevice.Stall], [HostileDevice.Timeout], [HostileDevice.Gone], [0, 0, 0, 0, 0, 2, 0], [0, 0, 0, 0, 0, 5, 0], [0, 0xFF, 0xFF, 0xFF, 4, 0], [0, 0x0B, 0, 0, 0, 10, 0]],
        Run)
    {
        // Blocks of up to 64 KiB, for the whole of an upload.
        Memory = length => (64 << 20) + 1024L * length,
    };

    private static string Run(byte[] input)
    {
        var clock = new VirtualClock();
        var bus = new OneDevice(new HostileDevice(input, clock.Advance));
        return BoardWork.Do(input.Length > 0 ? input[0] >> 1 : 0, Request(bus), bus, new NoPorts(), clock);
    }

    private static BootloaderRequest Request(IUsbBus bus) =>
        new(new DeviceFilter([bus.List() is [var only] ? only.Id : DeviceFilter.StDfu])) { Timeout = TimeSpan.FromSeconds(2) };

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
