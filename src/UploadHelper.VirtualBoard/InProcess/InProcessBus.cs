using System.Buffers.Binary;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.InProcess;

/// <summary>
/// The USB bus of virtual boards in this process, in virtual time. Several threads may use it, each with a board of its own:
/// a board is locked during a request, never while time passes.
/// </summary>
/// <param name="clock">The clock of all boards.</param>
/// <param name="boards">The boards, plugged into 1-1, 1-2 and so on.</param>
public sealed class InProcessBus(VirtualClock clock, params IReadOnlyList<IUsbPort> boards) : IUsbBus
{
    private readonly HashSet<(int Number, byte Interface)> _claimed = [];
    private readonly HashSet<int> _configured = [];

    /// <summary>Whether the host can reset ports; WinUSB cannot, and reports success.</summary>
    public bool CanReset { get; init; } = true;

    /// <summary>How long after a device appears its user may not open it, because udev has not finished.</summary>
    public TimeSpan DeniedFor { get; init; }

    /// <summary>How long after a device appears another program has claimed its interface.</summary>
    public TimeSpan HeldFor { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        var devices = new List<UsbDeviceInfo>();
        for (var i = 0; i < boards.Count; i++)
        {
            if (AttachedAt(i) is { } attached)
            {
                devices.Add(Describe(i, attached));
            }
        }

        return devices;
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        var board = boards[PortOf(device)];
        var generation = GenerationOf(device);
        lock (board)
        {
            board.AdvanceTo(clock.Now);
            Configure(device, board);
            if (board.Attached is not { } attached || attached.Generation != generation)
            {
                throw new UsbException(UsbFault.Gone, "The device is no longer on the bus.");
            }

            return clock.Now - attached.Since >= DeniedFor
                ? new InProcessDevice(device, board, generation, clock, _claimed, CanReset) { HeldUntil = attached.Since + HeldFor }
                : throw new UsbException(UsbFault.AccessDenied, "This user may not open the device.");
        }
    }

    private AttachedDevice? AttachedAt(int port)
    {
        lock (boards[port])
        {
            boards[port].AdvanceTo(clock.Now);
            return boards[port].Attached;
        }
    }

    // The operating system does this when it enumerates a device, before any program opens it.
    private void Configure(UsbDeviceInfo device, IUsbPort board)
    {
        const byte SetConfiguration = 9;
        lock (_configured)
        {
            if (board.Attached is not null && _configured.Add(device.Number))
            {
                board.Control(new UsbSetup(0x00, SetConfiguration, 1, 0, 0), []);
            }
        }
    }

    // A device number is unique on this bus, and changes with each enumeration.
    private const int PortsPerGeneration = 100;

    /// <summary>The path of a board on the bus.</summary>
    /// <param name="board">Its number, from 0 on.</param>
    /// <param name="attached">Its device.</param>
    internal static string PathOf(int board, AttachedDevice attached) => $"{BusOf(attached)}-{board + 1}";

    private static int BusOf(AttachedDevice attached) => attached.HasMoved ? 2 : 1;

    private static int PortOf(UsbDeviceInfo device) => device.Number % PortsPerGeneration;

    private static int GenerationOf(UsbDeviceInfo device) => device.Number / PortsPerGeneration;

    private static UsbDeviceInfo Describe(int port, AttachedDevice attached)
    {
        var d = attached.DeviceDescriptor.Span;
        return new UsbDeviceInfo(
            BusOf(attached),
            Number: attached.Generation * PortsPerGeneration + port,
            Path: PathOf(port, attached),
            BinaryPrimitives.ReadUInt16LittleEndian(d[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(d[10..]),
            BinaryPrimitives.ReadUInt16LittleEndian(d[12..]),
            [.. UsbDescriptors.Interfaces(attached.ConfigurationDescriptor)]);
    }
}

/// <summary>An open virtual device: transfers take virtual time, and fail as on a real bus.</summary>
/// <param name="info">What was opened.</param>
/// <param name="board">The board.</param>
/// <param name="generation">Its enumeration.</param>
/// <param name="clock">The clock of all boards.</param>
/// <param name="claimed">The interfaces that all open devices of the bus have claimed.</param>
/// <param name="canReset">Whether the host can reset the port.</param>
internal sealed class InProcessDevice(
    UsbDeviceInfo info, IUsbPort board, int generation, VirtualClock clock, HashSet<(int Number, byte Interface)> claimed, bool canReset) : IUsbDevice
{
    private const byte SetInterface = 11;
    private static readonly TimeSpan StandardTimeout = TimeSpan.FromSeconds(1);
    private readonly HashSet<byte> _own = [];

    public UsbDeviceInfo Info => info;

    public bool CanReset => canReset;

    /// <summary>Until when another program has claimed its interfaces.</summary>
    public TimeSpan HeldUntil { get; init; }

    public void Claim(byte interfaceNumber)
    {
        ThrowIfGone();
        lock (claimed)
        {
            if (_own.Add(interfaceNumber) && (clock.Now < HeldUntil || !claimed.Add((info.Number, interfaceNumber))))
            {
                _own.Remove(interfaceNumber);
                throw new UsbException(UsbFault.Busy, $"Another program has claimed interface {interfaceNumber}.");
            }
        }
    }

    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) =>
        ControlOut(new UsbSetup(0x01, SetInterface, alternateSetting, interfaceNumber, 0), [], StandardTimeout);

    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
    {
        var data = Transfer(setup, [], timeout);
        data.Span.CopyTo(buffer);
        return data.Length;
    }

    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) => Transfer(setup, data, timeout);

