using UploadHelper.Core.Flashing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Dfu.DfuSe;

/// <summary>A DfuSe bootloader in dfuIDLE (UM0424, AN3156).</summary>
/// <param name="dfu">The connection to it.</param>
/// <param name="map">The memory behind the selected alternate setting.</param>
/// <param name="functional">Its functional descriptor.</param>
public sealed class DfuSeBootloader(DfuConnection dfu, MemoryMap map, DfuFunctionalDescriptor functional) : IBootloader
{
    // wBlockNum wraps at 0xFFFF; the address is set again before that.
    private const int LastBlock = 0xFFFD;

    private readonly DfuSeCommands _commands = new(dfu);
    private readonly int _transferSize = functional.TransferSize;

    /// <inheritdoc/>
    public bool CanRead => functional.CanUpload;

    /// <inheritdoc/>
    public void Erase(Sector sector) => _commands.ErasePage(sector.Address);

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written)
    {
        foreach (var (block, offset, length) in Blocks(address, data.Length, _commands.SetAddress))
        {
            _commands.WriteBlock(block, data.Span.Slice(offset, length), address + (uint)offset);
            written(length);
        }
    }

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, bool> block)
    {
        // Whole blocks as long as the memory goes on: a short one costs an address of its own. Never past the end of the
        // memory: bootloaders crash there.
        var whole = (length + _transferSize - 1L) / _transferSize * _transferSize;
        var readable = (int)Math.Min(whole, map.EndOfRegion(address) - address);
        var buffer = new byte[_transferSize];
        var reading = false;
        foreach (var (number, offset, size) in Blocks(address, readable, MoveToRead))
        {
            var room = buffer.AsSpan(0, size);
            var received = dfu.Upload(number, room);
            if (received != size)
            {
                throw new DfuException($"The device answered {received} of {size} bytes while reading at 0x{address + offset:X8}.");
            }

            if (!block(address + (uint)offset, buffer.AsMemory(0, Math.Min(size, length - offset))))
            {
                break;
            }
        }

        dfu.Abort();

        void MoveToRead(uint to)
        {
            if (reading)
            {
                dfu.Abort();
            }

            _commands.SetAddress(to);
            dfu.Abort();
            reading = true;
        }
    }

    /// <inheritdoc/>
    public void Leave(uint address)
    {
        try
        {
            // Erasing and writing move the pointer, and the ROM jumps to wherever it points.
            _commands.SetAddress(address);
            dfu.Download(DfuSeCommands.FirstBlock, []);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            // It has left by itself: F4Bootloader does once its boot window is used up.
            return;
        }

        try
        {
            _ = dfu.GetStatus();
        }
        catch (UsbException)
        {
            // The request was taken; a device that is already gone cannot answer any more.
        }
    }

    /// <summary>
    /// The blocks of a run: the pointer is set once, and numbers rise from there. A block shorter than wTransferSize
    /// gets the pointer set to it, since some devices multiply wBlockNum by the length of the block.
    /// </summary>
    private IEnumerable<(ushort Number, int Offset, int Length)> Blocks(uint address, int length, Action<uint> setAddress)
    {
        var number = LastBlock + 1;
        for (var offset = 0; offset < length; offset += _transferSize)
        {
            var size = Math.Min(_transferSize, length - offset);
            if (number > LastBlock || size < _transferSize)
            {
                setAddress(address + (uint)offset);
                number = DfuSeCommands.FirstBlock;
            }

            yield return ((ushort)number++, offset, size);
        }
    }
}
