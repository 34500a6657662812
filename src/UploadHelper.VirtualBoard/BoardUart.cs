using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.VirtualBoard;

/// <summary>The serial adapter at a board, the wires between them, and the ROM's USART while the ROM runs.</summary>
/// <param name="board">The board.</param>
/// <param name="chip">What its ROM says of itself.</param>
/// <param name="wiring">The options with the adapter's latency and its wires.</param>
/// <param name="reset">The adapter has released NRST: the chip boots.</param>
/// <param name="hold">The adapter holds the chip in reset.</param>
internal sealed class BoardUart(IMicrocontroller board, UartRomChip chip, SimulationOptions wiring, Action reset, Action hold)
{
    private Usart? _usart;
    private bool _held;

    /// <summary>The adapter.</summary>
    public SerialAdapter Adapter { get; } = new(wiring.AdapterLatency);

    /// <summary>Whether the adapter keeps the chip in reset.</summary>
    public bool IsHeld => Adapter.IsActive(wiring.Nrst);

    /// <summary>Whether the adapter pulls BOOT0 high.</summary>
    public bool IsBoot0High => Adapter.IsActive(wiring.Boot0Line);

    /// <summary>When something next happens, in the board's time; null: not before the host does something.</summary>
    public TimeSpan? NextEventAt => Adapter.NextEventAt is { } at && !(_usart?.NextEventAt < at) ? at : _usart?.NextEventAt;

    /// <summary>The lines are at first as no program has the adapter open: both dropped.</summary>
    public void Connect()
    {
        _held = IsHeld;
        Adapter.LinesChanged = () =>
        {
            if (_held != IsHeld)
            {
                _held = !_held;
                (_held ? hold : reset)();
            }
        };
    }

    /// <summary>The ROM has started.</summary>
    /// <param name="selected">Called when a host has found it.</param>
    public void StartRom(Action selected)
    {
        var usart = new Usart(
            () => board.Now,
            value => Adapter.Receive(value, board.Now),
            value => board.Log(BoardEventKind.Request, $"0x{value:X2} is lost: the ROM is busy (overrun)"));
        _usart = usart;
        Adapter.Reaches = usart.Arrive;
        _ = new UartRom(board, chip, usart, selected);
    }

    /// <summary>The ROM no longer runs.</summary>
    public void StopRom()
    {
        _usart = null;
        Adapter.Reaches = null;
    }

    /// <summary>Does what is due.</summary>
    public void AdvanceTo(TimeSpan now)
    {
        _usart?.AdvanceTo(now);
        Adapter.AdvanceTo(now);
    }
}
