using UploadHelper.Core.Usb;

namespace UploadHelper.Tests.Support;

/// <summary>A bus on which devices have other ids, other interfaces or other descriptors than they really have.</summary>
/// <param name="bus">The bus underneath.</param>
/// <param name="disguise">What a device is listed as.</param>
internal sealed class DisguisedBus(IUsbBus bus, Func<UsbDeviceInfo, UsbDeviceInfo> disguise) : IUsbBus
{
    /// <summary>Changes the answer to a request, in place.</summary>
    public Action<UsbSetup, byte[]> Answer { get; init; } = (_, _) => { };

    /// <summary>Ids instead of those of the device at a path.</summary>
    public static DisguisedBus WithIds(IUsbBus bus, UsbId id, string path = "1-1") =>
        new(bus, d => d.Path == path ? d with { VendorId = id.Vendor, ProductId = id.Product } : d);

    /// <summary>A bus whose devices do not allow reading: bitCanUpload is clear.</summary>
    public static DisguisedBus WithoutUpload(IUsbBus bus) => new(bus, d => d)
    {
        Answer = (setup, answer) =>
        {
            const byte Length = 9;
            const byte Functional = 0x21;
            const byte CanUpload = 2;
            if (setup is { RequestType: 0x80, Request: 6, Value: 0x0200 } && answer.AsSpan().IndexOf([Length, Functional]) is >= 0 and var at)
            {
                answer[at + 2] &= unchecked((byte)~CanUpload);
            }
        },
    };

    public IReadOnlyList<UsbDeviceInfo> List() => [.. bus.List().Select(disguise)];

    public IUsbDevice Open(UsbDeviceInfo device) => new Device(this, bus.Open(bus.List().FirstOrDefault(d => d.Number == device.Number) ?? device), device);

    private sealed class Device(DisguisedBus owner, IUsbDevice device, UsbDeviceInfo info) : IUsbDevice
    {
        public UsbDeviceInfo Info => info;

        public bool CanReset => device.CanReset;

        public void Claim(byte interfaceNumber) => device.Claim(interfaceNumber);

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => device.SetAlternateSetting(interfaceNumber, alternateSetting);

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
        {
            var received = device.ControlIn(setup, buffer, timeout);
            var answer = buffer[..received].ToArray();
            owner.Answer(setup, answer);
            answer.CopyTo(buffer);
            return received;
        }

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) => device.ControlOut(setup, data, timeout);

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => device.InterruptIn(endpoint, buffer, timeout);

        public void Reset() => device.Reset();

        public void Dispose() => device.Dispose();
    }
}
