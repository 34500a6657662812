using System.Buffers.Binary;
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
public sealed class DfuSeBootloader(DfuConnection dfu, MemoryMap map, DfuFunctionalDescriptor functional, byte erased) : IProtectedRom
{
    private const int Attempts = 3;

    // DS8626: an STM32F405 takes up to 32 s; the largest parts have twice its flash.
    private static readonly TimeSpan MassEraseLimit = TimeSpan.FromSeconds(70);

    /// <summary>How long the device takes to erase.</summary>
    public EraseTimes EraseTimes { get; init; } = new();

    /// <summary>Whether the device leaves on the zero-length DNLOAD already, which may fail for that.</summary>
    public bool LeavesWithoutStatus { get; init; }

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
            if (!this.IsErased(sector.Address, (int)sector.Size, erased))
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
            LeaveNow();
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            // It has left on its own, as F4Bootloader does once its boot window is over.
        }
    }

    private void LeaveNow()
    {
        try
        {
            dfu.Download(DfuSeCommands.FirstBlock, []);
        }
        catch (UsbException e) when (LeavesWithoutStatus && e.Fault is UsbFault.Io or UsbFault.Timeout)
        {
            return;
        }

        if (LeavesWithoutStatus)
        {
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

    /// <inheritdoc/>
    /// <remarks>It does not answer a second GETSTATUS, and disconnects (AN3156, 5.4).</remarks>
    public bool RemoveReadProtection()
    {
        _commands.SendReadUnprotect();
        DfuStatus? status = null;
        try
        {
            status = dfu.GetStatus();
            if (status is { Code: DfuStatusCode.Ok, State: DfuState.DownloadBusy })
            {
                status = dfu.Execute(MassEraseLimit);
            }
            else if (status is { Code: DfuStatusCode.Ok, State: DfuState.DownloadIdle })
            {
                // The ROM of an AT32 says so although it erases (keirf/flashfloppy issue 584). Until it is done, it does not answer again.
                status = dfu.GetStatus();
            }
        }
        catch (UsbException e) when (e.Fault is UsbFault.Gone or UsbFault.Io)
        {
            return status is not null;
        }

        return status is { Code: DfuStatusCode.Ok, State: not DfuState.Error }
            ? true
            : throw new DfuException($"The device failed to remove the read protection: it reports {status}.", status);
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
/// The commands of DfuSe over a DFU connection (UM0424, AN3156). The GETSTATUS that follows a command executes it.
/// </summary>
/// <param name="dfu">The connection; the device is in dfuIDLE or dfuDNLOAD-IDLE.</param>
internal sealed class DfuSeCommands(DfuConnection dfu)
{
    /// <summary>wBlockNum of the block at the address pointer; 0 is for commands, 1 is reserved.</summary>
    public const ushort FirstBlock = 2;

    /// <summary>Command: the address pointer follows.</summary>
    public const byte SetAddressPointer = 0x21;

    /// <summary>Command: the address of the sector to erase follows, or nothing, to erase everything.</summary>
    public const byte Erase = 0x41;

    /// <summary>Command: removes the read protection, which erases everything.</summary>
    public const byte ReadUnprotect = 0x92;

    private const ushort CommandBlock = 0;

    // Far longer than any part needs (70 us for a word): only guards against hanging forever.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(10);

    public void SetAddress(uint address)
    {
        // The pointer is set at once, whatever poll timeout is reported (F4 ROMs: 104 ms): "seems a common bootloader
        // bug" in the words of dfu-util.
        Send(SetAddressPointer, address);
        ThrowIfFailed(dfu.Execute(WriteLimit, heedPollTimeout: false), $"set the address to 0x{address:X8}");
    }

    public void ErasePage(uint address, EraseTimes times)
    {
        Send(Erase, address);
        ThrowIfFailed(dfu.Execute(times.Limit, atLeast: times.AtLeast), $"erase the sector at 0x{address:X8}");
    }

    public void SendReadUnprotect() => dfu.Download(CommandBlock, [ReadUnprotect]);

    public void WriteBlock(ushort block, ReadOnlySpan<byte> data, uint address)
    {
        dfu.Download(block, data);
        ThrowIfFailed(dfu.Execute(WriteLimit), $"write {data.Length} bytes at 0x{address:X8}");
    }

    private void Send(byte command, uint address)
    {
        Span<byte> data = stackalloc byte[5];
        data[0] = command;
        BinaryPrimitives.WriteUInt32LittleEndian(data[1..], address);
        dfu.Download(CommandBlock, data);
    }

    private static void ThrowIfFailed(DfuStatus status, string what)
    {
        if (status.State != DfuState.DownloadIdle || status.Code != DfuStatusCode.Ok)
        {
            throw new DfuException($"The device failed to {what}: it reports {status}.", status);
        }
    }
}

/// <summary>
/// The wBlockNum of consecutive blocks: the address pointer is set once, and the numbers increase from there (UM0424). The
/// pointer is set again for a block shorter than wTransferSize, since some devices multiply wBlockNum by the length of the
/// block.
/// </summary>
/// <param name="transferSize">wTransferSize.</param>
/// <param name="setAddress">Sets the address pointer.</param>
internal sealed class BlockNumbers(int transferSize, Action<uint> setAddress)
{
    // wBlockNum wraps at 0xFFFF; the address is set again before that.
    private const uint LastBlock = 0xFFFD;

    private uint? _pointer;

    /// <summary>The number for a block; sets the pointer if necessary.</summary>
    public ushort For(uint address, int size)
    {
        var number = DfuSeCommands.FirstBlock + (address - (_pointer ?? address)) / (uint)transferSize;
        if (_pointer is null || size < transferSize || number > LastBlock)
        {
            setAddress(address);
            _pointer = address;
            number = DfuSeCommands.FirstBlock;
        }

        return (ushort)number;
    }

    /// <summary>Forgets the pointer after something else has moved it.</summary>
    public void Forget() => _pointer = null;
}
