using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using UploadHelper.Core.Timing;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Plug;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.VirtualBoard;

/// <summary>
/// Virtual boards that run in real time: they log each event in a line, execute typed commands, and end with a summary
/// line each that scripts can read. With several boards, each line begins with the board's number.
/// </summary>
public sealed class Simulation
{
    private const string Help = "commands: reset, boot0, unplug, plug, fault KIND@TRANSFER, no-fault, save FILE, status, quit; for one of several boards put its number first: 2 reset";

    private readonly SimulationOptions _options;
    private readonly SimulationEndpoints _endpoints;
    private readonly TimeProvider _time;
    private readonly TextReader _commands;
    private readonly TextWriter _output;

    /// <summary>A simulation; <see cref="Run"/> starts it.</summary>
    /// <param name="options">Which boards, how many, and how they start.</param>
    /// <param name="endpoints">How programs can reach them.</param>
    /// <param name="time">The clock of the boards' time.</param>
    /// <param name="commands">Read line by line; the simulation goes on after its end.</param>
    /// <param name="output">Written from several threads, one line at a time.</param>
    public Simulation(SimulationOptions options, SimulationEndpoints endpoints, TimeProvider time, TextReader commands, TextWriter output)
    {
        _options = options;
        _endpoints = endpoints;
        _time = time;
        _commands = commands;
        _output = TextWriter.Synchronized(output);
    }

    /// <summary>Runs until it is cancelled, receives the command quit, or its time is over; then saves the flash files, if there are any.</summary>
    /// <param name="limit">How long to run, or null for no limit.</param>
    /// <param name="cancellationToken">Ends it, as quit does.</param>
    /// <returns>Whether every flash file was saved; a line of the output says which was not, and why.</returns>
    /// <exception cref="FormatException">The flash file does not fit the board.</exception>
    /// <exception cref="IOException">The flash file cannot be read.</exception>
    /// <exception cref="PlugException">The board cannot be plugged in, or the pseudo terminal or the server cannot be created.</exception>
    public bool Run(TimeSpan? limit, CancellationToken cancellationToken)
    {
        var boards = new List<BoardConsole>();
        var open = new Stack<IDisposable>();
        using var quit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var saved = true;
        try
        {
            foreach (var options in _options.Each())
            {
                boards.Add(new BoardConsole(options, _time, _options.Count == 1 ? "" : $"{boards.Count + 1}: ", _output.WriteLine));
            }

            Open(boards, open);
            new Thread(() => Execute(boards, quit)) { IsBackground = true, Name = "commands" }.Start();
            Wait(limit, quit.Token);
        }
        finally
        {
            while (open.TryPop(out var endpoint))
            {
                endpoint.Dispose();
            }

            boards.ForEach(b => saved &= b.Finish());
            boards.ForEach(b => b.Dispose());
        }

        return saved;
    }

    private void Open(List<BoardConsole> boards, Stack<IDisposable> open)
    {
        if (_endpoints.Listen is { } address)
        {
            var server = Serve(boards, address);
            open.Push(server);
            _output.WriteLine($"USB/IP server at {server.EndPoint}");
        }

        foreach (var (runner, board) in _endpoints.Plug ? DevicesOf(boards) : [])
        {
            open.Push(OperatingSystem.IsLinux()
                ? new VhciPlug(runner, _time, board.Print)
                : throw new PlugException("--plug works on Linux only; elsewhere use --listen and a USB/IP client"));
        }

        if (_endpoints.PseudoTerminal is { } path)
        {
            open.Push(OperatingSystem.IsLinux()
                ? boards[0].OpenTerminal(path, _time, _output.WriteLine)
                : throw new PlugException("--pty works on Linux only"));
        }
    }

    // The boards, and then their serial adapters. An adapter has one host only.
    private IEnumerable<(BoardRunner Runner, BoardConsole Board)> DevicesOf(List<BoardConsole> boards) =>
    [
        .. boards.Select(b => (b.Runner, b)),
        .. boards.Where(b => b.Adapter is not null && _endpoints.PseudoTerminal is null).Select(b => (b.Adapter!, b)),
    ];

    private UsbIpServer Serve(List<BoardConsole> boards, IPEndPoint address)
    {
        try
        {
            return new UsbIpServer(address, [.. DevicesOf(boards).Select(d => d.Runner)]);
        }
        catch (SocketException e)
        {
            throw new PlugException($"cannot listen at {address}: {e.Message}; choose another port with --listen", e);
        }
    }

