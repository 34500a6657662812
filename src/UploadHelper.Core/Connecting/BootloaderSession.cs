using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// A bootloader that answers, in dfuIDLE: the one owner of the open device. It survives a restart of the bootloader and the
/// loss of the board, since it opens the device again itself.
/// </summary>
public sealed class BootloaderSession : IDisposable
{
    // The longest that a request may take that executes nothing.
    private static readonly TimeSpan Answers = TimeSpan.FromSeconds(5);

    private readonly BootloaderConnector _connector;
    private readonly BootloaderRequest _request;
    private readonly DeviceFilter _filter;
    private readonly CancellationToken _cancellationToken;
    private OpenBootloader _open;
    private IBootloader _bootloader;
    private DfuMemory _selected;
    private bool _isOver;

    private BootloaderSession(
        BootloaderConnector connector, BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken, OpenBootloader open)
    {
        (_connector, _request, _filter, _cancellationToken) = (connector, request, filter, cancellationToken);
        _open = open;
        _selected = Memories[0];
        _bootloader = Create();
    }

    /// <summary>What the device's descriptors say.</summary>
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

    /// <summary>Gets a board into its bootloader, and opens it.</summary>
    /// <param name="bus">The USB devices.</param>
    /// <param name="ports">The serial ports.</param>
    /// <param name="time">The clock.</param>
    /// <param name="events">Receives progress, on the caller's thread.</param>
    /// <param name="request">Which bootloader, and how to get there.</param>
    /// <param name="cancellationToken">Checked between two transfers and in each wait, as long as the session lasts.</param>
    /// <exception cref="UploadException">None appears, more than one does, or it cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static BootloaderSession Open(
        IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events, BootloaderRequest request, CancellationToken cancellationToken)
    {
        var connector = new BootloaderConnector(bus, ports, time, events);
        var filter = request.FilterAt(ports);
        return new BootloaderSession(connector, request, filter, cancellationToken, connector.Connect(request, filter, cancellationToken));
    }

    /// <summary>The bootloader, with one of its memories selected; the same one as long as the memory stays the same.</summary>
    /// <param name="memory">One of <see cref="Memories"/>.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device does not become idle, as it must be for a change of the setting.</exception>
    public IBootloader Select(DfuMemory memory)
    {
        if (memory != _selected)
        {
            _open.Connection.Idle();
            _open.Device.SetAlternateSetting(memory.Alternate.Interface, memory.Alternate.Setting);
            _selected = memory;
            _bootloader = Create();
        }

        return _bootloader;
    }

    /// <summary>
    /// Ends the bootloader and starts the program at an address, whatever was done before. After that the session can only be
    /// disposed of.
    /// </summary>
    /// <param name="address">Address of the program's vector table; <see cref="SketchStart"/> if null.</param>
    /// <exception cref="UsbException">A transfer failed before the request to leave was sent.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public void Leave(uint? address = null)
    {
        var start = address ?? SketchStart;
        Select(_selected.Map.Contains(start) ? _selected : Memories.FirstOrDefault(m => m.Map.Contains(start)) ?? Memories[0]).Leave(start);
        _isOver = true;
    }

    /// <summary>Makes a bootloader without a sketch leave, so that it starts anew, and opens it again.</summary>
    /// <exception cref="UploadException">It did not return.</exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Restart()
    {
        Leave();
        _open.Device.Dispose();
        Use(_connector.WaitAgain(_request, _filter, _cancellationToken));
    }

    /// <summary>How long <see cref="Recover"/> waits for a board that is gone.</summary>
    public static TimeSpan ReturnsWithin => BootloaderConnector.ReturnsWithin;

    /// <summary>After a failed transfer: brings the device back to dfuIDLE by its state, or opens it again once it has returned.</summary>
    /// <param name="fault">How the transfer failed.</param>
    /// <returns>Whether it answers again.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public bool Recover(UsbFault fault)
    {
        if (fault != UsbFault.Gone)
        {
            try
            {
                _open.Connection.Idle(Answers);
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

        Dispose();
        if (_connector.Reconnect(_request, _filter, Description, _cancellationToken) is not { } back)
        {
            return false;
        }

        Use(back);
        return true;
    }

    /// <summary>Closes the device. One whose work was cancelled is brought to dfuIDLE first, if possible.</summary>
    public void Dispose()
    {
        if (!_isOver && _open.Connection.IsCancelled)
        {
            try
            {
                _open.Connection.Uncancelled().Idle(Answers);
            }
            catch (Exception e) when (e is UsbException or DfuException)
            {
                // It stays as it is; the next host brings it to dfuIDLE.
            }
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

    private IBootloader Create() => _open.Protocol.Create(_open.Device, _open.Connection, _selected);
}
