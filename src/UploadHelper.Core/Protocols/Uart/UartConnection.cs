using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Uart;

/// <summary>How the bootloader answered what it was sent.</summary>
internal enum UartAnswer
{
    /// <summary>It took everything.</summary>
    Ack,

    /// <summary>It refused the command itself, sent on its own: read protection (AN3155, 3).</summary>
    Refused,

    /// <summary>It refused something else, which may have been damaged on its way.</summary>
    Nack,

    /// <summary>It did not answer in time, or with something else.</summary>
    Nothing,
}

/// <summary>
/// The conversation with the USART bootloader in ROM (AN3155): commands of two bytes, then parts that are each acknowledged. It has no
/// time limits, so that after a lost byte it waits without end for the rest of a part, and takes the next command for that. After any
/// answer but an ACK, the conversation must therefore be brought in step before the next command, and what was done is unknown.
/// </summary>
/// <param name="line">The open port; it belongs to the connection.</param>
/// <param name="baudRate">Its speed.</param>
/// <param name="time">The clock.</param>
/// <param name="cancellationToken">Checked before each command.</param>
public sealed class UartConnection(IUartLine line, int baudRate, TimeProvider time, CancellationToken cancellationToken) : IBootloaderConnection, IDisposable
{
    /// <summary>The most bytes that a command reads or writes.</summary>
    public const int BlockSize = 256;

    // A part is at most 258 bytes long: that many can be missing.
    private const int LongestPart = BlockSize + 2;
    private const int Singly = 4;
    private const int FirstBurst = 32;
    private const int LargestBurst = 4096;

    // If its first byte is lost or doubled, the list of an Extended Erase can seem as long as that.
    private const int LongestPageList = 2 * 0x1_0000;

    // An answer takes two bytes on the line, and what the adapter and USB add: 16 ms for many.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(5);

    // Commands that change something, and need little or nothing behind them. In data, they must not arrive when it listens for a command.
    private static readonly byte[] Dangerous =
    [
        UartCode.Go, UartCode.Erase, UartCode.ExtendedErase, UartCode.WriteProtect, UartCode.WriteUnprotect, UartCode.ReadoutProtect, UartCode.ReadoutUnprotect,
    ];

    private readonly byte[] _sent = new byte[4 * LongestPart];
    private int _sentLength;

    // What has come and was not looked at. A call of the system costs up to a millisecond, so bytes are not asked for one by one.
    private readonly byte[] _received = new byte[2 * BlockSize];
    private int _next;
    private int _end;

    // The answers that came while more was still to be sent.
    private int _early;
    private TimeSpan? _slowestAnswer;
    private bool _isInStep;
    private bool _sendsTogether = true;

    /// <inheritdoc/>
    public Polling Polling { get; } = new(early: false);

    /// <summary>What to do with the modem lines to start the program; nothing if the bootloader itself can be told to.</summary>
    public IReadOnlyList<LineStep> Exit { get; init; } = [];

    /// <inheritdoc/>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <inheritdoc/>
    public IBootloaderConnection Uncancelled() => new UartConnection(line, baudRate, time, CancellationToken.None) { Exit = Exit };

    /// <inheritdoc/>
    public void Select(DfuAlternate alternate)
    {
    }

    /// <summary>Whether the last attempt to synchronise got back what was sent.</summary>
    public bool IsEcho { get; private set; }

    /// <summary>Whether the last attempt to synchronise got something that no bootloader sends.</summary>
    public bool IsOther { get; private set; }

    /// <summary>Closes the port.</summary>
    public void Dispose() => line.Dispose();

    /// <summary>
    /// Has the bootloader measure the speed, or find out that it has done so before. It is sent nothing but 0x7F, since any other first byte
    /// would be measured instead.
    /// </summary>
    /// <returns>Whether it answers; then it waits for a command.</returns>
    /// <exception cref="UsbException">The port failed.</exception>
    public bool TrySynchronize() => OnLine(() =>
    {
        Discard();
        _sentLength = 0;

        // A second one is the complement of the first for a bootloader that has measured already, and waits for a command.
        for (var attempt = 0; attempt < 2 && !_isInStep; attempt++)
        {
            Send([UartCode.Synchronize]);
            var answer = Receive(Silence);
            _isInStep = answer is UartCode.Ack or UartCode.Nack;
            (IsEcho, IsOther) = (answer == UartCode.Synchronize, answer is not (null or UartCode.Ack or UartCode.Nack or UartCode.Synchronize));
        }

        return _isInStep;
    });

