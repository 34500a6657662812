using System.Net;
using System.Net.Sockets;
using UploadHelper.Core.Timing;
using UploadHelper.VirtualBoard.Plug;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.VirtualBoard;

/// <summary>
/// A virtual board that lives in real time until it is told to stop: prints what it sees, a line per event, obeys
/// commands, and ends with a summary line that scripts can read.
/// </summary>
public sealed class Simulation
{
    private const string Help = "commands: reset, unplug, plug, save FILE, status, quit";

    private readonly SimulationOptions _options;
    private readonly SimulationFaces _faces;
    private readonly TimeProvider _time;
    private readonly TextReader _commands;
    private readonly TextWriter _output;

    /// <summary>A simulation; it begins with <see cref="Run"/>.</summary>
    /// <param name="options">Which board, and how it starts.</param>
    /// <param name="faces">How it can be reached.</param>
    /// <param name="time">The clock; the board lives in its time.</param>
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

    /// <summary>Runs until it is cancelled, told to quit, or the time is over; then saves the flash file, if there is one.</summary>
    /// <param name="limit">How long, or null for no limit.</param>
    /// <param name="cancellationToken">Ends it, as quit does.</param>
    /// <exception cref="FormatException">The flash file does not fit the board.</exception>
    /// <exception cref="IOException">The flash file cannot be read or written.</exception>
    /// <exception cref="PlugException">The board cannot be plugged in, or the pseudo terminal or the server cannot be made.</exception>
    public void Run(TimeSpan? limit, CancellationToken cancellationToken)
    {
        var board = new BoardFactory().Create(_options, e => _output.WriteLine(e));
        using var runner = new BoardRunner(board, _time);
        using var quit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var faces = new Stack<IDisposable>();
        try
        {
            Open(runner, faces);
            new Thread(() => Obey(runner, board, quit)) { IsBackground = true, Name = "commands" }.Start();
            Wait(limit, quit.Token);
        }
        finally
        {
            while (faces.TryPop(out var face))
            {
                face.Dispose();
            }

            runner.Use(_ => Finish(board));
        }
    }

    private void Open(BoardRunner runner, Stack<IDisposable> faces)
    {
        if (_faces.Listen is { } address)
        {
            var server = Serve(runner, address);
            faces.Push(server);
            _output.WriteLine($"USB/IP server at {server.EndPoint}");
        }

        if (_faces.Plug)
        {
            faces.Push(OperatingSystem.IsLinux()
                ? new VhciPlug(runner, _time, _output.WriteLine)
                : throw new PlugException("a virtual board can be plugged in on Linux only; elsewhere use --listen and a USB/IP client"));
        }

        if (_faces.PseudoTerminal is { } path)
        {
            faces.Push(OperatingSystem.IsLinux()
                ? new PseudoTerminal(runner, path, _time, _output.WriteLine)
                : throw new PlugException("a virtual board has a pseudo terminal on Linux only"));
        }
    }

    private static UsbIpServer Serve(BoardRunner runner, IPEndPoint address)
    {
        try
        {
            return new UsbIpServer(address, [runner]);
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

    private void Obey(BoardRunner runner, Board board, CancellationTokenSource quit)
    {
        while (!quit.IsCancellationRequested && _commands.ReadLine() is { } line)
        {
            try
            {
                Obey(runner, board, quit, line.Trim().Split(' ', 2));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or ObjectDisposedException)
            {
                _output.WriteLine($"error: {e.Message}");
            }
        }
    }

    private void Obey(BoardRunner runner, Board board, CancellationTokenSource quit, string[] words)
    {
        switch (words)
        {
            case ["reset"]:
                runner.Use(_ => board.PressReset());
                break;
            case ["unplug"]:
                runner.Use(_ => board.Unplug());
                break;
            case ["plug"]:
                runner.Use(_ => board.Plug());
                break;
            case ["save", var file]:
                File.WriteAllBytes(file, runner.Use(_ => board.Flash.Bytes.ToArray()));
                _output.WriteLine($"flash saved to {file}");
                break;
            case ["status"]:
                _output.WriteLine(runner.Use(_ => $"status: {Describe(board)}"));
                break;
            case ["quit"]:
                quit.Cancel();
                break;
            case [""]:
                break;
            default:
                _output.WriteLine($"there is no command \"{words[0]}\"; {Help}");
                break;
        }
    }

    private void Finish(Board board)
    {
        board.Save();
        _output.WriteLine($"summary: {Describe(board)}");
    }

    private static string Describe(Board board) =>
        $"board={board.Name} sectors_erased={board.SectorsErased} bytes_programmed={board.BytesProgrammed} "
        + $"violations={board.Violations.Count} control_transfers={board.ControlTransfers} dfu_requests={board.DfuRequests} "
        + $"running={(board.RunningSketch is { } sketch ? "sketch:" + sketch.Name : board.Attached is null ? "nothing" : "bootloader")}";
}
