using System.Globalization;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Maple;

/// <summary>
/// A Maple bootloader in dfuIDLE: plain DFU, with the memory of the selected alternate setting (dfu.c of
/// leaflabs/maple-bootloader and of rogerclarkmelbourne/STM32duino-bootloader).
///
/// It ignores wBlockNum: a download begins at the start of the memory, and each block continues where the last one ended.
/// Each block erases its own page, and must be as large as the page. So pages are written in order, and those without data
/// are written as erased. ABORT returns to the start; from there, the first page can be written again on its own.
///
/// After a block, GETSTATUS must end as soon as the device is no longer busy: after one more in dfuDNLOAD-IDLE, the next block
/// would be written to the start. The device clears bStatus on every request, so only bState shows a failure.
/// </summary>
/// <param name="device">The open device.</param>
/// <param name="dfu">The connection to it.</param>
/// <param name="map">Its pages; the first is where a download begins.</param>
/// <param name="functional">Its functional descriptor.</param>
/// <param name="largestRead">How many bytes one UPLOAD may return (<see cref="BootloaderInfo.LargestRead"/>), or null for wTransferSize.</param>
public sealed class MapleBootloader(IUsbDevice device, DfuConnection dfu, MemoryMap map, DfuFunctionalDescriptor functional, int? largestRead) : IBootloader
{
    private const byte Erased = 0xFF;
    private const int ReadAttempts = 3;

    // A page takes about 50 ms, a sector of an F4 at most 2 s.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(10);

    private readonly uint _start = map.Groups[0].Address;
    private readonly byte[] _block = new byte[functional.TransferSize];
    private readonly byte[] _read = new byte[Math.Max(functional.TransferSize, largestRead ?? 0)];
    private int _readSize = Math.Max(functional.TransferSize, largestRead ?? 0);

    // It has a next block unless the device is in dfuIDLE.
    private readonly DeferredErase _erase = new(map.Groups[0].Address);

    /// <inheritdoc/>
    public bool CanRead => functional.CanUpload;

    /// <inheritdoc/>
    public bool IsSequential => true;

    /// <inheritdoc/>
    public bool WriteErases => true;

    /// <inheritdoc/>
    public bool CanLeave => device.CanReset;

    /// <inheritdoc/>
    /// <remarks>The protocol has no erase request: each block erases its page before it is written.</remarks>
    public void Erase(Sector sector) => _erase.Note(sector);

    /// <inheritdoc/>
    public void Flush()
    {
        if (_erase.Owed > 0)
        {
            if (_erase.Next is null)
            {
                _erase.Begin();
            }

            _erase.Finish(SendErased);
        }
    }

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written)
    {
        if (_erase.Next is null || address < _erase.Next)
        {
            _erase.Finish(SendErased);
            ToIdle();
            _erase.Begin();
        }

        _erase.FillUpTo(address, SendErased);
        for (var offset = 0; offset < data.Length; offset += _block.Length)
        {
            var block = data.Slice(offset, Math.Min(_block.Length, data.Length - offset));
            Send(block.Span);
            written(block.Length);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The device reads at base + n * wBlockNum, where n is the wLength of the first UPLOAD after dfuIDLE, and returns what is asked
    /// for, up to n bytes. A long range is read in blocks of the largest size, and the last of them only up to the end of the range: the
    /// device fails beyond the end of its flash. If it refuses that, it is read page by page from there on.
    /// </remarks>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
    {
        Flush();
        ToIdle();
        var end = address + (long)length;
        var size = length >= 2 * _readSize ? _readSize : _block.Length;
        for (long at = address; at < end;)
        {
            var block = _start + (at - _start) / size * size;
            var isPage = size == _block.Length;
            var read = _read.AsMemory(0, isPage ? size : (int)Math.Min(size, end - block));
            if (!TryRead(block, size, read.Span, isPage))
            {
                size = _readSize = _block.Length;
                continue;
            }

            var from = Math.Max(block, address);
            var to = Math.Min(block + read.Length, end);
            at = next((uint)from, read[(int)(from - block)..(int)(to - block)]);
        }

        EndRead();
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A bus reset in any state except dfuIDLE resets the microcontroller. After a download, it then starts the sketch at once
    /// (DR10 = 0x424D, STM32duino bootloader 2.0); otherwise when its boot window is over.
    /// </remarks>
    public void Leave(uint address)
    {
        Flush();
        if (_erase.Next is not null)
        {
            dfu.Download(0, []);
            _ = dfu.GetStatus();
        }
        else if (CanRead)
        {
            _ = dfu.Upload(0, _read.AsSpan(0, sizeof(uint)));
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
            // It has restarted already: the sketch is on the bus instead.
        }
    }

    // Reading changes nothing, so a refused request is simply repeated from dfuIDLE; a page several times.
    private bool TryRead(long address, int size, Span<byte> read, bool isPage)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var received = dfu.Upload((ushort)((address - _start) / size), read);
                if (received == read.Length)
                {
                    return true;
                }

                throw new UsbException(UsbFault.Io, $"The device returned {received} of {read.Length} bytes while reading at 0x{address:X8}.");
            }
            catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io)
            {
                dfu.Idle();
                if (!isPage)
                {
                    return false;
                }

                if (attempt == ReadAttempts)
                {
                    throw;
                }
            }
        }
    }

    private void EndRead()
    {
        try
        {
            dfu.Abort();
        }
        catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io)
        {
            dfu.Idle();
        }
    }

    private void SendErased() => Send([]);

    private void Send(ReadOnlySpan<byte> data)
    {
        _block.AsSpan().Fill(Erased);
        data.CopyTo(_block);
        var address = _erase.Next!.Value;
        dfu.Download((ushort)((address - _start) / _block.Length), _block);
        var status = dfu.Execute(WriteLimit);
        if (status.State != DfuState.DownloadIdle)
        {
            throw new DfuException($"The device failed to write {_block.Length} bytes at 0x{address:X8}: it reports {status.State.Name()}.", status);
        }

        _erase.Sent(_block.Length);
    }

    private void ToIdle()
    {
        if (_erase.Next is not null)
        {
            dfu.Abort();
            _erase.Stop();
        }
    }

    // The device refuses to end a download that has not begun, and enters dfuERROR.
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

