using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Dfu11;

/// <summary>
/// A plain DFU 1.1 bootloader in dfuIDLE of which nothing more is known. It gets a whole image as the standard says (USB DFU 1.1, 6.1):
/// its blocks in order, and a DNLOAD without data at the end. A device that is manifestation tolerant answers afterwards, so that
/// the image can be read back before it is started; any other starts it, or waits for a bus reset.
/// </summary>
/// <param name="device">The open device.</param>
/// <param name="dfu">The connection to it.</param>
/// <param name="map">Its memory, as far as it can be known: where the user says that it begins.</param>
/// <param name="functional">Its functional descriptor.</param>
public sealed class WholeImageBootloader(IUsbDevice device, DfuConnection dfu, MemoryMap map, DfuFunctionalDescriptor functional) : IBootloader
{
    private const string NotStartable =
        "errFIRMWARE means that the bootloader has looked at the sketch and would not start it. Check that it was compiled for this board, this bootloader and this address.";

    // The standard sets no limit; a device that copies the image from one memory to another needs a while.
    private static readonly TimeSpan Manifestation = TimeSpan.FromSeconds(60);

    private readonly Dfu11Transfers _transfers = new(dfu, map.Groups[0].Address, functional.TransferSize);
    private bool _isOpen;

    /// <inheritdoc/>
    public bool CanRead => functional.CanUpload;

    /// <inheritdoc/>
    public bool CanVerify => CanRead && functional.IsManifestationTolerant;

    /// <inheritdoc/>
    public bool IsSequential => true;

    /// <inheritdoc/>
    public bool WriteErases => true;

    /// <inheritdoc/>
    public bool CanLeave => device.CanReset || (functional.WillDetach && !functional.IsManifestationTolerant);

    /// <inheritdoc/>
    /// <remarks>The download erases what it must.</remarks>
    public void Erase(Sector sector)
    {
    }

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written)
    {
        dfu.Idle();
        _transfers.Restart();
        _isOpen = true;
        for (var offset = 0; offset < data.Length; offset += functional.TransferSize)
        {
            var block = data.Slice(offset, Math.Min(functional.TransferSize, data.Length - offset));
            _transfers.Send(block.Span, address + (long)offset);
            written(block.Length);
        }

        if (functional.IsManifestationTolerant)
        {
            End();
        }
    }

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
    {
        dfu.Idle();
        _transfers.Read(address, length, next);
    }

    /// <inheritdoc/>
    public void Leave(uint address)
    {
        if (_isOpen)
        {
            End();
            if (functional.WillDetach && !functional.IsManifestationTolerant)
            {
                return;
            }
        }

        try
        {
            device.Reset();
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            // It has left already.
        }
    }

    // The end of the download. A device that is not manifestation tolerant need not answer any more once it has taken the request.
    private void End()
    {
        dfu.Download(0, []);
        _isOpen = false;
        try
        {
            var status = dfu.Finish(Manifestation);
            if (status.Code != DfuStatusCode.Ok || (functional.IsManifestationTolerant && status.State != DfuState.Idle))
            {
                throw new DfuException($"The device did not accept the sketch: it reports {status}.", status)
                {
                    Hint = status.Code == DfuStatusCode.ErrFirmware ? NotStartable : null,
                };
            }
        }
        catch (UsbException) when (!functional.IsManifestationTolerant)
        {
        }
    }
}
