namespace UploadHelper.Core.Usb.Tracing;

/// <summary>Records everything that passes over another bus, so that a run on a real board can be replayed.</summary>
/// <param name="bus">The bus to record.</param>
/// <param name="time">The clock for the times in the trace.</param>
/// <param name="trace">The output.</param>
public sealed class TracingUsbBus(IUsbBus bus, TimeProvider time, TraceWriter trace) : IUsbBus
{
    private IReadOnlyList<UsbDeviceInfo>? _last;

    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        var devices = bus.List();
        lock (trace)
        {
            if (_last is null || !devices.Select(Key).SequenceEqual(_last.Select(Key)))
            {
                trace.Devices(devices);
                _last = devices;
            }
        }

        return devices;
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        try
        {
            var open = bus.Open(device);
            trace.Opened(device.Number, open.CanReset, null);
            return new Device(open, time, trace);
        }
        catch (UsbException e)
        {
            trace.Opened(device.Number, canReset: true, e.Fault);
            throw;
        }
    }

    private static (int Bus, int Number) Key(UsbDeviceInfo device) => (device.Bus, device.Number);

    private sealed class Device(IUsbDevice device, TimeProvider time, TraceWriter trace) : IUsbDevice
    {
        public UsbDeviceInfo Info => device.Info;

        public bool CanReset => device.CanReset;

        public void Claim(byte interfaceNumber) =>
            trace.Record(TraceOperation.Claim, device.Info.Number, interfaceNumber, () => device.Claim(interfaceNumber));

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) =>
            trace.Record(TraceOperation.Alternate, device.Info.Number, alternateSetting, () => device.SetAlternateSetting(interfaceNumber, alternateSetting));

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
        {
            var start = time.GetTimestamp();
            try
            {
                var received = device.ControlIn(setup, buffer, timeout);
                trace.Transfer(device.Info.Number, setup, buffer[..received], null, time.GetElapsedTime(start));
                return received;
            }
            catch (UsbException e)
            {
                trace.Transfer(device.Info.Number, setup, [], e.Fault, time.GetElapsedTime(start));
                throw;
            }
        }

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
        {
            var start = time.GetTimestamp();
            try
            {
                device.ControlOut(setup, data, timeout);
                trace.Transfer(device.Info.Number, setup, data, null, time.GetElapsedTime(start));
            }
            catch (UsbException e)
            {
                trace.Transfer(device.Info.Number, setup, data, e.Fault, time.GetElapsedTime(start));
                throw;
            }
        }

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout)
        {
            var start = time.GetTimestamp();
            try
            {
                var received = device.InterruptIn(endpoint, buffer, timeout);
                trace.Interrupt(device.Info.Number, endpoint, buffer[..received], null, time.GetElapsedTime(start));
                return received;
            }
            catch (UsbException e)
            {
                trace.Interrupt(device.Info.Number, endpoint, [], e.Fault, time.GetElapsedTime(start));
                throw;
            }
        }

        public void Reset() => trace.Record(TraceOperation.Reset, device.Info.Number, 0, device.Reset);

        public void Dispose() => device.Dispose();
    }
}
