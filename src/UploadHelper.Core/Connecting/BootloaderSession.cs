using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// A bootloader in dfuIDLE, and the only owner of its open device. A session survives a restart of the bootloader and a
/// disconnect of the board, since it reopens the device itself.
/// </summary>
public sealed class BootloaderSession : IDisposable
{
    // The longest time for a request that executes nothing.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    private readonly IBootloaderConnector _connector;
    private readonly BootloaderRequest _request;
    private readonly DeviceFilter _filter;
    private readonly CancellationToken _cancellationToken;
    private readonly ProgramFormat? _format;
    private OpenBootloader _open;
    private IBootloader _bootloader;
    private DfuMemory _selected;
    private bool _isOver;

    private BootloaderSession(
        IBootloaderConnector connector, BootloaderRequest request, DeviceFilter filter, ProgramFormat? format, CancellationToken cancellationToken, OpenBootloader open)
    {
        (_connector, _request, _filter, _format, _cancellationToken) = (connector, request, filter, format, cancellationToken);
        _open = open;
        _selected = Memories[0];
        _bootloader = Create();
    }

    /// <summary>The device's descriptors.</summary>
    public DfuDescription Description => _open.Description;

    /// <summary>Its memories, at least one; the first is selected when the session begins.</summary>
    public IReadOnlyList<DfuMemory> Memories => _open.Protocol.Memories;

    /// <summary>Its entry in the catalogue.</summary>
    public BootloaderInfo Info => _open.Protocol.Info;

    /// <summary>How it is polled.</summary>
    public Polling Polling => _open.Connection.Polling;

    /// <summary>Whether <see cref="Leave"/> can start a program; if not, only the RESET button does.</summary>
    public bool CanLeave => _bootloader.CanLeave;

    /// <summary>Where the bootloader looks for a sketch; the start of its first memory if that is not known.</summary>
    public uint SketchStart => _open.Protocol.SketchStart;

