using System.Text;
using System.Text.Json;

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
        return trace.Record(TraceOperation.Open, device.Number, () => new Device(bus.Open(device), time, trace));
    }

    private static (int Bus, int Number) Key(UsbDeviceInfo device) => (device.Bus, device.Number);

    private sealed class Device(IUsbDevice device, TimeProvider time, TraceWriter trace) : IUsbDevice
    {
        public UsbDeviceInfo Info => device.Info;

        public bool CanReset => device.CanReset;

        public void Claim(byte interfaceNumber) =>
            trace.Record(TraceOperation.Claim, interfaceNumber, () => device.Claim(interfaceNumber));

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) =>
            trace.Record(TraceOperation.Alternate, alternateSetting, () => device.SetAlternateSetting(interfaceNumber, alternateSetting));

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

        public void Reset() => trace.Record(TraceOperation.Reset, 0, device.Reset);

        public void Dispose() => device.Dispose();
    }
}

/// <summary>The kinds of line in a trace.</summary>
public enum TraceOperation
{
    /// <summary>The devices on the bus, whenever the list has changed.</summary>
    Devices,

    /// <summary>A device was opened; the argument is its number.</summary>
    Open,

    /// <summary>An interface was claimed; the argument is its number.</summary>
    Claim,

    /// <summary>An alternate setting was selected; the argument is its number.</summary>
    Alternate,

    /// <summary>A control transfer.</summary>
    Control,

    /// <summary>A packet from an interrupt endpoint.</summary>
    Interrupt,

    /// <summary>A reset of the port.</summary>
    Reset,

    /// <summary>A serial port was opened; the data are its speed and format.</summary>
    SerialOpen,

    /// <summary>A modem line or the speed of a serial port was changed.</summary>
    SerialSet,

    /// <summary>Bytes were written to a serial port.</summary>
    SerialWrite,

    /// <summary>Bytes were read from a serial port, or none came in time.</summary>
    SerialRead,

    /// <summary>A serial port was closed.</summary>
    SerialClose,
}

/// <summary>
/// Writes a trace: one JSON object per line, flushed at once, so that it is complete even if the program crashes. An output
/// that fails ends the trace, not what is traced.
/// </summary>
/// <param name="lines">The output.</param>
/// <param name="time">The clock; times are milliseconds since the start of the trace.</param>
public sealed class TraceWriter(TextWriter lines, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();

    /// <summary>Why a line could not be written; null as long as the trace is complete. No line follows the one that is missing.</summary>
    public Exception? Failure { get; private set; }

    internal void Devices(IReadOnlyList<UsbDeviceInfo> devices) => Line(TraceOperation.Devices, json =>
    {
        json.WriteStartArray("devices");
        foreach (var device in devices)
        {
            json.WriteStartObject();
            json.WriteNumber("bus", device.Bus);
            json.WriteNumber("number", device.Number);
            json.WriteString("path", device.Path);
            json.WriteString("id", device.Id.ToString());
            json.WriteNumber("release", device.Release);
            json.WriteStartArray("interfaces");
            foreach (var i in device.Interfaces)
            {
                json.WriteStringValue(Convert.ToHexString([i.Number, i.AlternateSetting, i.Class, i.SubClass, i.Protocol]));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    internal void Record(TraceOperation operation, int argument, Action work) => Record(operation, argument, () =>
    {
        work();
        return true;
    });

    internal T Record<T>(TraceOperation operation, int argument, Func<T> work)
    {
        UsbFault? fault = null;
        try
        {
            return work();
        }
        catch (UsbException e)
        {
            fault = e.Fault;
            throw;
        }
        finally
        {
            Line(operation, json =>
            {
                json.WriteNumber("argument", argument);
                Fault(json, fault);
            });
        }
    }

    internal void Transfer(int device, UsbSetup setup, ReadOnlySpan<byte> data, UsbFault? fault, TimeSpan took)
    {
        Span<byte> wire = stackalloc byte[UsbSetup.Size];
        setup.Write(wire);
        var (setupHex, dataHex) = (Convert.ToHexString(wire), Convert.ToHexString(data));
        Line(TraceOperation.Control, json =>
        {
            json.WriteNumber("device", device);
            json.WriteString("setup", setupHex);
            json.WriteString("data", dataHex);
            json.WriteNumber("took", Math.Round(took.TotalMilliseconds, 3));
            Fault(json, fault);
        });
    }

    internal void Interrupt(int device, byte endpoint, ReadOnlySpan<byte> data, UsbFault? fault, TimeSpan took)
    {
        var dataHex = Convert.ToHexString(data);
        Line(TraceOperation.Interrupt, json =>
        {
            json.WriteNumber("device", device);
            json.WriteNumber("endpoint", endpoint);
            json.WriteString("data", dataHex);
            json.WriteNumber("took", Math.Round(took.TotalMilliseconds, 3));
            Fault(json, fault);
        });
    }

    internal void Serial(TraceOperation operation, string port, string data, TimeSpan took, string? fault = null) => Line(operation, json =>
    {
        json.WriteString("port", port);
        json.WriteString("data", data);
        json.WriteNumber("took", Math.Round(took.TotalMilliseconds, 3));
        if (fault is not null)
        {
            json.WriteString("fault", fault);
        }
    });

    private static void Fault(Utf8JsonWriter json, UsbFault? fault)
    {
        if (fault is not null)
        {
            json.WriteString("fault", fault.ToString());
        }
    }

    private void Line(TraceOperation operation, Action<Utf8JsonWriter> body)
    {
        if (Failure is not null)
        {
            return;
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("at", Math.Round(time.GetElapsedTime(_start).TotalMilliseconds, 3));
            json.WriteString("operation", operation.ToString());
            body(json);
            json.WriteEndObject();
        }

        lock (lines)
        {
            try
            {
                lines.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
                lines.Flush();
            }
            catch (Exception e)
            {
                // Whatever it is (a full disk, a quota, a file system that has gone), the board is in the middle of its work.
                Failure = e;
            }
        }
    }
}
