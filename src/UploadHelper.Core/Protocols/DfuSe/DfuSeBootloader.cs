using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.DfuSe;

/// <summary>
/// A DfuSe bootloader in dfuIDLE (UM0424, AN3156). ROMs occasionally refuse a request with a STALL (L4 erasing, F411
/// writing). Such a request is repeated; a block of data only if reading it back proves that it was not written.
/// </summary>
/// <param name="dfu">The connection to it.</param>
/// <param name="map">The memory of the selected alternate setting.</param>
/// <param name="functional">Its functional descriptor.</param>
/// <param name="erased">What an erased byte reads as.</param>
public sealed class DfuSeBootloader(DfuConnection dfu, MemoryMap map, DfuFunctionalDescriptor functional, byte erased) : IBootloader
{
    private const int Attempts = 3;

    /// <summary>How long the device takes to erase.</summary>
    public EraseTimes EraseTimes { get; init; } = new();

    private readonly DfuSeCommands _commands = new(dfu);
    private readonly int _transferSize = functional.TransferSize;

    /// <inheritdoc/>
    public bool CanRead => functional.CanUpload;

    // A ROM may stay in dfuDNBUSY although the sector is erased (H743, beyond 1 MiB): reading it back shows that.
    /// <inheritdoc/>
    public void Erase(Sector sector)
    {
        try
        {
            Repeat(() => _commands.ErasePage(sector.Address, EraseTimes), isDone: () => false);
        }
        catch (DfuException e) when (e.Status?.State == DfuState.DownloadBusy && CanRead)
        {
            dfu.Idle();
            if (!IsErased(sector))
            {
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written)
    {
        var numbers = new BlockNumbers(_transferSize, _commands.SetAddress);
        for (var offset = 0; offset < data.Length; offset += _transferSize)
        {
            var block = data.Slice(offset, Math.Min(_transferSize, data.Length - offset));
            var to = address + (uint)offset;
            if (!block.Span.ContainsAnyExcept(erased))
            {
                // The erase has already done it. (On flash with ECC, erased and programmed to 0xFF are not the same.)
                written(block.Length);
                continue;
            }

            Repeat(
                () => _commands.WriteBlock(numbers.For(to, block.Length), block.Span, to),
                isDone: () =>
                {
                    numbers.Forget();
                    return IsWritten(to, block);
                });
            written(block.Length);
        }
    }

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
    {
        // Read whole blocks as far as the memory allows: a short one needs a SET_ADDRESS of its own. Never read past the end
        // of the memory: bootloaders crash there.
        var whole = (length + _transferSize - 1L) / _transferSize * _transferSize;
        var readable = (int)Math.Min(whole, map.EndOfRegion(address) - address);
        var buffer = new byte[_transferSize];
        var reading = false;
        var numbers = new BlockNumbers(_transferSize, MoveToRead);
        for (var offset = 0; offset < readable;)
        {
            var from = address + (uint)offset;
            var room = buffer.AsMemory(0, Math.Min(_transferSize, readable - offset));
            Repeat(
                () => ReadBlock(numbers.For(from, room.Length), room.Span, from),
                isDone: () =>
                {
                    numbers.Forget();
                    reading = false;
                    return false;
                });

            // Continue at the start of a block: then wBlockNum increases, and the address need not be set again.
            var resumeAt = next(from, room[..Math.Min(room.Length, length - offset)]) - address;
            offset = resumeAt < length ? (int)resumeAt / _transferSize * _transferSize : readable;
        }

        Repeat(dfu.Abort, isDone: () => true);

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
            // Erasing and writing move the address pointer, and the ROM jumps to where it points.
            _commands.SetAddress(address);
            dfu.Download(DfuSeCommands.FirstBlock, []);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            // It has left on its own, as F4Bootloader does once its boot window is over.
            return;
        }

        try
        {
            _ = dfu.GetStatus();
        }
        catch (UsbException)
        {
            // The device accepted the request; if it has already disconnected, it cannot answer.
        }
    }

    private void ReadBlock(ushort number, Span<byte> room, uint address)
    {
        int received;
        try
        {
            received = dfu.Upload(number, room);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Stall)
        {
            throw ReasonForRefusal($"read at 0x{address:X8}") ?? (Exception)e;
        }

        if (received != room.Length)
        {
            throw new UsbException(UsbFault.Io, $"The device returned {received} of {room.Length} bytes while reading at 0x{address:X8}.");
        }
    }

    private void Repeat(Action operation, Func<bool> isDone)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                operation();
                return;
            }
            catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io && CanRead)
            {
                dfu.Polling.FallBack();
                dfu.Idle();
                if (attempt == Attempts)
                {
                    throw;
                }

                if (isDone())
                {
                    return;
                }
            }
        }
    }

    private bool IsWritten(uint address, ReadOnlyMemory<byte> data)
    {
        var found = new byte[data.Length];
        this.Read(address, data.Length, (from, read) =>
        {
            read.CopyTo(found.AsMemory((int)(from - address)));
            return true;
        });
        return data.Span.SequenceEqual(found)
            || (found.AsSpan().ContainsAnyExcept(erased)
                ? throw new DfuException($"The device failed to write {data.Length} bytes at 0x{address:X8}, and the flash there now contains something else.")
                : false);
    }

    private bool IsErased(Sector sector)
    {
        var isErased = true;
        this.Read(sector.Address, (int)sector.Size, (_, read) => isErased &= !read.Span.ContainsAnyExcept(erased));
        return isErased;
    }

    // Null if the device reports no reason. Read protection is errVENDOR (AN3156).
    private DfuException? ReasonForRefusal(string what)
    {
        var status = dfu.GetStatus();
        if (status.Code == DfuStatusCode.Ok)
        {
            return null;
        }

        dfu.Idle();
        return new DfuException($"The device refused to {what}: it reports {status}.", status);
    }
}

/// <summary>
/// A bootloader that keeps its own vectors in the first page of the sketch (h0wch33/stm32f1_dfu). It ignores an erase of
/// that page, and erases it when a block is written to it. So this class erases the page by writing a block without a
/// sketch's vectors: from then on, the half-written sketch is not started, as on every other board.
/// </summary>
/// <param name="bootloader">The bootloader.</param>
/// <param name="page">The address of the page.</param>
public sealed class SharedVectorPage(IBootloader bootloader, uint page) : IBootloader
{
    // Where the device keeps the sketch's stack pointer and reset vector; it must find 0 there.
    private const int SketchVectors = 0x1C;
    private const int SketchVectorsSize = 8;

    /// <inheritdoc/>
    public bool CanRead => bootloader.CanRead;

    /// <inheritdoc/>
    public void Erase(Sector sector)
    {
        if (sector.Address != page)
        {
            bootloader.Erase(sector);
            return;
        }

        var blank = new byte[SketchVectors + SketchVectorsSize];
        blank.AsSpan(0, SketchVectors).Fill(0xFF);
        bootloader.Write(page, blank, _ => { });
    }

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written) => bootloader.Write(address, data, written);

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next) => bootloader.Read(address, length, next);

    /// <inheritdoc/>
    public void Leave(uint address) => bootloader.Leave(address);
}
