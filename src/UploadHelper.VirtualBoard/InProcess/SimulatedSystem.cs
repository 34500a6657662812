using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.VirtualBoard.InProcess;

/// <summary>A whole machine with one virtual board: its USB bus, its serial ports, its clock.</summary>
public sealed class SimulatedSystem : IDisposable
{
    /// <summary>A board that has just come up.</summary>
    /// <param name="options">Which, and how it starts.</param>
    /// <param name="events">Told what the board sees.</param>
    /// <exception cref="FormatException">The flash file does not fit the board.</exception>
    /// <exception cref="IOException">The flash file cannot be read.</exception>
    public SimulatedSystem(SimulationOptions options, Action<BoardEvent> events)
    {
        Board = new BoardFactory().Create(options, events);
        Usb = new InProcessBus(Clock, Board) { CanReset = options.CanReset };
        SerialPorts = new InProcessSerialPorts(Clock, Board);
        Clock.Advance(TimeSpan.FromSeconds(1));
        Board.AdvanceTo(Clock.Now);
    }

    /// <summary>The board.</summary>
    public Board Board { get; }

    /// <summary>The clock of board and host.</summary>
    public VirtualClock Clock { get; } = new();

    /// <summary>The bus with the board.</summary>
    public IUsbBus Usb { get; }

    /// <summary>The serial ports: the board's, while its sketch runs.</summary>
    public ISerialPorts SerialPorts { get; }

    /// <summary>Saves the memories that are kept in files.</summary>
    public void Dispose() => Board.Save();
}