/// <summary>
/// The memories of a Maple bootloader. It has no memory map: the name of each alternate setting ends with the address that
/// it writes to ("DFU Program FLASH 0x08005000", "... Upload to Flash 0x8002000"), and a map is made from that.
/// </summary>
public static class MapleMemories
{
    // usb.c of the STM32duino bootloader: wTransferSize is the size of a page, 1 KiB up to 128 KiB of flash and 2 KiB
    // beyond. The size of the flash cannot be queried; 128 KiB (medium density) and 512 KiB (high density) are the
    // largest parts (RM0008, 3.3.3).
    private const uint MediumDensityPage = 1024;
    private const uint MediumDensityEnd = FlashAddress.FlashBase + 0x2_0000;
    private const uint HighDensityEnd = FlashAddress.FlashBase + 0x8_0000;
    private const SectorAccess Writable = SectorAccess.Read | SectorAccess.Erase | SectorAccess.Write;

    /// <summary>
    /// The memories of a device, the highest address first: each extends to the end of the flash, and an address belongs to
    /// the memory whose start is the closest at or below it. Alternate settings for RAM are omitted: nothing is ever written there.
    /// </summary>
    /// <param name="description">The descriptors of the device; its wTransferSize is above 0.</param>
    public static IReadOnlyList<DfuMemory> Of(DfuDescription description)
    {
        var memories = description.Alternates.Select(a => Memory(a, description.Functional.TransferSize)).OfType<DfuMemory>().ToList();
        memories.Sort((a, b) => b.FixedStart!.Value.CompareTo(a.FixedStart!.Value));
        return memories;
    }

    private static DfuMemory? Memory(DfuAlternate alternate, uint page)
    {
        if (AddressIn(alternate.Name) is not { } start || !FlashAddress.IsInternalFlash(start))
        {
            return null;
        }

        var end = page <= MediumDensityPage ? MediumDensityEnd : HighDensityEnd;
        var pages = (int)((Math.Max(end, start + page) - start) / page);
        return new DfuMemory(alternate, new MemoryMap("Flash (size inferred)", [new SectorGroup(start, pages, page, Writable)])) { FixedStart = start };
    }

    private static uint? AddressIn(string name)
    {
        var prefix = name.LastIndexOf("0x", StringComparison.Ordinal);
        return prefix >= 0
            && uint.TryParse(name.AsSpan(prefix + 2).TrimEnd(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var address)
                ? address
                : null;
    }
}
