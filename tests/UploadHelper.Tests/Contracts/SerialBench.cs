using System.Collections.Concurrent;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Contracts;

/// <summary>A board whose sketch has a serial port, or that has a serial adapter, and one implementation of the ports that shows it.</summary>
/// <param name="board">The board.</param>
public abstract class SerialBench(string board) : IDisposable
{
    /// <summary>A board whose sketch has a serial port.</summary>
    public const string Sketch = "f4rom,sketch=stm32generic";

    /// <summary>A board with a serial adapter, whose bootloader in ROM runs.</summary>
    public const string Rom = "bluepill,adapter=1,boot0=1";

    private readonly ConcurrentQueue<string> _seen = [];

    /// <summary>The clock of host and board.</summary>
    public abstract TimeProvider Time { get; }

    public abstract ISerialPorts Ports { get; }

    protected SimulationOptions Options { get; } = SimulationOptions.Parse(board);

    /// <summary>Waits for the port.</summary>
    /// <returns>Its name.</returns>
    public abstract string Find();

    /// <summary>Does something with the board, in the order with what the host does to it.</summary>
    public abstract T Use<T>(Func<Board, T> action);

    public void Use(Action<Board> action) => Use(board =>
    {
        action(board);
        return true;
    });

    /// <summary>Pulls what has the port: the adapter, or the board.</summary>
    public virtual void Pull() => Use(b => b.Unplug());

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