    private void Wait(TimeSpan? limit, CancellationToken cancellationToken)
    {
        if (limit is null)
        {
            cancellationToken.WaitHandle.WaitOne();
            return;
        }

        try
        {
            _time.Wait(limit.Value, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Stopped before its time is over.
        }
    }

    private void Execute(List<BoardConsole> boards, CancellationTokenSource quit)
    {
        while (!quit.IsCancellationRequested && _commands.ReadLine() is { } line)
        {
            try
            {
                Execute(boards, quit, line.Trim());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or FormatException or ObjectDisposedException)
            {
                _output.WriteLine($"error: {e.Message}");
            }
        }
    }

    private void Execute(List<BoardConsole> boards, CancellationTokenSource quit, string line)
    {
        var words = line.Split(' ', 2);
        if (words.Length == 2 && int.TryParse(words[0], out var number) && number >= 1 && number <= boards.Count)
        {
            boards = [boards[number - 1]];
            words = words[1].Split(' ', 2);
        }

        if (line == "quit")
        {
            quit.Cancel();
        }
        else if (line.Length > 0 && !boards.Select((b, i) => b.Execute(words[0], SimulationOptions.FileOf(words.ElementAtOrDefault(1), i + 1))).All(known => known))
        {
            _output.WriteLine($"unknown command \"{words[0]}\"; {Help}");
        }
    }
}

/// <summary>One board of a simulation: executes typed commands, and prints its events.</summary>
internal sealed class BoardConsole : IDisposable
{
    private readonly Board _board;
    private readonly string _name;
    private readonly Action<string> _output;
    private readonly Action<string, byte[]> _saveFile;

    /// <summary>Switches a board on.</summary>
    /// <param name="options">Which board, and how it starts.</param>
    /// <param name="time">The clock of its time.</param>
    /// <param name="name">The beginning of each line: "", or "2: " for one of several boards.</param>
    /// <param name="output">Called with each line, from several threads.</param>
    /// <exception cref="FormatException">The flash file does not fit the board.</exception>
    /// <exception cref="IOException">The flash file cannot be read.</exception>
    public BoardConsole(SimulationOptions options, TimeProvider time, string name, Action<string> output)
    {
        (_name, _output, _saveFile) = (name, output, options.SaveFile);
        _board = BoardFactory.Create(options, e => Print(e.ToString()));
        Runner = new BoardRunner(_board, time);
        Adapter = _board.Adapter is { } adapter ? Runner.Through(new AdapterUsb(_board, adapter)) : null;
    }

    /// <summary>Runs the board; it may only be used through this.</summary>
    public BoardRunner Runner { get; }

    /// <summary>The same through the USB of its serial adapter; null if it has none.</summary>
    public BoardRunner? Adapter { get; }

    /// <summary>Offers the serial adapter at the board as a pseudo terminal; without one, the sketch's serial port.</summary>
    /// <exception cref="PlugException">The path exists and is not a link.</exception>
    [SupportedOSPlatform("linux")]
    public IDisposable OpenTerminal(string path, TimeProvider time, Action<string> report) => _board.Adapter is { } adapter
        ? new AdapterTerminal(Runner, adapter, () => _board.Now, path, time, report)
        : new PseudoTerminal(Runner, path, time, report);

    /// <summary>Executes a command.</summary>
    /// <param name="command">Its first word.</param>
    /// <param name="argument">The rest, or null.</param>
    /// <returns>False if the command is unknown.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public bool Execute(string command, string? argument)
    {
        switch (command, argument)
        {
            case ("reset", null):
                Runner.Use(_ => _board.PressReset());
                break;
            case ("boot0", null):
                Runner.Use(_ => _board.PressResetWithBoot0());
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
                Runner.Use(_ => _board.ClearFaults());
                break;
            case ("save", { } file):
                _saveFile(file, Runner.Use(_ => _board.Flash.Bytes.ToArray()));
                Print($"flash saved to {file}");
                break;
            case ("status", null):
                Print($"status: {Runner.Use(_ => Describe())}");
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Prints a line about it.</summary>
    public void Print(string line) => _output(_name + line);

    /// <summary>Saves the memories that have files, and prints a summary.</summary>
    /// <returns>Whether they were saved.</returns>
    public bool Finish()
    {
        var saved = true;
        try
        {
            Runner.Use(_ => _board.Save());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Print($"error: flash not saved: {e.Message}");
            saved = false;
        }

        Print($"summary: {Runner.Use(_ => Describe())}");
        return saved;
    }

    /// <inheritdoc/>
    public void Dispose() => Runner.Dispose();

    private string Describe() =>
        $"board={_board.Name} sectors_erased={_board.SectorsErased} bytes_programmed={_board.BytesProgrammed} "
        + $"violations={_board.Violations.Count} control_transfers={_board.ControlTransfers} dfu_requests={_board.DfuRequests} "
        + $"running={(_board.RunningSketch is { } sketch ? "sketch:" + sketch.Name : _board.Attached is null ? "nothing" : "bootloader")}";
}

/// <summary>How other programs can reach a simulated board.</summary>
public sealed record SimulationEndpoints
{
    /// <summary>The address of its USB/IP server, or null for none.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>Whether the board is plugged into this machine's own USB (Linux, root, vhci-hcd).</summary>
    public bool Plug { get; init; }

    /// <summary>Path of a link to a pseudo terminal for the board's serial adapter, or else for its sketch's serial port (Linux); null for none.</summary>
    public string? PseudoTerminal { get; init; }
}
