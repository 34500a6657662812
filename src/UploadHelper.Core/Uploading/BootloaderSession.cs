using UploadHelper.Core.Boards;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>An open bootloader that answers and is in dfuIDLE.</summary>
public sealed class BootloaderSession : IDisposable
{
    private readonly IUsbDevice _device;
    private readonly DfuConnection _connection;
    private DfuMemory _selected;

    internal BootloaderSession(
        IUsbDevice device, DfuDescription description, IReadOnlyList<DfuMemory> memories, DfuQuirks quirks, DfuConnection connection)
    {
        _device = device;
        _connection = connection;
        _selected = memories[0];
        Description = description;
        Memories = memories;
        Quirks = quirks;
    }

    /// <summary>What the device says of itself.</summary>
    public DfuDescription Description { get; }

    /// <summary>Its memories, at least one; the first is selected when the session begins.</summary>
    public IReadOnlyList<DfuMemory> Memories { get; }

    /// <summary>What is known of it beyond that.</summary>
    public DfuQuirks Quirks { get; }

    /// <summary>How it is waited for.</summary>
    public Polling Polling => _connection.Polling;

    /// <summary>The bootloader, with one of its memories selected.</summary>
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
        }

        var bootloader = new DfuSeBootloader(_connection, memory.Map, Description.Functional, Quirks.ErasedValue);
        return Quirks.SharesVectorPage ? new SharedVectorPage(bootloader, FlashAddress.FlashBase) : bootloader;
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();
}
