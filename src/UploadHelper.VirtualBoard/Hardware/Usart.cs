namespace UploadHelper.VirtualBoard.Hardware;

/// <summary>How bytes are sent on a serial line: 8 data bits and one stop bit.</summary>
/// <param name="BaudRate">Bits a second; 0 on a line that has no speed of its own (a pseudo terminal): there a byte takes no time.</param>
/// <param name="EvenParity">Whether an even parity bit follows the data bits.</param>
public readonly record struct SerialFormat(int BaudRate, bool EvenParity)
{
    /// <summary>How long a byte takes, start and stop bit included: 11 bits with parity, 10 without.</summary>
    public TimeSpan ByteTime => BaudRate == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((EvenParity ? 11 : 10) / (double)BaudRate);
}

/// <summary>What a program that polls a USART does next.</summary>
/// <param name="Duration">How long it does not look at the receiver; null for as long as nothing is received.</param>
/// <param name="Sent">The byte that it sends meanwhile, or null.</param>
public readonly record struct UsartStep(TimeSpan? Duration, byte? Sent)
{
    /// <summary>It waits for a byte.</summary>
    public static UsartStep Receive => new(null, null);

    /// <summary>It sends a byte, and waits until that has left.</summary>
    public static UsartStep Send(byte value) => new(null, value);

    /// <summary>It does something else.</summary>
    public static UsartStep Wait(TimeSpan duration) => new(duration, null);
}

/// <summary>
/// A USART without a FIFO, and the program that polls it. While the program is busy, the data register holds one byte; every further
/// one is lost (overrun: RM0008, 27.3.3).
/// </summary>
/// <param name="now">The board's time.</param>
/// <param name="send">Called with each byte when it has been sent.</param>
/// <param name="lost">Called with each byte that was lost.</param>
public sealed class Usart(Func<TimeSpan> now, Action<byte> send, Action<byte> lost)
{
    private IEnumerator<UsartStep>? _program;
    private UsartStep? _step;
    private TimeSpan _until;
    private (byte Value, SerialFormat Format)? _held;

    /// <summary>The byte that the program has read last.</summary>
    public byte Received { get; private set; }

    /// <summary>How that byte was sent.</summary>
    public SerialFormat ReceivedFormat { get; private set; }

    /// <summary>How it sends and receives; null while the program measures what comes. Bytes that are sent in another way are received as rubbish.</summary>
    public SerialFormat? Format { get; set; }

    /// <summary>When the program is done with what it is doing; null while it waits for a byte, or has ended.</summary>
    public TimeSpan? NextEventAt => _step is { } step && !IsReceive(step) ? _until : null;

    /// <summary>Starts the program; it runs until it waits for something.</summary>
    public void Start(IEnumerable<UsartStep> program)
    {
        _program = program.GetEnumerator();
        Run();
    }

    /// <summary>A byte has come in.</summary>
    public void Arrive(byte value, SerialFormat format)
    {
        if (_held is not null)
        {
            lost(value);
            return;
        }

        _held = (Format is { } own && own != format ? (byte)~value : value, format);
        Run();
    }

    /// <summary>Time passes.</summary>
    public void AdvanceTo(TimeSpan time)
    {
        if (NextEventAt <= time)
        {
            Run();
        }
    }

    private void Run()
    {
        while (_program is not null && IsOver())
        {
            _step = _program.MoveNext() ? _program.Current : null;
            if (_step is not { } next)
            {
                _program = null;
            }
            else if (!IsReceive(next))
            {
                _until = now() + (next.Duration ?? Format?.ByteTime ?? TimeSpan.Zero);
            }
        }
    }

    private bool IsOver()
    {
        switch (_step)
        {
            case null:
                return true;
            case { } step when IsReceive(step):
                if (_held is not { } held)
                {
                    return false;
                }

                (Received, ReceivedFormat, _held) = (held.Value, held.Format, null);
                return true;
            case { } step:
                if (now() < _until)
                {
                    return false;
                }

                if (step.Sent is { } sent)
                {
                    send(sent);
                }

                return true;
        }
    }

    private static bool IsReceive(UsartStep step) => step is { Duration: null, Sent: null };
}
