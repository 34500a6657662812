namespace UploadHelper.VirtualBoard.Hardware;

/// <summary>How bytes are sent on a serial line: 8 data bits and one stop bit.</summary>
/// <param name="BaudRate">Bits a second; more than 0.</param>
/// <param name="EvenParity">Whether an even parity bit follows the data bits.</param>
public readonly record struct SerialFormat(int BaudRate, bool EvenParity)
{
    /// <summary>How long a byte takes, start and stop bit included: 11 bits with parity, 10 without.</summary>
    public TimeSpan ByteTime => TimeSpan.FromSeconds((EvenParity ? 11 : 10) / (double)BaudRate);
}

/// <summary>
/// A USART without a FIFO, and a program that polls it. While the program does something else, the data register holds one byte; every
/// further one is lost (overrun: RM0008, 27.3.3).
/// </summary>
/// <param name="now">The board's time.</param>
/// <param name="send">Called with each byte when it has been sent.</param>
/// <param name="lost">Called with each byte that was lost.</param>
public sealed class Usart(Func<TimeSpan> now, Action<byte> send, Action<byte> lost)
{
    private readonly Queue<Work> _work = [];
    private (byte Value, SerialFormat Format)? _held;
    private TimeSpan _until;

    /// <summary>The program: called with each byte that it reads.</summary>
    public Action<byte, SerialFormat> Program { get; set; } = (_, _) => { };

    /// <summary>How it sends and receives; null while the program measures what comes. Bytes that are sent in another way are received as rubbish.</summary>
    public SerialFormat? Format { get; set; }

    /// <summary>When the program is done with what it is doing; null while it waits for a byte.</summary>
    public TimeSpan? NextEventAt => _work.Count > 0 ? _until : null;

    /// <summary>The program sends a byte after what it is doing, and waits until that has left.</summary>
    public void Send(byte value) => Do(new Work(Format?.ByteTime ?? TimeSpan.Zero, () => send(value)));

    /// <summary>The program does something else after what it is doing.</summary>
    /// <param name="duration">How long it takes.</param>
    /// <param name="done">Called at its end.</param>
    public void Wait(TimeSpan duration, Action done) => Do(new Work(duration, done));

    /// <summary>A byte has come in.</summary>
    public void Arrive(byte value, SerialFormat format)
    {
        if (_held is not null)
        {
            lost(value);
            return;
        }

        _held = (Format is { } own && own != format ? (byte)~value : value, format);
        AdvanceTo(now());
    }

    /// <summary>Does what is due.</summary>
    public void AdvanceTo(TimeSpan time)
    {
        while (true)
        {
            if (_work.TryPeek(out var work))
            {
                if (time < _until)
                {
                    return;
                }

                work.Done();
                _work.Dequeue();
                _until = now() + (_work.TryPeek(out var next) ? next.Duration : TimeSpan.Zero);
            }
            else if (_held is { } held)
            {
                _held = null;
                Program(held.Value, held.Format);
            }
            else
            {
                return;
            }
        }
    }

    private void Do(Work work)
    {
        if (_work.Count == 0)
        {
            _until = now() + work.Duration;
        }

        _work.Enqueue(work);
    }

    private sealed class Work(TimeSpan duration, Action done)
    {
        public TimeSpan Duration => duration;

        public Action Done => done;
    }
}
