using System.Runtime.Versioning;
using UploadHelper.Core.Timing;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.VirtualBoard.Plug;

/// <summary>
/// The serial adapter at a board as a pseudo terminal: for programs that talk to the bootloader in ROM. Bytes take the time that they
/// take at the speed that the program has set. Its parity cannot be seen, since Linux drops it (drivers/tty/pty.c, pty_set_termios()): it
/// is taken to be even, as the ROM's is. There are no modem lines.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class AdapterTerminal : IBoardClient, IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    // The runner's timer is late by up to two milliseconds, as long as an adapter keeps a byte; a byte takes 95 us at 115200 baud.
    private static readonly TimeSpan BusyInterval = TimeSpan.FromMilliseconds(0.25);

    private readonly BoardRunner _runner;
    private readonly SerialAdapter _adapter;
    private readonly Func<TimeSpan> _now;
    private readonly TimeProvider _time;
    private readonly TerminalLink _link;
    private readonly Pty _pty = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly Thread _thread;

    /// <summary>Offers the terminal until it is disposed of.</summary>
    /// <param name="runner">The board.</param>
    /// <param name="adapter">The adapter at it.</param>
    /// <param name="now">The board's time; called while the runner uses the board.</param>
    /// <param name="path">Path of a symbolic link to the terminal; an existing link is replaced.</param>
    /// <param name="time">The clock to wait with.</param>
    /// <param name="report">Called with a line of text.</param>
    /// <exception cref="PlugException">The path exists and is not a link.</exception>
    public AdapterTerminal(BoardRunner runner, SerialAdapter adapter, Func<TimeSpan> now, string path, TimeProvider time, Action<string> report)
    {
        (_runner, _adapter, _now, _time) = (runner, adapter, now, time);
        _link = new TerminalLink(path);
        _link.Create(_pty.Name);
        report($"pseudo terminal {path} -> {_pty.Name}");
        _thread = new Thread(Run) { IsBackground = true, Name = "adapter terminal" };
        _runner.Add(this);
        _thread.Start();
    }

    /// <inheritdoc/>
    public TimeSpan? Serve(IUsbPort port, TimeSpan now)
    {
        if (_adapter.Read(int.MaxValue) is { Length: > 0 } received)
        {
            _pty.Write(received);
        }

        return null;
    }

    /// <summary>Removes the terminal.</summary>
    public void Dispose()
    {
        _closed.Cancel();
        _thread.Join();
        _runner.Remove(this);
        _link.Remove();
        _pty.Dispose();
        _closed.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_closed.IsCancellationRequested)
            {
                var isBusy = _runner.Use(port => port.NextEventAt - _now() < PollInterval);
                var (hasData, isOpen) = _pty.Poll(isBusy ? BusyInterval : PollInterval);
                if (hasData && _pty.Read() is { Length: > 0 } data && _pty.BaudRate is > 0 and var baudRate)
                {
                    _runner.Use(_ => _adapter.Write(data, new SerialFormat(baudRate, EvenParity: true), _now()));
                }
                else if (!isOpen)
                {
                    _time.Wait(PollInterval, _closed.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
