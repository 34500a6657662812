using System.Globalization;
using System.Text.Json;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;

namespace UploadHelper.Tests.Support;

/// <summary>A bus that answers as a trace says: proof from a real board, replayed. Anything that is not next in the trace throws.</summary>
internal sealed class ReplayBus(string trace) : IUsbBus
{
    private readonly Queue<JsonElement> _lines = new(trace.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement));
    private IReadOnlyList<UsbDeviceInfo> _devices = [];

    public bool IsAtEnd => _lines.Count == 0;

    public IReadOnlyList<UsbDeviceInfo> List()
    {
        if (_lines.TryPeek(out var line) && Operation(line) == TraceOperation.Devices)
        {
            _devices = [.. _lines.Dequeue().GetProperty("devices").EnumerateArray().Select(Device)];
        }

        return _devices;
    }

    public IUsbDevice Open(UsbDeviceInfo device)
    {
        Next(TraceOperation.Open);
        return new Opened(this, device);
    }

    private JsonElement Next(TraceOperation expected)
    {
        var line = _lines.Count > 0 ? _lines.Dequeue() : throw new InvalidDataException($"The trace is over; {expected} was tried.");
        if (Operation(line) != expected)
        {
            throw new InvalidDataException($"The trace has {line}; {expected} was tried.");
        }

        return line.TryGetProperty("fault", out var fault) ? throw new UsbException(Enum.Parse<UsbFault>(fault.GetString()!), "as in the trace") : line;
    }

    private static TraceOperation Operation(JsonElement line) => Enum.Parse<TraceOperation>(line.GetProperty("operation").GetString()!);

    private static UsbDeviceInfo Device(JsonElement d)
    {
        var id = UsbId.Parse(d.GetProperty("id").GetString()!);
        return new UsbDeviceInfo(
            d.GetProperty("bus").GetInt32(),
            d.GetProperty("number").GetInt32(),
            d.GetProperty("path").GetString()!,
            id.Vendor,
            id.Product,
            d.GetProperty("release").GetUInt16(),
            [.. d.GetProperty("interfaces").EnumerateArray().Select(i => Convert.FromHexString(i.GetString()!)).Select(i => new UsbInterfaceInfo(i[0], i[1], i[2], i[3], i[4]))]);
    }

    private sealed class Opened(ReplayBus bus, UsbDeviceInfo info) : IUsbDevice
    {
        public UsbDeviceInfo Info => info;

        public bool CanReset => true;

        public void Claim(byte interfaceNumber) => bus.Next(TraceOperation.Claim);

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => bus.Next(TraceOperation.Alternate);

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
        {
            var data = Convert.FromHexString(Transfer(setup).GetProperty("data").GetString()!);
            data.CopyTo(buffer);
            return data.Length;
        }

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
        {
            if (Convert.ToHexString(data) is var sent && Transfer(setup).GetProperty("data").GetString() is var traced && sent != traced)
            {
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The trace has {traced} where {sent} was sent."));
            }
        }

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout)
        {
            var data = Convert.FromHexString(bus.Next(TraceOperation.Interrupt).GetProperty("data").GetString()!);
            data.CopyTo(buffer);
            return data.Length;
        }

        public void Reset() => bus.Next(TraceOperation.Reset);

        public void Dispose()
        {
        }

        private JsonElement Transfer(UsbSetup setup)
        {
            Span<byte> wire = stackalloc byte[UsbSetup.Size];
            setup.Write(wire);
            var hex = Convert.ToHexString(wire);
            var line = bus._lines.TryPeek(out var next) && next.TryGetProperty("setup", out var traced) && traced.GetString() != hex
                ? throw new InvalidDataException($"The trace has {next}; {hex} was tried.")
                : bus.Next(TraceOperation.Control);
            return line;
        }
    }
}
