using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Maple;

/// <summary>
/// A Maple bootloader in dfuIDLE: plain DFU, its memory behind the selected alternate setting (dfu.c of
/// leaflabs/maple-bootloader and of rogerclarkmelbourne/STM32duino-bootloader).
///
/// It ignores wBlockNum: a download begins at the memory's start, and goes on where the last block ended. Each block erases
/// its own page, and must be as large as one. So pages are written in order, those that nobody gave bytes for as erased; and
/// ABORT takes it back to the start, from where the first page can be written once more, alone.
///
/// A block takes exactly as many GETSTATUS as it is busy: one more in dfuDNLOAD-IDLE, and the next block would go to the
/// start. It clears bStatus on every request, so that only bState tells how it is.
/// </summary>
/// <param name="device">The open device.</param>
/// <param name="dfu">The connection to it.</param>
/// <param name="map">Its pages; the first is where a download begins.</param>
/// <param name="functional">Its functional descriptor.</param>
public sealed class MapleBootloader(IUsbDevice device, DfuConnection dfu, MemoryMap map, DfuFunctionalDescriptor functional) : IBootloader
{
    private const byte Erased = 0xFF;
    private const int ReadAttempts = 3;

    // A page takes some 50 ms, a sector of an F4 at most 2 s.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(10);

    private readonly uint _start = map.Groups[0].Address;
    private readonly byte[] _block = new byte[functional.TransferSize];

    // Where the next block goes; null in dfuIDLE.
    private long? _next;

    // End of the pages that are to be erased and were not sent yet.
    private long _eraseEnd;

    /// <inheritdoc/>
    public bool CanRead => functional.CanUpload;

    /// <inheritdoc/>
    public bool IsSequential => true;

    /// <inheritdoc/>
    public bool CanLeave => device.CanReset;

    /// <inheritdoc/>
    /// <remarks>
    /// There is no request for it: a page is erased by the block that is written to it.
    /// </remarks>
    public void Erase(Sector sector)
    {
        if (sector.Address > Math.Max(_eraseEnd, _start))
        {
            throw new DfuException($"This bootloader erases only from 0x{_start:X8} on, page by page; the page at 0x{sector.Address:X8} cannot be erased alone.");
        }

        _eraseEnd = Math.Max(_eraseEnd, sector.End);
    }

    /// <inheritdoc/>
    public void Flush()
    {
        if (_eraseEnd > 0)
        {
            _next ??= _start;
            SendErased(_eraseEnd);
        }
    }

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written)
    {
        if (_next is null || address < _next)
        {
            ToIdle();
            _next = _start;
        }

        SendErased(upTo: address);
        for (var offset = 0; offset < data.Length; offset += _block.Length)
        {
            var block = data.Slice(offset, Math.Min(_block.Length, data.Length - offset));
            Send(block.Span);
            written(block.Length);
        }
    }

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
    {
        Flush();
        ToIdle();
        for (long at = address; at < address + (long)length;)
        {
            // base + wLength * wBlockNum, with the wLength of the first UPLOAD behind dfuIDLE: always whole blocks.
            var number = (at - _start) / _block.Length;
            ReadBlock(number, at);
            var from = Math.Max(_start + number * _block.Length, address);
            var end = Math.Min(_start + (number + 1) * _block.Length, address + (long)length);
            at = next((uint)from, _block.AsMemory((int)((from - _start) % _block.Length), (int)(end - from)));
        }

        dfu.Idle();
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A bus reset in any state but dfuIDLE resets the microcontroller. Once something was downloaded, it starts the sketch at
    /// once (DR10 = 0x424D, STM32duino bootloader 2.0), else when its boot window is over.
    /// </remarks>
    public void Leave(uint address)
    {
        Flush();
        if (_next is not null)
        {
            dfu.Download(0, []);
            _ = dfu.GetStatus();
        }
        else if (CanRead)
        {
            _ = dfu.Upload(0, _block);
        }
        else
        {
            ToError();
        }

        try
        {
            device.Reset();
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            // It was quick: the sketch is on the bus instead.
        }
    }

    // Reading changes nothing, so that a refused request is simply made again, from dfuIDLE.
    private void ReadBlock(long number, long address)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var received = dfu.Upload((ushort)number, _block);
                if (received == _block.Length)
                {
                    return;
                }

                throw new UsbException(UsbFault.Io, $"The device returned {received} of {_block.Length} bytes while reading at 0x{address:X8}.");
            }
            catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io)
            {
                dfu.Idle();
                if (attempt == ReadAttempts)
                {
                    throw;
                }
            }
        }
    }

    private void SendErased(long upTo)
    {
        while (_next < upTo)
        {
            Send([]);
        }
    }

    private void Send(ReadOnlySpan<byte> data)
    {
        _block.AsSpan().Fill(Erased);
        data.CopyTo(_block);
        var address = _next!.Value;
        dfu.Download((ushort)((address - _start) / _block.Length), _block);
        var status = dfu.Execute(WriteLimit);
        if (status.State != DfuState.DownloadIdle)
        {
            throw new DfuException($"The device failed writing {_block.Length} bytes at 0x{address:X8}: it reports {status.State.Name()}.", status);
        }

        _next = address + _block.Length;
        _eraseEnd = _next >= _eraseEnd ? 0 : _eraseEnd;
    }

    private void ToIdle()
    {
        if (_next is not null)
        {
            dfu.Abort();
            _next = null;
        }
    }

    // The end of a download that has not begun is refused, and leads to dfuERROR.
    private void ToError()
    {
        try
        {
            dfu.Download(0, []);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Stall)
        {
        }
    }
}
