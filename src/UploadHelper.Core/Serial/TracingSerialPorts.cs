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
            trace.Serial(TraceOperation.SerialOpen, name, line.IsAcknowledged ? $"{format} {TraceWriter.Acknowledged}" : format, time.GetElapsedTime(start));
            return line;
        }
        catch (SerialException e)
        {
            trace.Serial(TraceOperation.SerialOpen, name, format, time.GetElapsedTime(start), e.Fault.ToString());
            throw;
        }
    }

    private sealed class Line(ISerialLine line, IUartLine? uart, string name, TimeProvider time, TraceWriter trace) : IUartLine
    {
        public bool IsAcknowledged => line.IsAcknowledged;

        public void SetDtr(bool high) => Record(TraceOperation.SerialSet, () => high ? "dtr" : "-dtr", () => line.SetDtr(high));

        public void SetRts(bool high) => Record(TraceOperation.SerialSet, () => high ? "rts" : "-rts", () => line.SetRts(high));

        public void SetBaudRate(int baudRate) => Record(TraceOperation.SerialSet, () => $"{baudRate}", () => line.SetBaudRate(baudRate));

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
            var bytes = data.ToArray();
            Record(TraceOperation.SerialWrite, () => Convert.ToHexString(bytes), () => line.Write(bytes, limit));
        }

        public int Read(Span<byte> buffer, TimeSpan limit)
        {
            var bytes = new byte[buffer.Length];
            var read = 0;
            Record(TraceOperation.SerialRead, () => Convert.ToHexString(bytes, 0, read), () => read = uart!.Read(bytes, limit));
            bytes.AsSpan(0, read).CopyTo(buffer);
            return read;
        }

        public void Discard() => uart!.Discard();

        public void Dispose() => Record(TraceOperation.SerialClose, () => "", line.Dispose);

        private void Record(TraceOperation operation, Func<string> data, Action work)
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
                trace.Serial(operation, name, data(), time.GetElapsedTime(start), fault);
            }
        }
    }
}