    public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout)
    {
        var deadline = clock.Now + timeout;
        while (true)
        {
            if (Poll(endpoint, buffer.Length) is { } packet)
            {
                Pass(BusModel.TransferTime);
                packet.CopyTo(buffer);
                return packet.Length;
            }

            if (clock.Now >= deadline)
            {
                throw new UsbException(UsbFault.Timeout, "The device sent nothing in time.");
            }

            Pass(UntilNext(deadline));
        }
    }

    public void Reset()
    {
        lock (board)
        {
            ThrowIfGone();
            if (canReset)
            {
                board.BusReset();
            }
        }
    }

    public void Dispose()
    {
        lock (claimed)
        {
            claimed.ExceptWith(_own.Select(i => (info.Number, i)));
            _own.Clear();
        }
    }

    private byte[]? Poll(byte endpoint, int length)
    {
        lock (board)
        {
            ThrowIfGone();
            return board.BulkIn(endpoint, length);
        }
    }

    // Until the board does something by itself, but no longer than to the deadline.
    private TimeSpan UntilNext(TimeSpan deadline)
    {
        lock (board)
        {
            var next = board.NextEventAt is { } at && at > clock.Now ? at : clock.Now + BusModel.TransferTime;
            return (board.NextEventAt is null || next > deadline ? deadline : next) - clock.Now;
        }
    }

    private ReadOnlyMemory<byte> Transfer(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
    {
        var reply = Send(setup, data);
        var took = BusModel.TransferTime + reply.Busy;
        if (reply.Outcome == ControlOutcome.Silent || took > timeout)
        {
            Pass(timeout);
            throw new UsbException(UsbFault.Timeout, "The device did not answer in time.");
        }

        Pass(took);
        return reply.Outcome switch
        {
            ControlOutcome.Done => reply.Data,
            ControlOutcome.Stall => throw new UsbException(UsbFault.Stall, "The device refused the request (STALL)."),
            ControlOutcome.NoHandshake => throw new UsbException(UsbFault.Io, "The device acknowledges no packet (EPROTO)."),
            _ => throw Gone(),
        };
    }

    private ControlReply Send(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        lock (board)
        {
            ThrowIfGone();
            return board.Control(setup, data);
        }
    }

    private void Pass(TimeSpan duration)
    {
        clock.Advance(duration);
        lock (board)
        {
            board.AdvanceTo(clock.Now);
        }
    }

    private void ThrowIfGone()
    {
        lock (board)
        {
            board.AdvanceTo(clock.Now);
            if (board.Attached?.Generation != generation)
            {
                throw Gone();
            }
        }
    }

    private static UsbException Gone() => new(UsbFault.Gone, "The device is no longer on the bus.");
}

/// <summary>
/// A clock that advances only when code waits: creating a one-shot timer is the wait. With several flows (threads
/// that each work on a board) it advances to the earliest due time once all of them wait.
/// </summary>
public sealed class VirtualClock : TimeProvider, IFlowClock
{
    private readonly object _lock = new();
    private readonly List<TimeSpan> _waiting = [];
    private int _flows = 1;

    /// <summary>The time since the clock was created.</summary>
    public TimeSpan Now { get; private set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => Now.Ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Now;

    /// <inheritdoc/>
    public void SetFlowCount(int flows)
    {
        lock (_lock)
        {
            _flows = flows;
            MoveIfAllWait();
        }
    }

    /// <inheritdoc/>
    public void Leave()
    {
        lock (_lock)
        {
            SetFlowCount(_flows - 1);
        }
    }

    /// <summary>Waits in virtual time, in the calling flow.</summary>
    public void Advance(TimeSpan duration)
    {
        if (duration <= TimeSpan.Zero)
        {
            return;
        }

        lock (_lock)
        {
            var due = Now + duration;
            _waiting.Add(due);
            MoveIfAllWait();
            while (Now < due)
            {
                Monitor.Wait(_lock);
            }
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Advance(dueTime);
        callback(state);
        return new FiredTimer();
    }

    private void MoveIfAllWait()
    {
        if (_waiting.Count == 0 || _waiting.Count < _flows)
        {
            return;
        }

        Now = _waiting.Min();
        _waiting.RemoveAll(due => due <= Now);
        Monitor.PulseAll(_lock);
    }

    private sealed class FiredTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
