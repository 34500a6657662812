namespace UploadHelper.VirtualBoard.Hardware;

/// <summary>
/// A USB serial adapter, and the wires to a board. What the host writes leaves byte after byte at the line's speed. What comes back is
/// kept until a packet is full or the latency timer runs out, as in an FT232R (FTDI AN232B-04: 62 bytes of data in a packet; 16 ms by
/// default).
/// </summary>
/// <param name="latency">How long a received byte is kept for more of them.</param>
public sealed class SerialAdapter(TimeSpan latency)
{
    private const int PacketSize = 62;

    private readonly Queue<(TimeSpan At, byte Value, SerialFormat Format)> _toBoard = [];
    private readonly List<byte> _packet = [];
    private readonly Queue<byte> _toHost = [];
    private TimeSpan _free;
    private TimeSpan _packetDue;

    /// <summary>Called with each byte when it has reached the board; nobody listens while it is null.</summary>
    public Action<byte, SerialFormat>? Reaches { get; set; }

    /// <summary>Called when a modem line has changed.</summary>
    public Action LinesChanged { get; set; } = () => { };

    /// <summary>Whether DTR is raised; its pin is low then.</summary>
    public bool Dtr { get; private set; }

    /// <summary>Whether RTS is raised; its pin is low then.</summary>
    public bool Rts { get; private set; }

    /// <summary>Whether the host can fetch something.</summary>
    public bool HasData => _toHost.Count > 0;

    /// <summary>When the adapter next does something, in the board's time; null: not before it is used.</summary>
    public TimeSpan? NextEventAt => Earlier(_toBoard.TryPeek(out var next) ? next.At : null, _packet.Count > 0 ? _packetDue : null);

    /// <summary>The host writes bytes.</summary>
    public void Write(ReadOnlySpan<byte> data, SerialFormat format, TimeSpan now)
    {
        _free = _free > now ? _free : now;
        foreach (var value in data)
        {
            _free += format.ByteTime;
            _toBoard.Enqueue((_free, value, format));
        }
    }

    /// <summary>When everything that the host has written has left.</summary>
    public TimeSpan Sent => _free;

    /// <summary>The host fetches what has come.</summary>
    public byte[] Read(int most)
    {
        var data = new byte[Math.Min(most, _toHost.Count)];
        for (var i = 0; i < data.Length; i++)
        {
            data[i] = _toHost.Dequeue();
        }

        return data;
    }

    /// <summary>The host drops what has come.</summary>
    public void Discard()
    {
        _toHost.Clear();
        _packet.Clear();
    }

    /// <summary>The board has sent a byte.</summary>
    public void Receive(byte value, TimeSpan now)
    {
        if (_packet.Count == 0)
        {
            _packetDue = now + latency;
        }

        _packet.Add(value);
        if (_packet.Count == PacketSize || latency == TimeSpan.Zero)
        {
            Deliver();
        }
    }

    /// <summary>The host raises or drops the modem lines.</summary>
    public void SetLines(bool dtr, bool rts)
    {
        if ((dtr, rts) != (Dtr, Rts))
        {
            (Dtr, Rts) = (dtr, rts);
            LinesChanged();
        }
    }

    /// <summary>Does what is due; the board's time is <paramref name="now"/>.</summary>
    public void AdvanceTo(TimeSpan now)
    {
        if (_packet.Count > 0 && _packetDue <= now)
        {
            Deliver();
        }

        while (_toBoard.TryPeek(out var next) && next.At <= now)
        {
            _toBoard.Dequeue();
            Reaches?.Invoke(next.Value, next.Format);
        }
    }

    private void Deliver()
    {
        _packet.ForEach(_toHost.Enqueue);
        _packet.Clear();
    }

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;
}

/// <summary>The modem line of a serial adapter that drives a pin of the board.</summary>
/// <param name="IsDtr">Whether it is DTR; else RTS.</param>
/// <param name="IsInverted">Whether the pin is active while the line is dropped.</param>
public readonly record struct ModemLine(bool IsDtr, bool IsInverted)
{
    /// <summary>Reads "dtr", "-dtr", "rts" or "-rts"; the minus sign means: active while the line is dropped.</summary>
    /// <returns>Null for anything else.</returns>
    public static ModemLine? Parse(string text) => text switch
    {
        "dtr" => new(true, false),
        "-dtr" => new(true, true),
        "rts" => new(false, false),
        "-rts" => new(false, true),
        _ => null,
    };

    /// <summary>Whether the pin is active.</summary>
    public bool IsActive(SerialAdapter adapter) => (IsDtr ? adapter.Dtr : adapter.Rts) != IsInverted;
}