    /// <summary>Ends a command in which an earlier host has left the bootloader.</summary>
    /// <param name="limit">How long that may take: a slow line needs many seconds for the longest part.</param>
    /// <returns>Whether it answers.</returns>
    /// <exception cref="UsbException">The port failed.</exception>
    public bool TryInterrupt(TimeSpan limit) => OnLine(() => GetInStep(UartCode.Synchronize, UartCode.Synchronize, limit));

    /// <inheritdoc/>
    public void Idle(TimeSpan? firstAnswer = null) => OnLine(() =>
    {
        if (!_isInStep && !GetInStep(Unsent(), 0))
        {
            throw new UsbException(UsbFault.Timeout, "The bootloader does not answer any more.");
        }

        return true;
    });

    /// <summary>Carries out <see cref="Exit"/>.</summary>
    /// <exception cref="UsbException">The port failed.</exception>
    public void StartByLines() => OnLine(() =>
    {
        ResetSequence.Run(Exit, line, time, cancellationToken);
        return true;
    });

    /// <summary>Sends a command and its parts.</summary>
    /// <param name="command">The command.</param>
    /// <param name="limit">How long the last answer may take; null for the usual time.</param>
    /// <param name="parts">
    /// What follows, each with an answer of its own. As long as that works, all of them are sent together with the command, which saves round
    /// trips: the bootloader reads on while it answers (INF: one byte that comes meanwhile waits in the data register).
    /// </param>
    /// <exception cref="UsbException">The port failed, or the bootloader cannot be brought in step.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    internal UartAnswer Execute(byte command, TimeSpan? limit, params byte[][] parts)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Idle();
        OnLine(() =>
        {
            Discard();
            return true;
        });
        (_isInStep, _sentLength, _early) = (false, 0, 0);
        byte[][] all = [[command, (byte)~command], .. parts];
        var together = _sendsTogether && parts.Length > 0;
        var answer = UartAnswer.Ack;
        for (var i = 0; i < all.Length && answer == UartAnswer.Ack; i++)
        {
            var wait = i == all.Length - 1 ? limit : null;
            answer = !together ? Exchange([all[i]], isCommand: i == 0, wait)
                : i == 0 ? Exchange(all, isCommand: true, wait)
                : Answer(wait);
            if (answer == UartAnswer.Nack && i == 0 && !together)
            {
                // It is in step, but may say it twice (AN2606, known limitations).
                _isInStep = Drain();
                return UartAnswer.Refused;
            }
        }

