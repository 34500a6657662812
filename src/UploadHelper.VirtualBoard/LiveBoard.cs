using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.VirtualBoard;

/// <summary>One board of a simulation in real time.</summary>
internal sealed class LiveBoard : IDisposable
{
    private readonly Board _board;
    private readonly string _name;
    private readonly Action<string> _output;

    /// <summary>Switches a board on.</summary>
    /// <param name="options">Which, and how it starts.</param>
    /// <param name="time">The clock in whose time it lives.</param>
    /// <param name="name">What stands before each line it tells: "", or "2: " for one of several.</param>
    /// <param name="output">Told what it sees, in lines, from several threads.</param>
    /// <exception cref="FormatException">The flash file does not fit the board.</exception>
    /// <exception cref="IOException">The flash file cannot be read.</exception>
    public LiveBoard(SimulationOptions options, TimeProvider time, string name, Action<string> output)
    {
        (_name, _output) = (name, output);
        _board = new BoardFactory().Create(options, e => Tell(e.ToString()));
        Runner = new BoardRunner(_board, time);
    }

    /// <summary>What lets it live; only through this may the board be used.</summary>
    public BoardRunner Runner { get; }

    /// <summary>Obeys a command.</summary>
    /// <param name="command">Its first word.</param>
    /// <param name="argument">The rest, or null.</param>
    /// <returns>False if there is no such command.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public bool Obey(string command, string? argument)
    {
        switch (command, argument)
        {
            case ("reset", null):
                Runner.Use(_ => _board.PressReset());
                break;
            case ("unplug", null):
                Runner.Use(_ => _board.Unplug());
                break;
            case ("plug", null):
                Runner.Use(_ => _board.Plug());
                break;
            case ("fault", { } fault):
                Runner.Use(_ => _board.InjectFault(Fault.Parse(fault)));
                break;
            case ("no-fault", null):
                Runner.Use(_ => _board.EndFaults());
                break;
            case ("save", { } file):
                File.WriteAllBytes(file, Runner.Use(_ => _board.Flash.Bytes.ToArray()));
                Tell($"flash saved to {file}");
                break;
            case ("status", null):
                Tell($"status: {Runner.Use(_ => Describe())}");
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Tells a line about it.</summary>
    public void Tell(string line) => _output(_name + line);

    /// <summary>Saves the memories that are kept in files, and says how it was.</summary>
    /// <exception cref="IOException">The flash file cannot be written.</exception>
    public void Finish()
    {
        Runner.Use(_ => _board.Save());
        Tell($"summary: {Runner.Use(_ => Describe())}");
    }

    /// <inheritdoc/>
    public void Dispose() => Runner.Dispose();

    private string Describe() =>
        $"board={_board.Name} sectors_erased={_board.SectorsErased} bytes_programmed={_board.BytesProgrammed} "
        + $"violations={_board.Violations.Count} control_transfers={_board.ControlTransfers} dfu_requests={_board.DfuRequests} "
        + $"running={(_board.RunningSketch is { } sketch ? "sketch:" + sketch.Name : _board.Attached is null ? "nothing" : "bootloader")}";
}
