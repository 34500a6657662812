using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Hardware;

/// <summary>
/// A USB serial adapter, and the wires to a board. What the host writes takes a USB transfer to the adapter, and leaves it byte after byte
/// at the line's speed. What comes back is kept until a packet is full or the latency timer runs out, as in an FT232R (FTDI AN232B-04: 62 bytes of data in a packet; 16 ms by
/// default).
/// </summary>
/// <param name="latency">How long a received byte is kept for more of them.</param>
public sealed class SerialAdapter(TimeSpan latency)
{
    private const int PacketSize = 62;

    private readonly Queue<Chunk> _toBoard = [];
    private readonly byte[] _packet = new byte[PacketSize];
    private int _packetLength;
    private TimeSpan _packetDue;
    private byte[] _toHost = [];
    private TimeSpan _free;

    /// <summary>Called with each byte when it has reached the board; nobody listens while it is null.</summary>
    public Action<byte, SerialFormat>? Reaches { get; set; }

    /// <summary>Called when a modem line has changed.</summary>
    public Action LinesChanged { get; set; } = () => { };

    /// <summary>Whether DTR is raised; its pin is low then.</summary>
    public bool Dtr { get; private set; }

    /// <summary>Whether RTS is raised; its pin is low then.</summary>
    public bool Rts { get; private set; }

    /// <summary>Whether it was pulled out of the host.</summary>
    public bool IsPulled { get; private set; }

    /// <summary>When the adapter next does something, in the board's time; null: not before it is used.</summary>
    public TimeSpan? NextEventAt => _toBoard.TryPeek(out var chunk) && !(_packetLength > 0 && _packetDue < chunk.NextAt) ? chunk.NextAt
        : _packetLength > 0 ? _packetDue
        : null;

    /// <summary>Whether a wire is active.</summary>
    /// <param name="line">"dtr", "rts", or with a minus sign if it is active while the line is dropped; null for no wire.</param>
    public bool IsActive(string? line) => line is not null && (line.EndsWith("dtr", StringComparison.Ordinal) ? Dtr : Rts) != line.StartsWith('-');

    /// <summary>It is pulled out of the host, and with that loses its power.</summary>
    public void Pull()
    {
        IsPulled = true;
        _toBoard.Clear();
        Discard();
        SetLines(dtr: false, rts: false);
    }

    /// <summary>The host writes bytes.</summary>
    public void Write(ReadOnlySpan<byte> data, SerialFormat format, TimeSpan now)
    {
        var there = now + BusModel.TransferTime;
        var chunk = new Chunk(data.ToArray(), format, _free > there ? _free : there);
        _free = chunk.End;
        _toBoard.Enqueue(chunk);
    }

    /// <summary>The host fetches what has come.</summary>
    public byte[] Read(int most)
    {
        var data = _toHost[..Math.Min(most, _toHost.Length)];
        _toHost = _toHost[data.Length..];
        return data;
    }

    /// <summary>The host drops what has come.</summary>
    public void Discard()
    {
        _toHost = [];
        _packetLength = 0;
    }

    /// <summary>The board has sent a byte.</summary>
    public void Receive(byte value, TimeSpan now)
    {
        if (_packetLength == 0)
        {
            _packetDue = now + latency;
        }

        _packet[_packetLength++] = value;
        if (_packetLength == PacketSize)
        {
            Deliver();
        }
    }

    /// <summary>The host raises or drops the modem lines.</summary>
    public void SetLines(bool dtr, bool rts)
    {
        if (dtr != Dtr || rts != Rts)
        {
            Dtr = dtr;
            Rts = rts;
            LinesChanged();
        }
    }

    /// <summary>Does what is due.</summary>
    public void AdvanceTo(TimeSpan now)
    {
        if (_packetLength > 0 && _packetDue <= now)
        {
            Deliver();
        }

        while (_toBoard.TryPeek(out var chunk) && chunk.NextAt <= now)
        {
            var value = chunk.Take();
            if (chunk.IsEmpty)
            {
                _toBoard.Dequeue();
            }

            Reaches?.Invoke(value, chunk.Format);
        }
    }

    private void Deliver()
    {
        _toHost = [.. _toHost, .. _packet.AsSpan(0, _packetLength)];
        _packetLength = 0;
    }

    /// <summary>What was written at once, on its way to the board.</summary>
    private sealed class Chunk(byte[] data, SerialFormat format, TimeSpan start)
    {
        private int _taken;

        public SerialFormat Format => format;

        public bool IsEmpty => _taken == data.Length;

        public TimeSpan NextAt => start + (_taken + 1) * format.ByteTime;

        public TimeSpan End => start + data.Length * format.ByteTime;

        public byte Take() => data[_taken++];
    }
}
