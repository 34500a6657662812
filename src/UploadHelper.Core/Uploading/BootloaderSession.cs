using UploadHelper.Core.Dfu;
using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>An open bootloader that answers and is in dfuIDLE.</summary>
public sealed class BootloaderSession : IDisposable
{
    private readonly IUsbDevice _device;

    internal BootloaderSession(IUsbDevice device, DfuDescription description, DfuAlternate alternate, MemoryMap map, DfuConnection connection)
    {
        _device = device;
        Description = description;
        Alternate = alternate;
        Quirks = DfuQuirks.For(description, map);
        Bootloader = new DfuSeBootloader(connection, map, description.Functional);
    }

    /// <summary>What the device says of itself.</summary>
    public DfuDescription Description { get; }

    /// <summary>The selected alternate setting.</summary>
    public DfuAlternate Alternate { get; }

    /// <summary>What is known of it beyond that.</summary>
    public DfuQuirks Quirks { get; }

    /// <summary>The bootloader.</summary>
    public IBootloader Bootloader { get; }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();
}
