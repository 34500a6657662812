using System.Net;
using System.Net.Sockets;
using UploadHelper.Core.Timing;
using UploadHelper.VirtualBoard.Plug;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.VirtualBoard;

/// <summary>
/// Virtual boards that live in real time until they are told to stop: they print what they see, a line per event, obey
/// commands, and end with a summary line each that scripts can read. One of several has its number before its lines.
/// </summary>
public sealed class Simulation
{
    private const string Help = "commands: reset, unplug, plug, fault KIND@TRANSFER, no-fault, save FILE, status, quit; for one of several boards with its number before: 2 reset";

    private readonly SimulationOptions _options;
    private readonly SimulationFaces _faces;
    private readonly TimeProvider _time;
    private readonly TextReader _commands;
    private readonly TextWriter _output;

    /// <summary>A simulation; it begins with <see cref="Run"/>.</summary>
    /// <param name="options">Which boards, how many, and how they start.</param>
    /// <param name="faces">How it can be reached.</param>
    /// <param name="time">The clock; the boards live in its time.</param>
    /// <param name="commands">Read line by line; its end stops nothing.</param>
    /// <param name="output">Written from several threads, a line at a time.</param>
    public Simulation(SimulationOptions options, SimulationFaces faces, TimeProvider time, TextReader commands, TextWriter output)
    {
        _options = options;
        _faces = faces;
        _time = time;
        _commands = commands;
        _output = TextWriter.Synchronized(output);
    }

    /// <summary>Runs until it is cancelled, told to quit, or the time is over; then saves the files, if there are any.</summary>
    /// <param name="limit">How long, or null for no limit.</param>
    /// <param name="cancellationToken">Ends it, as quit does.</param>
    /// <exception cref="FormatException">The flash file does not fit the board.</exception>
    /// <exception cref="IOException">The flash file cannot be read or written.</exception>
    /// <exception cref="PlugException">The board cannot be plugged in, or the pseudo terminal or the server cannot be made.</exception>
    public void Run(TimeSpan? limit, CancellationToken cancellationToken)
    {
        var boards = new List<LiveBoard>();
        var faces = new Stack<IDisposable>();
        using var quit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            foreach (var options in _options.Each())
            {
                boards.Add(new LiveBoard(options, _time, _options.Count == 1 ? "" : $"{boards.Count + 1}: ", _output.WriteLine));
            }

            Open(boards, faces);
            new Thread(() => Obey(boards, quit)) { IsBackground = true, Name = "commands" }.Start();
            Wait(limit, quit.Token);
        }
        finally
        {
            while (faces.TryPop(out var face))
            {
                face.Dispose();
            }

            boards.ForEach(b => b.Finish());
            boards.ForEach(b => b.Dispose());
        }
    }

    private void Open(List<LiveBoard> boards, Stack<IDisposable> faces)
    {
        if (_faces.Listen is { } address)
        {
            var server = Serve(boards, address);
            faces.Push(server);
            _output.WriteLine($"USB/IP server at {server.EndPoint}");
        }

        foreach (var board in _faces.Plug ? boards : [])
        {
            faces.Push(OperatingSystem.IsLinux()
                ? new VhciPlug(board.Runner, _time, board.Tell)
                : throw new PlugException("a virtual board can be plugged in on Linux only; elsewhere use --listen and a USB/IP client"));
        }

        if (_faces.PseudoTerminal is { } path)
        {
            faces.Push(OperatingSystem.IsLinux()
                ? new PseudoTerminal(boards[0].Runner, path, _time, _output.WriteLine)
                : throw new PlugException("a virtual board has a pseudo terminal on Linux only"));
        }
    }

    private static UsbIpServer Serve(List<LiveBoard> boards, IPEndPoint address)
    {
        try
        {
            return new UsbIpServer(address, [.. boards.Select(b => b.Runner)]);
        }
        catch (SocketException e)
        {
            throw new PlugException($"nothing can listen at {address}: {e.Message}; choose another port with --listen", e);
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
            // Told to stop before its time is over.
        }
    }

    private void Obey(List<LiveBoard> boards, CancellationTokenSource quit)
    {
        while (!quit.IsCancellationRequested && _commands.ReadLine() is { } line)
        {
            try
            {
                Obey(boards, quit, line.Trim());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or FormatException or ObjectDisposedException)
            {
                _output.WriteLine($"error: {e.Message}");
            }
        }
    }

    private void Obey(List<LiveBoard> boards, CancellationTokenSource quit, string line)
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
        else if (line.Length > 0 && !boards.Select((b, i) => b.Obey(words[0], SimulationOptions.FileOf(words.ElementAtOrDefault(1), i + 1))).All(known => known))
        {
            _output.WriteLine($"there is no command \"{words[0]}\"; {Help}");
        }
    }
}
