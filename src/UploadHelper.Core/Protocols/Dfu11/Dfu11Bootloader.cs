using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Dfu11;

/// <summary>
/// A plain DFU 1.1 bootloader in dfuIDLE whose pages are known (dapboot, dfu.c). It ignores wBlockNum: from dfuIDLE on, a
/// download begins at the start of the memory and a block goes where the last one ended; an upload does the same. A block erases each
/// page that it enters. So pages are written in order, whole, and those without data as erased; ABORT returns to the start, and
/// from there the first page can be written again on its own, after everything else.
///
/// It answers every request in every state, also where the standard wants a STALL: a block that comes too early is lost, and
/// an UPLOAD outside dfuIDLE returns what happens to be in a buffer. So its state is looked at first.
/// </summary>
/// <param name="dfu">The connection to it.</param>
/// <param name="map">Its pages; the first is where a download begins.</param>
/// <param name="functional">Its functional descriptor.</param>
/// <param name="erased">What an erased byte reads as.</param>
public sealed class Dfu11Bootloader(DfuConnection dfu, MemoryMap map, DfuFunctionalDescriptor functional, byte erased) : IBootloader
{
    private readonly uint _start = map.Groups[0].Address;

    // It has a next block unless the device is in dfuIDLE.
    private readonly DeferredErase _erase = new(map.Groups[0].Address);
    private readonly Dfu11Transfers _transfers = new(dfu, map.Groups[0].Address, functional.TransferSize);
    private readonly byte[] _block = new byte[functional.TransferSize];

    /// <summary>
    /// Where it keeps the sketch's stack pointer and reset vector, if the first page has its own; null otherwise. It reads as the sketch
    /// that was sent, with 0 in these words; without a sketch they count as erased.
    /// </summary>
    public KeptVectors? KeptVectors { get; init; }

    /// <inheritdoc/>
    public bool CanRead => functional.CanUpload;

    /// <inheritdoc/>
    public bool IsSequential => true;

    /// <inheritdoc/>
    public bool WriteErases => true;

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
                Begin();
            }

            _erase.Finish(SendErased);
        }
    }

    /// <inheritdoc/>
    /// <remarks>What is written is reported page by page: a page of several blocks is in pieces until the last of them.</remarks>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written)
    {
        if (_erase.Next is null || address < _erase.Next)
        {
            _erase.Finish(SendErased);
            ToIdle();
            Begin();
        }

        _erase.FillUpTo(address, SendErased);
        var reported = 0;
        for (var offset = 0; offset < data.Length; offset += _block.Length)
        {
            var block = data.Slice(offset, Math.Min(_block.Length, data.Length - offset));
            Send(block.Span);
            var done = offset + block.Length;
            if (done == data.Length)
            {
                _erase.FillUpTo(map.SectorAt(address + (long)done - 1)!.Value.End, SendErased);
            }

            if (done == data.Length || map.SectorAt(address + (long)done)?.Address == address + (long)done)
            {
                written(done - reported);
                reported = done;
            }
        }
    }

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
    {
        Flush();
        ToIdle();
        _transfers.Read(address, length, (from, block) => next(from, KeptVectors is { } kept && from == _start ? ErasedOrNot(block, kept) : block));
    }

    /// <inheritdoc/>
    /// <remarks>DETACH in any state resets the microcontroller, which starts the sketch if its stack pointer is plausible (dfu_on_detach_complete()).</remarks>
    public void Leave(uint address)
    {
        Flush();
        try
        {
            dfu.Detach(0);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
            // It has reset before it answered.
        }
    }

    private ReadOnlyMemory<byte> ErasedOrNot(ReadOnlyMemory<byte> block, KeptVectors kept)
    {
        if (block.Length < kept.Offset + Bootloaders.KeptVectors.Size || block.Span[..Bootloaders.KeptVectors.Size].ContainsAnyExcept(erased))
        {
            return block;
        }

        var data = block.ToArray();
        data.AsSpan(kept.Offset, Bootloaders.KeptVectors.Size).Fill(erased);
        return data;
    }

    private void Begin()
    {
        // An error that came in dfuDNLOAD-IDLE stays after ABORT; CLRSTATUS does no harm in any state (dfu_set_status()).
        dfu.ClearStatus();
        _transfers.Restart();
        _erase.Begin();
    }

    private void SendErased() => Send([]);

    private void Send(ReadOnlySpan<byte> data)
    {
        _block.AsSpan().Fill(erased);
        data.CopyTo(_block);
        _transfers.Send(_block, _erase.Next!.Value);
        _erase.Sent(_block.Length);
    }

    private void ToIdle()
    {
        if (_erase.Next is not null)
        {
            dfu.Idle();
            _erase.Stop();
        }
    }
}

/// <summary>The memory of a plain DFU bootloader: its descriptors have no map, so it is made from what is known.</summary>
public static class Dfu11Memories
{
    private const SectorAccess Writable = SectorAccess.Read | SectorAccess.Erase | SectorAccess.Write;

    // The largest flash of an STM32 is 4 MiB; a device that cannot take a block says so.
    private const uint LargestFlash = 0x40_0000;

    /// <summary>The memory.</summary>
    /// <param name="description">The descriptors of the device; its wTransferSize is above 0.</param>
    /// <param name="area">Where it writes; null if that is not known.</param>
    /// <param name="start">Where the user says that it writes, for an unknown device; null for the start of the flash.</param>
    public static DfuMemory Of(DfuDescription description, DownloadArea? area, uint? start)
    {
        var map = area is null ? Unknown(start ?? FlashAddress.FlashBase, description.Functional.TransferSize) : Known(area);
        return new DfuMemory(description.Alternates[0], map) { FixedStart = map.Groups[0].Address };
    }

    private static MemoryMap Known(DownloadArea area)
    {
        var pages = new SectorGroup(area.Start, (int)((area.End - area.Start) / area.Page), area.Page, Writable);
        return area.OwnEnd is { } end
            ? new MemoryMap("Flash", [pages, new SectorGroup((uint)area.End, (int)((end - area.End) / area.Page), area.Page, SectorAccess.Read)])
            : new MemoryMap("Flash (size inferred)", [pages]);
    }

    private static MemoryMap Unknown(uint start, uint block) =>
        new("Memory (address given by the user, size unknown)", [new SectorGroup(start, (int)(LargestFlash / block), block, Writable)]);
}
