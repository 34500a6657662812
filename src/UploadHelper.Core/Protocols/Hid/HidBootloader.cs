using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Hid;

/// <summary>
/// The HID bootloader (Serasidis/STM32_HID_Bootloader). It writes what it receives page after page from a fixed address on, and
/// erases each page, or sector on an F4, when its first block comes; only command 0 leads back to the first one. Nothing can be
/// read, and no failure is reported.
/// <para>
/// The first block, with the vector table, is sent as erased flash at first. At the end the pages that are erased together with it
/// are sent again, with the real one: until then an F1 starts no sketch.
/// </para>
/// <para>
/// Of a cancelled upload, part of a page may be left in the device: everything would land shifted, and be confirmed all the same.
/// So the first thing is to get in step, and after any failure everything is sent again.
/// </para>
/// </summary>
/// <param name="hid">The connection to it.</param>
/// <param name="start">Where it writes the first page.</param>
/// <param name="isF4">Whether it is the one for F4.</param>
public sealed class HidBootloader(HidConnection hid, uint start, bool isF4) : IBootloader
{
    private const int Block = HidFamily.BlockSize;
    private const int SmallPage = 1024;
    private const int LargePage = HidFamily.LargestPage;
    private const byte Erased = 0xFF;

    // Parts with pages of 1 KiB have 128 KiB of flash at most (PM0075).
    private const long SmallPagesEnd = FlashAddress.FlashBase + 0x2_0000;

    // The first sector of a sketch on an F4.
    private const int F4Unit = 0x4000;

    // More than a page takes; twice what a sector of 128 KiB takes at most (DS8626).
    private static readonly TimeSpan BlockLimit = TimeSpan.FromSeconds(8);

    // It confirms command 0 at once; builds before 2.2.2 do not confirm it at all.
    private static readonly TimeSpan RestartLimit = TimeSpan.FromMilliseconds(100);

    private readonly byte[] _erased = Enumerable.Repeat(Erased, Block).ToArray();

    // What was sent of the pages that are erased with the first block.
    private readonly byte[] _first = Enumerable.Repeat(Erased, F4Unit).ToArray();

    private bool _isInStep;
    private bool _confirmsRestart;
    private int _page = isF4 ? SmallPage : 0;

    // It has a next block once it is known where that goes.
    private readonly DeferredErase _erase = new(start);

    // The end of what was sent since the first page.
    private long _sentEnd;

    /// <inheritdoc/>
    public bool CanRead => false;

    /// <inheritdoc/>
    public bool IsSequential => true;

    /// <inheritdoc/>
    public bool WriteErases => true;

    /// <inheritdoc/>
    public void Erase(Sector sector) => _erase.Note(sector, isF4 ? Block : null);

