using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.VirtualBoard;

/// <summary>The state of a virtual board and what was done to it.</summary>
/// <param name="Name">Its kind.</param>
/// <param name="SectorsErased">How many sectors were erased, in all memories.</param>
/// <param name="BytesProgrammed">How many bytes were programmed, in all memories.</param>
/// <param name="Violations">How often the host did what no host should do.</param>
/// <param name="Sketch">The name of the running sketch, or null if none runs.</param>
/// <param name="SketchAddress">Where that sketch starts, or null.</param>
/// <param name="IsOnBus">Whether a device of the board is on the bus: its sketch's serial port or its bootloader.</param>
public sealed record SimulationSummary(
    string Name, int SectorsErased, long BytesProgrammed, int Violations, string? Sketch, uint? SketchAddress, bool IsOnBus);

/// <summary>A simulated machine with virtual boards: its USB bus, its serial ports, its clock.</summary>
public sealed class SimulatedSystem : IDisposable
{
    /// <summary>Boards that have just started.</summary>
    /// <param name="options">Which, how many, and how they start.</param>
    /// <param name="events">Called for each event; from several threads if several flows use the boards.</param>
    /// <exception cref="FormatException">The flash file does not fit the board.</exception>
    /// <exception cref="IOException">The flash file cannot be read.</exception>
    public SimulatedSystem(SimulationOptions options, Action<BoardEvent> events)
    {
        Boards = [.. options.Each().Select(o => BoardFactory.Create(o, events))];
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

    /// <summary>The state of each board and what was done to it.</summary>
    public IReadOnlyList<SimulationSummary> Summaries => [.. Boards.Select(b => b.Summary)];

    /// <summary>The clock of boards and host.</summary>
    public VirtualClock Clock { get; } = new();

    /// <summary>The bus with the boards.</summary>
    public IUsbBus Usb { get; }

    /// <summary>The serial ports: one per board, while its sketch runs.</summary>
    public ISerialPorts SerialPorts { get; }

    // The twin is unplugged until the fault plugs it in.
    private Board TwinOf(Board board, SimulationOptions options, Action<BoardEvent> events)
    {
        var twin = BoardFactory.Create(options with { Faults = [], FlashFile = null, SpiFile = null }, events);
        twin.Unplug();
        board.Twin = () =>
        {
            lock (twin)
            {
                twin.AdvanceTo(Clock.Now);
                twin.Reset("plugged in with its button held", BootCause.ByHand);
            }
        };
        return twin;
    }

    /// <summary>Saves the memories that have files.</summary>
    public void Dispose()
    {
        foreach (var board in Boards)
        {
            board.Save();
        }
    }
}
