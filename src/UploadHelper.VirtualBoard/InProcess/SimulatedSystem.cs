using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Faults;

namespace UploadHelper.VirtualBoard.InProcess;

/// <summary>A whole machine with virtual boards: its USB bus, its serial ports, its clock.</summary>
public sealed class SimulatedSystem : IDisposable
{
    /// <summary>Boards that have just come up.</summary>
    /// <param name="options">Which, how many, and how they start.</param>
    /// <param name="events">Told what the boards see; by several flows at once if there are several.</param>
    /// <exception cref="FormatException">The flash file does not fit the board.</exception>
    /// <exception cref="IOException">The flash file cannot be read.</exception>
    public SimulatedSystem(SimulationOptions options, Action<BoardEvent> events)
    {
        Boards = [.. options.Each().Select(o => new BoardFactory().Create(o, events))];
        if (options.Faults.Any(f => f.Kind == FaultKind.Twin))
        {
            Boards = [.. Boards, TwinOf(Board, options, events)];
        }

        Usb = new InProcessBus(Clock, Boards) { CanReset = options.CanReset, DeniedFor = options.DeniedFor, HeldFor = options.HeldFor };
        SerialPorts = new InProcessSerialPorts(Clock, Boards);
        Clock.Advance(TimeSpan.FromSeconds(1));
        foreach (var board in Boards)
        {
            board.AdvanceTo(Clock.Now);
        }
    }

    /// <summary>The boards; at least one.</summary>
    public IReadOnlyList<Board> Boards { get; }

    /// <summary>The first board.</summary>
    public Board Board => Boards[0];

    /// <summary>The clock of boards and host.</summary>
    public VirtualClock Clock { get; } = new();

    /// <summary>The bus with the boards.</summary>
    public IUsbBus Usb { get; }

    /// <summary>The serial ports: a board's, while its sketch runs.</summary>
    public ISerialPorts SerialPorts { get; }

    // It is not on the bus until it is called.
    private Board TwinOf(Board board, SimulationOptions options, Action<BoardEvent> events)
    {
        var twin = new BoardFactory().Create(options with { Faults = [], FlashFile = null, SpiFile = null }, events);
        twin.Unplug();
        board.CallTwin = () =>
        {
            lock (twin)
            {
                twin.AdvanceTo(Clock.Now);
                twin.Reset("plugged in, its button held", BootCause.ByHand);
            }
        };
        return twin;
    }

    /// <summary>Saves the memories that are kept in files.</summary>
    public void Dispose()
    {
        foreach (var board in Boards)
        {
            board.Save();
        }
    }
}