        _sendsTogether &= answer == UartAnswer.Ack || !together;
        _isInStep = answer == UartAnswer.Ack;
        return answer;
    }

    /// <summary>Receives what follows the last answer.</summary>
    /// <returns>Null if it does not come in time.</returns>
    /// <exception cref="UsbException">The port failed.</exception>
    internal byte[]? Receive(int count)
    {
        var data = new byte[count];
        for (var got = 0; got < count;)
        {
            var read = OnLine(() => Read(data.AsSpan(got), AnswerLimit));
            if (read == 0)
            {
                _isInStep = false;
                return null;
            }

            got += read;
        }

        return data;
    }

    /// <summary>Receives a further ACK.</summary>
    /// <param name="limit">How long it may take; null for the usual time.</param>
    internal bool ReceiveAck(TimeSpan? limit = null) => _isInStep = Answer(limit) == UartAnswer.Ack;

    // The index of the second byte of the next two that would be a command which changes something.
    private static int NextDangerous(ReadOnlySpan<byte> sent, int from)
    {
        for (var i = from + 1; i < sent.Length; i++)
        {
            if ((sent[i - 1] ^ sent[i]) == 0xFF && Dangerous.AsSpan().Contains(sent[i - 1]))
            {
                return i;
            }
        }

        return sent.Length;
    }

    // With start bit, parity and stop bit.
    private TimeSpan ByteTime => TimeSpan.FromSeconds(11.0 / baudRate);

    // How long an answer may be on its way that nobody waits for.
    private TimeSpan Pause => _slowestAnswer is { } slowest && 2 * slowest + Margin < Silence ? 2 * slowest + Margin : Silence;

    private UartAnswer Exchange(byte[][] parts, bool isCommand, TimeSpan? limit)
    {
        var start = time.GetTimestamp();
        if (!SendWatching(parts, isCommand))
        {
            return UartAnswer.Nack;
        }

        var answer = Answer(limit);
        var took = time.GetElapsedTime(start);
        if (answer == UartAnswer.Ack && limit is null && !(took < _slowestAnswer))
        {
            _slowestAnswer = took;
        }

        return answer;
    }

    // If it refuses the command or its address, or loses the first byte of a part, it takes the rest for commands. So before two bytes that
    // would be one which changes something, it must have taken all parts before, and be given the time to refuse.
    private bool SendWatching(byte[][] parts, bool isCommand) => OnLine(() =>
    {
        byte[] all = [];
        foreach (var part in parts)
        {
            all = [.. all, .. part];
        }

        for (var at = 0; at < all.Length;)
        {
            var next = NextDangerous(all, at == 0 && isCommand ? 1 : at);
            Send(all.AsSpan(at, next - at));
            at = next;
            if (at < all.Length && !HasTaken(parts, at))
            {
                return false;
            }
        }

        return true;
    });

    private bool HasTaken(byte[][] parts, int sent)
    {
        var due = 0;
        for (var end = 0; due < parts.Length && (end += parts[due].Length) <= sent; due++)
        {
        }

        while (Receive(Pause) is { } answer)
        {
            if (answer != UartCode.Ack || ++_early > due)
            {
                return false;
            }
        }

        return _early == due;
    }

    private UartAnswer Answer(TimeSpan? limit)
    {
        if (_early > 0)
        {
            _early--;
            return UartAnswer.Ack;
        }

        return OnLine(() => Receive(limit ?? AnswerLimit)) switch
        {
            UartCode.Ack => UartAnswer.Ack,
            UartCode.Nack => UartAnswer.Nack,
            _ => UartAnswer.Nothing,
        };
    }

    // Each byte may be the last that is missing. The checksum of what was sent is 0, so that of all but one of its bytes is that byte: with
    // the first byte here none of them, and zeros behind it, the checksum is wrong and nothing is done. Outside a part, two bytes that are
    // no command are refused too.
    private bool GetInStep(byte first, byte further, TimeSpan? limit = null)
    {
        var start = time.GetTimestamp();
        Drain();
        var longest = _sentLength > 0 && _sent[0] == UartCode.ExtendedErase ? LongestPageList : LongestPart;
        var burst = FirstBurst;
        byte[] next = [first];
        for (var (sent, singly) = (0, 1); sent < longest + LargestBurst; singly++)
        {
            if (limit is { } most && time.GetElapsedTime(start) + next.Length * ByteTime > most)
            {
                return false;
            }

            Send(next);
            sent += next.Length;
            var answer = Receive(Silence + next.Length * ByteTime);
            if (answer == UartCode.Ack && first == UartCode.Synchronize && sent == 1)
            {
                // It was reset, and has measured the speed.
                return _isInStep = true;
            }

            if (answer == UartCode.Nack)
            {
                Drain();
                if (singly <= Singly)
                {
                    return _isInStep = true;
                }

                // Some of the burst may have come behind the end of the part: one byte of two may be left.
                singly = 0;
            }

            next = [further];
            if (singly >= Singly)
            {
                next = new byte[burst];
                next.AsSpan().Fill(further);
                burst = Math.Min(2 * burst, LargestBurst);
            }
        }

        return false;
    }

    private byte Unsent()
    {
        // After a reset it must be the first that comes.
        var value = UartCode.Synchronize;
        for (byte other = 1; _sent.AsSpan(0, _sentLength).Contains(value) && other < 0xFF; other++)
        {
            value = other;
        }

        return value;
    }

    // Whether it ends: a line that echoes or a sketch that prints does not. Two bytes of a burst may be one refusal.
    private bool Drain() => OnLine(() =>
    {
        for (var i = 0; i < LargestBurst; i++)
        {
            if (Receive(Silence) is null)
            {
                return true;
            }
        }

        return false;
    });

    private byte? Receive(TimeSpan limit)
    {
        Span<byte> value = stackalloc byte[1];
        return Read(value, limit) == 0 ? null : value[0];
    }

    private int Read(Span<byte> buffer, TimeSpan limit)
    {
        if (_next == _end)
        {
            (_next, _end) = (0, line.Read(_received, limit));
        }

        var count = Math.Min(buffer.Length, _end - _next);
        _received.AsSpan(_next, count).CopyTo(buffer);
        _next += count;
        return count;
    }

    private void Discard()
    {
        _next = _end;
        line.Discard();
    }

    private void Send(ReadOnlySpan<byte> data)
    {
        var kept = data[..Math.Min(data.Length, _sent.Length - _sentLength)];
        kept.CopyTo(_sent.AsSpan(_sentLength));
        _sentLength += kept.Length;
        line.Write(data, WriteLimit);
    }

    private static T OnLine<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SerialException e)
        {
            throw new UsbException(e.Fault == SerialFault.Timeout ? UsbFault.Timeout : UsbFault.Gone, e.Message, e);
        }
    }
}
