using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;

namespace UploadHelper.Core.Serial;

/// <summary>Records what passes over other serial ports, for bug reports.</summary>
/// <param name="ports">The ports to record.</param>
/// <param name="time">The clock for the times in the trace.</param>
/// <param name="trace">The output.</param>
public sealed class TracingSerialPorts(ISerialPorts ports, TimeProvider time, TraceWriter trace) : ISerialPorts
{
    private IReadOnlyList<SerialPortInfo>? _last;

    /// <inheritdoc/>
    public IReadOnlyList<SerialPortInfo> List()
    {
        var listed = ports.List();
        lock (trace)
        {
            if (_last is null || !listed.SequenceEqual(_last))
            {
                _last = listed;
                trace.Ports([.. listed.Select(p => new TracedPort(
                    p.Name, p is { VendorId: { } vendor, ProductId: { } product } ? new UsbId(vendor, product) : null, p.SerialNumber, p.UsbPath, p.Product))]);
            }
        }

        return listed;
    }

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate) => new Line(Opened(name, $"{baudRate} 8N1", () => ports.Open(name, baudRate)), null, name, time, trace);

    /// <inheritdoc/>
    public IUartLine OpenUart(string name, int baudRate)
    {
        var line = Opened(name, $"{baudRate} 8E1", () => ports.OpenUart(name, baudRate));
        return new Line(line, line, name, time, trace);
    }

    // What is acknowledged is not waited for: a replay must know it.
    private T Opened<T>(string name, string format, Func<T> open)
        where T : ISerialLine
    {
        var start = time.GetTimestamp();
        try
        {
            var line = open();
            Write(line.IsAcknowledged ? $"{format} {TraceWriter.Acknowledged}" : format, null);
            return line;
        }
        catch (SerialException e)
        {
            Write(format, e.Fault.ToString());
            throw;
        }

        void Write(string text, string? fault) =>
            trace.Write(new TraceEvent(TraceOperation.SerialOpen) { Name = name, Text = text, Fault = fault, Took = time.GetElapsedTime(start) });
    }

    private sealed class Line(ISerialLine line, IUartLine? uart, string name, TimeProvider time, TraceWriter trace) : IUartLine
    {
        public bool IsAcknowledged => line.IsAcknowledged;

        public void SetDtr(bool high) => Set(high ? "dtr" : "-dtr", () => line.SetDtr(high));

        public void SetRts(bool high) => Set(high ? "rts" : "-rts", () => line.SetRts(high));

        public void SetBaudRate(int baudRate) => Set($"{baudRate}", () => line.SetBaudRate(baudRate));

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
            var bytes = data.ToArray();
            Record(new TraceEvent(TraceOperation.SerialWrite) { Data = bytes }, () => line.Write(bytes, limit));
        }

        public int Read(Span<byte> buffer, TimeSpan limit)
        {
            var bytes = new byte[buffer.Length];
            var read = 0;
            Record(new TraceEvent(TraceOperation.SerialRead), () => read = uart!.Read(bytes, limit), e => e with { Data = bytes.AsMemory(0, read) });
            bytes.AsSpan(0, read).CopyTo(buffer);
            return read;
        }

        public void Discard() => uart!.Discard();

        public void Dispose() => Record(new TraceEvent(TraceOperation.SerialClose), line.Dispose);

        private void Set(string text, Action work) => Record(new TraceEvent(TraceOperation.SerialSet) { Text = text }, work);

        private void Record(TraceEvent what, Action work, Func<TraceEvent, TraceEvent>? complete = null)
        {
            var start = time.GetTimestamp();
            string? fault = null;
            try
            {
                work();
            }
            catch (SerialException e)
            {
                fault = e.Fault.ToString();
                throw;
            }
            finally
            {
                trace.Write((complete?.Invoke(what) ?? what) with { Name = name, Fault = fault, Took = time.GetElapsedTime(start) });
            }
        }
    }
}
