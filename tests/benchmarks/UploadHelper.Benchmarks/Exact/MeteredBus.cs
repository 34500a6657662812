using UploadHelper.Core.Usb;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>A bus that sees when the first DFU request of a run begins and when the last one ends, and counts transfers.</summary>
/// <param name="bus">The bus that does the work.</param>
/// <param name="time">The clock.</param>
public sealed class MeteredBus(IUsbBus bus, TimeProvider time) : IUsbBus
{
    private long? _first;
    private long _last;

    /// <summary>Number of control transfers, standard requests included.</summary>
    public int Transfers { get; private set; }

    /// <summary>From the first DFU request to the end of the last.</summary>
    public TimeSpan Duration => _first is { } first ? time.GetElapsedTime(first, _last) : TimeSpan.Zero;

    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List() => bus.List();

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device) => new Device(this, bus.Open(device));

    private void Count(UsbSetup setup, long began)
    {
        Transfers++;
        if ((setup.RequestType & 0x60) != 0)
        {
            _first ??= began;
            _last = time.GetTimestamp();
        }
    }

    private sealed class Device(MeteredBus owner, IUsbDevice device) : IUsbDevice
    {
        public UsbDeviceInfo Info => device.Info;

        public bool CanReset => device.CanReset;

        public void Claim(byte interfaceNumber) => device.Claim(interfaceNumber);

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting)
        {
            owner.Transfers++;
            device.SetAlternateSetting(interfaceNumber, alternateSetting);
        }

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
        {
            var began = owner.Now;
            try
            {
                return device.ControlIn(setup, buffer, timeout);
            }
            finally
            {
                owner.Count(setup, began);
            }
        }

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
        {
            var began = owner.Now;
            try
            {
                device.ControlOut(setup, data, timeout);
            }
            finally
            {
                owner.Count(setup, began);
            }
        }

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => device.InterruptIn(endpoint, buffer, timeout);

        public void Reset() => device.Reset();

        public void Dispose() => device.Dispose();
    }

    private long Now => time.GetTimestamp();
}