    /// <inheritdoc/>
    public void Flush()
    {
        if (_erase.Owed > 0)
        {
            Begin(_erase.Owed);
            _erase.Finish(SendErased);
        }

        CompletePage();
    }

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written)
    {
        Begin(Math.Max(_erase.End, address + (long)data.Length));
        if (address < _erase.Next)
        {
            _erase.Finish(SendErased);
            CompletePage();
            Restart();
        }

        _erase.FillUpTo(address, SendErased);
        for (var offset = 0; offset < data.Length; offset += Block)
        {
            var length = Math.Min(Block, data.Length - offset);
            var block = _erased.ToArray();
            data.Slice(offset, length).CopyTo(block);
            Send(block);
            if (offset + length == data.Length)
            {
                // Before that, the last block is not in flash, or what was erased with it is missing.
                CompleteUnit();
            }

            written(length);
        }
    }

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next) =>
        throw new DfuException("This bootloader cannot read flash.");

    /// <inheritdoc/>
    /// <remarks>It goes off the bus as soon as it has the command, perhaps before it has confirmed it.</remarks>
    public void Leave(uint address)
    {
        Flush();
        if (!_isInStep)
        {
            GetInStep();
        }

        for (var attempt = 1; attempt <= 2; attempt++)
        {
            try
            {
                hid.Command(HidCommand.Leave);
                return;
            }
            catch (UsbException e) when (e.Fault is UsbFault.Gone)
            {
                return;
            }
            catch (UsbException e) when (attempt == 1 && e.Fault is UsbFault.Timeout or UsbFault.Stall or UsbFault.Io)
            {
                // If it has the command, it is gone at the next attempt.
            }
        }
    }

    private void Begin(long end)
    {
        if (_erase.Next is not null)
        {
            return;
        }

        GetInStep();
        if (_page == 0)
        {
            FindPageSize();
        }

        if (!isF4 && _page == SmallPage && end > SmallPagesEnd)
        {
            throw new DfuException(
                $"This bootloader was built for chips with pages of 1 KiB, which have flash up to 0x{SmallPagesEnd - 1:X8}; the sketch ends at 0x{end - 1:X8}. "
                    + "On a chip with larger pages, only a build for pages of 2 KiB writes everything.");
        }

        _erase.Begin();
    }

    // With an unfinished page in its buffer, even command 0 is data.
    private void GetInStep()
    {
        hid.Idle();
        if (isF4)
        {
            // Its packets stay whole, so that command 0 is one at any time.
            hid.FetchLeftOver();
            hid.Command(HidCommand.Restart);
        }
        else if (hid.CanReset)
        {
            hid.Reset();
            _confirmsRestart = IsRestartConfirmed();
        }
        else
        {
            hid.FetchLeftOver();
            _confirmsRestart = FillUp();
        }

        _isInStep = true;
    }

    // Without a bus reset: command 0 again and again fills up the page, which is written where the other upload stopped. In a page of
    // data, of 17 in a row at least one is confirmed, and of two in a row at most one. Returns whether the build confirms command 0.
    private bool FillUp()
    {
        const int Silent = 17;
        const int Most = 100;
        for (var (sent, confirmed, silent) = (0, 0, 0); sent < Most; sent++)
        {
            (confirmed, silent) = IsRestartConfirmed() ? (confirmed + 1, 0) : (0, silent + 1);
            if (confirmed == 2 || silent == Silent)
            {
                hid.FetchLeftOver();
                return confirmed > 0;
            }
        }

        throw new DfuException("The device is in the middle of a page of an earlier upload, and does not return to its first page. Unplug the board and plug it in again.");
    }

    private bool IsRestartConfirmed()
    {
        hid.Command(HidCommand.Restart);
        return hid.IsConfirmed(RestartLimit);
    }

    // After 1 KiB, a build for such pages is at the beginning of one, where command 0 is a command; in the middle of a page of 2 KiB
    // it is data. Builds before 2.2.2 have pages of 1 KiB. Meanwhile the first page is erased.
    private void FindPageSize()
    {
        SendBlock(_erased);
        _page = SmallPage;
        hid.Command(HidCommand.Restart);
        if (_confirmsRestart && !hid.IsConfirmed(RestartLimit))
        {
            _page = LargePage;
            SendReports(_erased.AsSpan(HidConnection.ReportSize));
            Confirm();
            hid.Command(HidCommand.Restart);
            Confirm();
        }
    }

    private void Restart()
    {
        hid.Command(HidCommand.Restart);
        if (_confirmsRestart)
        {
            Confirm();
        }

        _erase.Begin();
    }

    private void SendErased() => Send(_erased);

    // A page of which only half has come would never be written, and the next command be taken for data.
    private void CompletePage()
    {
        while (_erase.Next is { } next && (next - start) % _page != 0)
        {
            Send(Rest(next));
        }
    }

    // After the first block was sent again: what was erased with it.
    private void CompleteUnit()
    {
        var unitEnd = Math.Min(start + (isF4 ? F4Unit : _page), _sentEnd);
        while (_erase.Next is { } next && next > start && next < unitEnd)
        {
            Send(Rest(next));
        }
    }

    // What was sent there before; erased flash if nothing was.
    private byte[] Rest(long at) => at - start < F4Unit && at < _sentEnd ? _first.AsSpan((int)(at - start), Block).ToArray() : _erased;

    private void Send(byte[] block)
    {
        var at = _erase.Next!.Value;
        SendBlock(block);
        if (at - start < F4Unit)
        {
            block.CopyTo(_first, at - start);
        }

        _erase.Sent(Block);
        _sentEnd = Math.Max(_sentEnd, at + Block);
    }

    private void SendBlock(ReadOnlySpan<byte> block)
    {
        SendReports(block);
        Confirm();
    }

    private void SendReports(ReadOnlySpan<byte> data)
    {
        for (var offset = 0; offset < data.Length; offset += HidConnection.ReportSize)
        {
            hid.Send(data.Slice(offset, HidConnection.ReportSize));
        }
    }

    // It must be fetched before the next report: the device may be writing until then.
    private void Confirm()
    {
        if (!hid.IsConfirmed(BlockLimit))
        {
            throw new UsbException(UsbFault.Timeout, $"The device did not confirm a block within {BlockLimit.TotalSeconds:0} s.");
        }
    }
}

/// <summary>The memories of a HID bootloader, of which its descriptors say nothing.</summary>
public static class HidMemories
{
    private const SectorAccess Writable = SectorAccess.Erase | SectorAccess.Write;

    /// <summary>
    /// The memories of a device, the highest address first, up to the end of the largest part: an address belongs to the memory whose
    /// start is the closest at or below it.
    /// </summary>
    /// <param name="device">The descriptors of the device.</param>
    public static IReadOnlyList<DfuMemory> Of(DfuDescription device) =>
        [.. HidFamily.StartsOf(device).Select(start => Memory(device, start, HidFamily.IsF4(device) ? F4Sectors(start) : [F1Pages(start)]))];

    private static DfuMemory Memory(DfuDescription device, uint start, IReadOnlyList<SectorGroup> groups) =>
        new(device.Alternates[0], new MemoryMap("Flash (size unknown)", groups)) { FixedStart = start };

    // hid.c: the number of a page is a byte, and nothing checks it. After page 255 comes page 0, the bootloader.
    private static SectorGroup F1Pages(uint start)
    {
        const uint End = FlashAddress.FlashBase + 256 * HidFamily.LargestPage;
        return new(start, (int)((End - start) / HidFamily.LargestPage), HidFamily.LargestPage, Writable);
    }

    // main.c counts sectors from 1 on, as the first MiB has them (RM0090, 3.3).
    private static IReadOnlyList<SectorGroup> F4Sectors(uint start) =>
        [new(start, 3, 0x4000, Writable), new(0x0801_0000, 1, 0x1_0000, Writable), new(0x0802_0000, 7, 0x2_0000, Writable)];
}
