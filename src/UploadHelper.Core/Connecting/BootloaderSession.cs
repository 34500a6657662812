using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>An open bootloader that answers and is in dfuIDLE.</summary>
public sealed class BootloaderSession : IDisposable
{
    // As long as any request may take that executes nothing.
    private static readonly TimeSpan Answers = TimeSpan.FromSeconds(5);

    private readonly IUsbDevice _device;
    private readonly BootloaderProfile _profile;
    private readonly DfuConnection _connection;
    private DfuMemory _selected;
    private bool _isOver;
    private IBootloader _bootloader;

    internal BootloaderSession(IUsbDevice device, DfuDescription description, BootloaderProfile profile, DfuConnection connection)
    {
        _device = device;
        _profile = profile;
        _connection = connection;
        _selected = profile.Memories[0];
        _bootloader = profile.Create(device, connection, _selected);
        Description = description;
    }

    /// <summary>What the device says of itself.</summary>
    public DfuDescription Description { get; }

    /// <summary>Its memories, at least one; the first is selected when the session begins.</summary>
    public IReadOnlyList<DfuMemory> Memories => _profile.Memories;

    /// <summary>What is known of it beyond that.</summary>
    public BootloaderInfo Info => _profile.Info;

    /// <summary>How it is waited for.</summary>
    public Polling Polling => _connection.Polling;

    /// <summary>Whether <see cref="Leave"/> can start a program; if not, only the RESET button does.</summary>
    public bool CanLeave => _bootloader.CanLeave;

    /// <summary>The bootloader, with one of its memories selected; the same one as long as the memory stays the same.</summary>
    /// <param name="memory">One of <see cref="Memories"/>.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device does not become idle, as it must be for a change of the setting.</exception>
    public IBootloader Select(DfuMemory memory)
    {
        if (memory != _selected)
        {
            _connection.Idle();
            _device.SetAlternateSetting(memory.Alternate.Interface, memory.Alternate.Setting);
            _selected = memory;
            _bootloader = _profile.Create(_device, _connection, memory);
        }

        return _bootloader;
    }

    /// <summary>Where the bootloader looks for a sketch; the start of its first memory if that is not known.</summary>
    public uint SketchStart => Info.Sketch?.Address ?? Memories[0].Map.Groups[0].Address;

    /// <summary>
    /// Ends the bootloader and starts the program at an address, whatever was done before. The session is over, and only
    /// to be disposed of.
    /// </summary>
    /// <param name="address">Address of the program's vector table; <see cref="SketchStart"/> if null.</param>
    /// <exception cref="UsbException">A transfer failed before the request to leave was made.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    public void Leave(uint? address = null)
    {
        var start = address ?? SketchStart;
        ToLeave(start);
        _isOver = true;
    }

    private void ToLeave(uint start) =>
        Select(_selected.Map.Contains(start) ? _selected : Memories.FirstOrDefault(m => m.Map.Contains(start)) ?? Memories[0]).Leave(start);

    /// <summary>Brings the device back to dfuIDLE by its state, after a transfer failed.</summary>
    /// <exception cref="UsbException">It does not answer, or is gone.</exception>
    /// <exception cref="DfuException">It does not get there.</exception>
    public void ToIdle()
    {
        _connection.Idle(Answers);
        _bootloader = _profile.Create(_device, _connection, _selected);
    }

    /// <summary>Closes the device. One whose work was cancelled is brought to dfuIDLE before, if it can be.</summary>
    public void Dispose()
    {
        if (!_isOver && _connection.IsCancelled)
        {
            try
            {
                _connection.Uncancelled().Idle(Answers);
            }
            catch (Exception e) when (e is UsbException or DfuException)
            {
                // It is as it is; the next host brings it there.
            }
        }

        _isOver = true;
        _device.Dispose();
    }
}
