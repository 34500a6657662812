using System.Runtime.Versioning;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.VirtualBoard.Plug;

/// <summary>
/// The serial line of a board's sketch as a pseudo terminal, for machines without a USB stack of their own (a
/// container; Wine, whose COMn can be mapped to it). It exists while a sketch with a serial port is on the bus;
/// when the board leaves the bus, clients see a hang-up.
/// </summary>
/// <remarks>
/// A pseudo terminal has no modem lines. So that sketches see what a serial driver would send, an opened terminal
/// counts as SET_LINE_CODING and DTR and RTS up, a closed one as both down, and a packet that begins with the magic
/// word 1EAF is preceded by the line changes of an uploader that resets the sketch: RTS 0, DTR 0, DTR 1, 50 ms,
/// DTR 0, RTS 1, DTR 1, 50 ms before the first one; DTR 0, 50 ms before each later one.
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class PseudoTerminal : IDisposable
{
    private const ushort Dtr = 1;
    private const ushort Rts = 2;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LineInterval = TimeSpan.FromMilliseconds(50);

    // 9600 baud, one stop bit, no parity, 8 data bits (USB CDC PSTN 1.2, 6.3.11).
    private static readonly byte[] LineCoding = [0x80, 0x25, 0, 0, 0, 0, 8];

    private readonly BoardRunner _runner;
    private readonly TerminalLink _link;
    private readonly TimeProvider _time;
    private readonly Action<string> _report;
    private readonly AttachmentWatch _watch;
    private readonly CancellationTokenSource _closed = new();
    private readonly Thread _thread;

    /// <summary>Starts to offer the terminal whenever the sketch runs.</summary>
    /// <param name="runner">The board; nobody else may be its USB host.</param>
    /// <param name="path">Path of a symbolic link to the terminal; an existing link is replaced.</param>
    /// <param name="time">The clock to wait with.</param>
    /// <param name="report">Called with a line of text for each event, from another thread.</param>
    /// <exception cref="PlugException">The path exists and is not a link.</exception>
    public PseudoTerminal(BoardRunner runner, string path, TimeProvider time, Action<string> report)
    {
        _runner = runner;
        _link = new TerminalLink(path);
        _time = time;
        _report = report;
        _link.Remove();
        _watch = new AttachmentWatch(runner);
        _thread = new Thread(Run) { IsBackground = true, Name = "pseudo terminal" };
        _thread.Start();
    }

    /// <summary>Removes the terminal.</summary>
    public void Dispose()
    {
        _closed.Cancel();
        _thread.Join();
        _watch.Dispose();
        _closed.Dispose();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                var device = _watch.WaitForDevice(_closed.Token);
                if (CdcEndpoints.Find(device.ConfigurationDescriptor.Span) is { } function)
                {
                    new Line(this, device, function).Serve();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e) when (e is PlugException or IOException or UnauthorizedAccessException)
        {
            _report($"the pseudo terminal {_link.Path} has stopped: {e.Message}");
        }
    }

    /// <summary>The terminal during one enumeration of the sketch.</summary>
    private sealed class Line
    {
        private readonly PseudoTerminal _owner;
        private readonly AttachedDevice _device;
        private readonly CdcEndpoints _function;
        private readonly Queue<byte[]> _packets = [];
        private bool _open;
        private int _magicWords;
        private byte[]? _announced;

        public Line(PseudoTerminal owner, AttachedDevice device, CdcEndpoints function)
        {
            _owner = owner;
            _device = device;
            _function = function;
        }

        public void Serve()
        {
            using var pty = new Pty();
            _owner._link.Create(pty.Name);
            try
            {
                _owner._report($"pseudo terminal {_owner._link.Path} -> {pty.Name}");
                Control(new UsbSetup(0x00, 9, _device.ConfigurationDescriptor.Span[5], 0, 0), []);
                while (IsAttached())
                {
                    Exchange(pty);
                }
            }
            finally
            {
                _owner._link.Remove();
            }
        }

        private void Exchange(Pty pty)
        {
            var (hasData, isOpen) = pty.Poll(PollInterval);
            if (_open != (isOpen || hasData))
            {
                _open = !_open;
                Opened(_open);
            }

            if (!_open)
            {
                _owner._time.Wait(PollInterval, _owner._closed.Token);
            }
            else if (hasData && _packets.Count == 0)
            {
                foreach (var packet in pty.Read().Chunk(_function.PacketSize))
                {
                    _packets.Enqueue(packet);
                }
            }

            SendPackets();
            if (_open && _owner._runner.Use(port => IsOn(port) ? port.BulkIn(_function.In, _function.PacketSize) : null) is { } received)
            {
                pty.Write(received);
            }
        }

        private void Opened(bool open)
        {
            _magicWords = 0;
            if (open)
            {
                Control(new UsbSetup(0x21, CdcEndpoints.SetLineCoding, 0, _function.ControlInterface, (ushort)LineCoding.Length), LineCoding);
            }

            SetLines((ushort)(open ? Dtr | Rts : 0));
        }

        private void SendPackets()
        {
            while (_packets.TryPeek(out var packet))
            {
                if (packet.AsSpan().StartsWith("1EAF"u8) && packet != _announced)
                {
                    _announced = packet;
                    ChangeLinesBeforeMagic();
                }

                if (!_owner._runner.Use(port => IsOn(port) && port.BulkOut(_function.Out, packet)))
                {
                    _owner._time.Wait(PollInterval, _owner._closed.Token);
                    return;
                }

                _packets.Dequeue();
            }
        }

        private void ChangeLinesBeforeMagic()
        {
            if (_magicWords++ == 0)
            {
                SetLines(Dtr);
                SetLines(0);
                SetLines(Dtr);
                _owner._time.Wait(LineInterval, _owner._closed.Token);
                SetLines(0);
                SetLines(Rts);
                SetLines(Dtr | Rts);
            }
            else
            {
                SetLines(Rts);
            }

            _owner._time.Wait(LineInterval, _owner._closed.Token);
        }

        private void SetLines(ushort lines) =>
            Control(new UsbSetup(0x21, CdcEndpoints.SetControlLineState, lines, _function.ControlInterface, 0), []);

        private void Control(UsbSetup setup, byte[] data) => _owner._runner.Use(port =>
        {
            if (IsOn(port))
            {
                port.Control(setup, data);
            }
        });

        private bool IsAttached()
        {
            _owner._closed.Token.ThrowIfCancellationRequested();
            return _owner._runner.Use(IsOn);
        }

        private bool IsOn(IUsbPort port) => port.Attached?.Generation == _device.Generation;
    }
}

/// <summary>The symbolic link through which programs find a pseudo terminal.</summary>
/// <param name="path">Its path.</param>
internal sealed class TerminalLink(string path)
{
    /// <summary>Its path.</summary>
    public string Path => path;

    /// <summary>Points it to a terminal; an existing link is replaced.</summary>
    /// <exception cref="PlugException">The path exists and is not a link.</exception>
    public void Create(string terminal)
    {
        Remove();
        File.CreateSymbolicLink(path, terminal);
    }

    /// <summary>Removes it, if it is there.</summary>
    /// <exception cref="PlugException">The path exists and is not a link.</exception>
    public void Remove()
    {
        var file = new FileInfo(path);
        if (file.LinkTarget is not null)
        {
            file.Delete();
        }
        else if (file.Exists || Directory.Exists(path))
        {
            throw new PlugException($"'{path}' exists and is not a symbolic link; choose another path for the pseudo terminal");
        }
    }
}