    /// <summary>Puts a board into its bootloader, and opens it.</summary>
    /// <param name="bus">The USB devices.</param>
    /// <param name="ports">The serial ports.</param>
    /// <param name="time">The clock.</param>
    /// <param name="events">Receives progress, on the caller's thread.</param>
    /// <param name="request">Which bootloader, and how to put the board into it.</param>
    /// <param name="cancellationToken">Checked between two transfers and in each wait, as long as the session lasts.</param>
    /// <exception cref="UploadException">None appears, more than one does, or it cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static BootloaderSession Open(
        IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events, BootloaderRequest request, CancellationToken cancellationToken)
    {
        if (request.Uart?.Sequence == ResetSequence.Auto && UartConnector.SketchAt(ports, request.Port) is { } sketch)
        {
            events(new UploadWarning(
                WarningCode.OverUsb,
                $"{request.Port} is not a serial adapter but the USB port of a {sketch.Name}. upload-helper uses the bootloader on USB instead.",
                "Omit --uart for this port, or give the adapter's port with --port."));
            request = request with { Uart = null };
        }

        IBootloaderConnector connector = request.Uart is null ? new BootloaderConnector(bus, ports, time, events) : new UartConnector(ports, time, events);
        var filter = request.FilterAt(ports);
        var format = request.SupplyVoltage is { } voltage ? new ProgramFormat(voltage, events) : null;
        return new BootloaderSession(connector, request, filter, format, cancellationToken, connector.Connect(request, filter, cancellationToken));
    }

    /// <summary>
    /// Makes sure that the memories are known up to an address. A bootloader may be at the end of a flash whose size only reading
    /// tells; nothing is read if the address is below the smallest.
    /// </summary>
    /// <param name="end">The address after the last byte that matters.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device does not return to dfuIDLE.</exception>
    public void Reach(long end)
    {
        if (_open.Protocol.Measure is { } measure && end > Memories[0].Map.Groups[0].End)
        {
            Use(_open with { Protocol = measure(_open.Connection) });
        }
    }

    /// <summary>The bootloader, with one of its memories selected; the same object as long as the memory stays the same.</summary>
    /// <param name="memory">One of <see cref="Memories"/>.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device does not return to dfuIDLE, which a change of the alternate setting requires.</exception>
    public IBootloader Select(DfuMemory memory)
    {
        if (memory != _selected)
        {
            _open.Connection.Select(memory.Alternate);
            _selected = memory;
            _bootloader = Create();
        }

        return _bootloader;
    }

    /// <summary>Tells the bootloader the supply voltage, if the request has one. To be called before each first erase or write.</summary>
    /// <exception cref="UsbException">A transfer failed.</exception>
    public void PrepareToChange() => _format?.Set(this);

    /// <summary>
    /// Leaves the bootloader and starts the program at an address, whichever memory is selected. After that, the session can
    /// only be disposed of.
    /// </summary>
    /// <param name="address">Address of the program's vector table; <see cref="SketchStart"/> if null.</param>
    /// <exception cref="UsbException">A transfer failed before the request to leave was sent.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public void Leave(uint? address = null)
    {
        PutFormatBack(_open.Connection);
        var start = address ?? SketchStart;
        Select(_selected.Map.Contains(start) ? _selected : Memories.FirstOrDefault(m => m.Map.Contains(start)) ?? Memories[0]).Leave(start);
        _isOver = true;
    }

    /// <summary>Restarts a bootloader that has no sketch to start, by making it leave, and reopens it.</summary>
    /// <exception cref="UploadException">It did not return.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Restart()
    {
        Leave();
        _open.Device.Dispose();
        Use(_connector.WaitForRestart(_request, _filter, _cancellationToken));
    }

    /// <summary>How long <see cref="Recover"/> waits for a board that has disconnected.</summary>
    public static TimeSpan ReturnsWithin => BootloaderConnector.ReturnLimit;

    /// <summary>Recovers from a failed transfer: brings the device back to dfuIDLE, or reopens it after it has reconnected.</summary>
    /// <param name="fault">How the transfer failed.</param>
    /// <returns>Whether it responds again.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public bool Recover(UsbFault fault)
    {
        if (fault != UsbFault.Gone)
        {
            try
            {
                _open.Connection.Idle(AnswerLimit);
                _bootloader = Create();
                return true;
            }
            catch (UsbException e) when (e.Fault == UsbFault.Gone)
            {
            }
            catch (Exception e) when (e is UsbException or DfuException)
            {
                return false;
            }
        }

        _isOver = true;
        _open.Device.Dispose();
        if (_connector.Reconnect(_request, _filter, Description, _cancellationToken) is not { } back)
        {
            return false;
        }

        Use(back);
        _format?.Forget();
        return true;
    }

    /// <summary>Closes the device. After a cancellation, it is brought to dfuIDLE first, if possible, and what was set for this session is put back.</summary>
    public void Dispose()
    {
        if (!_isOver)
        {
            var connection = _open.Connection;
            if (connection.IsCancelled)
            {
                connection = connection.Uncancelled();
                try
                {
                    connection.Idle(AnswerLimit);
                }
                catch (Exception e) when (e is UsbException or DfuException)
                {
                    // Leave it as it is; the next host brings it to dfuIDLE.
                }
            }

            PutFormatBack(connection);
        }
        else
        {
            _format?.WarnThatKept();
        }

        _isOver = true;
        _open.Device.Dispose();
    }

    private void Use(OpenBootloader open)
    {
        _open = open;
        _isOver = false;
        _selected = Memories[0];
        _bootloader = Create();
    }

    private void PutFormatBack(IBootloaderConnection connection) => _format?.PutBack(
        before =>
        {
            var memory = VoltageRange.MemoryIn(Memories)!;
            connection.Select(memory.Alternate);
            _selected = memory;
            _bootloader = Create();
            VoltageRange.Write(_open.Protocol.Create(_open.Device, connection, memory), before);
        },
        () => connection.Idle(AnswerLimit));

    private IBootloader Create() => _open.Protocol.Create(_open.Device, _open.Connection, _selected);
}
