using UploadHelper.Core.Usb;

namespace UploadHelper.Tests.Support;

/// <summary>A bus on which something goes wrong: at opening, or at a transfer.</summary>
internal sealed class FaultyBus(IUsbBus bus) : IUsbBus
{
    private int _transfers;

    /// <summary>How many bytes were read by DFU_UPLOAD.</summary>
    public long BytesRead { get; private set; }

    /// <summary>What opening a device fails with, or null.</summary>
    public UsbFault? OnOpen { get; set; }

    /// <summary>Called before each transfer with its number, from 0 on; may throw.</summary>
    public Action<int> BeforeTransfer { get; set; } = _ => { };

    /// <summary>Called after each transfer that the device has taken, with its number; may throw, as if the answer were lost.</summary>
    public Action<int> AfterTransfer { get; set; } = _ => { };

    /// <summary>Called before each packet from an interrupt endpoint; may throw.</summary>
    public Action BeforeInterrupt { get; set; } = () => { };

    public IReadOnlyList<UsbDeviceInfo> List() => bus.List();

    public IUsbDevice Open(UsbDeviceInfo device) =>
        OnOpen is { } fault ? throw new UsbException(fault, "opening failed") : new Device(this, bus.Open(device));

    private sealed class Device(FaultyBus owner, IUsbDevice device) : IUsbDevice
    {
        public UsbDeviceInfo Info => device.Info;

        public bool CanReset => device.CanReset;

        public void Claim(byte interfaceNumber) => device.Claim(interfaceNumber);

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => device.SetAlternateSetting(interfaceNumber, alternateSetting);

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
        {
            var number = Interlocked.Increment(ref owner._transfers) - 1;
            owner.BeforeTransfer(number);
            var received = device.ControlIn(setup, buffer, timeout);
            owner.BytesRead += setup is { RequestType: 0xA1, Request: 2 } ? received : 0;
            owner.AfterTransfer(number);
            return received;
        }

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
        {
            var number = Interlocked.Increment(ref owner._transfers) - 1;
            owner.BeforeTransfer(number);
            device.ControlOut(setup, data, timeout);
            owner.AfterTransfer(number);
        }

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout)
        {
            owner.BeforeInterrupt();
            return device.InterruptIn(endpoint, buffer, timeout);
        }

        public void Reset() => device.Reset();

        public void Dispose() => device.Dispose();
    }
}
