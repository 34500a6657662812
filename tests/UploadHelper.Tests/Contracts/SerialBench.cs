using System.Collections.Concurrent;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Contracts;

/// <summary>A board whose sketch has a serial port, and one implementation of the ports that shows it.</summary>
public abstract class SerialBench : IDisposable
{
    private readonly ConcurrentQueue<string> _seen = [];

    /// <summary>The clock of host and board.</summary>
    public abstract TimeProvider Time { get; }

    public abstract ISerialPorts Ports { get; }

    protected static SimulationOptions Options { get; } = SimulationOptions.Parse("f4rom,sketch=stm32generic");

    /// <summary>Waits for the sketch's port.</summary>
    /// <returns>Its name.</returns>
    public abstract string Find();

    /// <summary>Does something with the board, in the order with what the host does to it.</summary>
    public abstract T Use<T>(Func<Board, T> action);

    public void Use(Action<Board> action) => Use(board =>
    {
        action(board);
        return true;
    });

    /// <summary>Waits until the board has seen that.</summary>
    public void WaitFor(string text) => UsbBench.WaitUntil(() => _seen.Any(s => s.Contains(text, StringComparison.Ordinal)));

    /// <summary>What the board has seen that begins so, from then on.</summary>
    public IReadOnlyList<string> Seen(string begin) =>
        Use(_ => _seen.Where(s => s.StartsWith(begin, StringComparison.Ordinal)).Select(s => s[begin.Length..]).ToArray());

    /// <summary>The values of SET_CONTROL_LINE_STATE that the board has seen: 1 is DTR, 2 is RTS.</summary>
    public IReadOnlyList<int> Lines() => [.. Seen("class request 0x22, value 0x").Select(s => Convert.ToInt32(s[..4], 16))];

    /// <summary>The speed that the board was told (GET_LINE_CODING; USB CDC PSTN 1.2, 6.3.11).</summary>
    public int BaudRate() => Use(board => BitConverter.ToInt32(board.Control(new UsbSetup(0xA1, 0x21, 0, 0, 7), []).Data.Span));

    public abstract void Dispose();

    protected void Note(BoardEvent e) => _seen.Enqueue(e.Text);
}
