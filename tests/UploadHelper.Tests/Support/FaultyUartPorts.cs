using UploadHelper.Core.Serial;

namespace UploadHelper.Tests.Support;

/// <summary>What happens to one byte on a serial line.</summary>
public enum ByteFault
{
    /// <summary>It is lost.</summary>
    Lost,

    /// <summary>It comes twice.</summary>
    Doubled,

    /// <summary>A bit of it changes.</summary>
    Changed,

    /// <summary>The adapter is pulled instead; the next one that is opened works.</summary>
    Pulled,
}

/// <summary>Serial ports with a fault in one byte, whichever way it goes.</summary>
/// <param name="ports">The ports.</param>
/// <param name="fault">The fault.</param>
/// <param name="index">The byte, counted from 0.</param>
internal sealed class FaultyUartPorts(ISerialPorts ports, ByteFault fault, int index) : ISerialPorts
{
    /// <summary>How many bytes have passed.</summary>
    public int Count { get; private set; }

    public IReadOnlyList<SerialPortInfo> List() => ports.List();

    public ISerialLine Open(string name, int baudRate) => ports.Open(name, baudRate);

    public IUartLine OpenUart(string name, int baudRate) => new Line(this, ports.OpenUart(name, baudRate));

    private byte[] Pass(ReadOnlySpan<byte> data)
    {
        var passed = new List<byte>();
        foreach (var value in data)
        {
            passed.AddRange(Count++ != index ? [value] : fault switch
            {
                ByteFault.Lost => [],
                ByteFault.Doubled => [value, value],
                ByteFault.Changed => [(byte)(value ^ 0x04)],
                _ => throw new SerialException(SerialFault.Gone, "The adapter was pulled."),
            });
        }

        return [.. passed];
    }

    private sealed class Line(FaultyUartPorts owner, IUartLine line) : IUartLine
    {
        private readonly Queue<byte> _received = [];
        private bool _isGone;

        public void SetDtr(bool high) => line.SetDtr(high);

        public void SetRts(bool high) => line.SetRts(high);

        public void SetBaudRate(int baudRate) => line.SetBaudRate(baudRate);

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
            if (Through(data) is { Length: > 0 } passed)
            {
                line.Write(passed, limit);
            }
        }

        public int Read(Span<byte> buffer, TimeSpan limit)
        {
            var fresh = new byte[buffer.Length];
            if (_received.Count == 0)
            {
                var read = line.Read(fresh, limit);
                Array.ForEach(Through(fresh.AsSpan(0, read)), _received.Enqueue);
                if (read > 0 && _received.Count == 0)
                {
                    return Read(buffer, limit);
                }
            }

            var count = Math.Min(buffer.Length, _received.Count);
            for (var i = 0; i < count; i++)
            {
                buffer[i] = _received.Dequeue();
            }

            return count;
        }

        public void Discard()
        {
            _received.Clear();
            line.Discard();
        }

        public void Dispose() => line.Dispose();

        private byte[] Through(ReadOnlySpan<byte> data)
        {
            if (_isGone)
            {
                throw new SerialException(SerialFault.Gone, "The adapter was pulled.");
            }

            try
            {
                return owner.Pass(data);
            }
            catch (SerialException)
            {
                _isGone = true;
                throw;
            }
        }
    }
}
