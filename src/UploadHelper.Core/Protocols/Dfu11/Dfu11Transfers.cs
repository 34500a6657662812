using System.Text;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.Dfu11;

/// <summary>
/// Downloads and uploads of plain DFU 1.1 (USB DFU 1.1, 6): both begin in dfuIDLE at the start of the memory, with wBlockNum 0, and
/// continue block by block.
/// </summary>
/// <param name="dfu">The connection.</param>
/// <param name="start">The address of the first byte.</param>
/// <param name="transferSize">wTransferSize.</param>
internal sealed class Dfu11Transfers(DfuConnection dfu, uint start, int transferSize)
{
    private const int ReadAttempts = 3;

    private const string NotHeld =
        $"errVERIFY means that the board has compared, and its flash does not hold what was sent: the flash ends there, is write-protected or worn out. {Again.Sentence}; if it fails at the same address, make the sketch smaller or upload it to another board.";

    // A page of an STM32F103 takes 50 to 110 ms; clones are said to be much slower (devanlai/dapboot, pull request 58), and a sector of
    // 128 KiB takes up to 4 s.
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(30);

    private ushort _number;

    /// <summary>The next block is the first of a download; the device is in dfuIDLE.</summary>
    public void Restart() => _number = 0;

    /// <summary>Sends the next block of a download.</summary>
    /// <param name="block">At most wTransferSize bytes.</param>
    /// <param name="address">Where the device writes it, for messages.</param>
    /// <exception cref="UsbException">The transfer failed.</exception>
    /// <exception cref="DfuException">The device reports an error. On dapboot, one may come in dfuDNLOAD-IDLE too, so that both state and status count.</exception>
    public void Send(ReadOnlySpan<byte> block, long address)
    {
        dfu.Download(_number++, block);
        var status = dfu.Execute(WriteLimit);
        if (status.State != DfuState.DownloadIdle || status.Code != DfuStatusCode.Ok)
        {
            throw new DfuException($"The device failed to write {block.Length} bytes at 0x{address:X8}: it reports {status}.", status)
            {
                Hint = status.Code == DfuStatusCode.ErrVerify ? NotHeld : null,
            };
        }
    }

    /// <summary>Reads, as <see cref="IBootloader.Read"/>. What comes before the range is read too: there is no other way to get there.</summary>
    /// <exception cref="UsbException">A transfer failed or returned too few bytes, as at the end of the memory; the device is in dfuIDLE again.</exception>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
    {
        long wanted = address;
        var end = address + (long)length;
        for (var attempt = 1; wanted < end; attempt++)
        {
            try
            {
                ReadFromStart();
            }
            catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io)
            {
                // Reading changes nothing, so it begins again.
                dfu.Idle();
                if (attempt == ReadAttempts)
                {
                    throw;
                }
            }
        }

        dfu.Idle();

        void ReadFromStart()
        {
            var buffer = new byte[transferSize];
            ushort number = 0;
            for (long at = start; wanted < end; at += buffer.Length)
            {
                var received = dfu.Upload(number++, buffer);
                if (received < buffer.Length && at + received < end)
                {
                    throw new UsbException(UsbFault.Io, $"The device returned {received} of {buffer.Length} bytes while reading at 0x{at:X8}, as at the end of its memory.");
                }

                var from = Math.Max(at, wanted);
                var until = Math.Min(at + buffer.Length, end);
                if (from < until)
                {
                    wanted = next((uint)from, buffer.AsMemory((int)(from - at), (int)(until - from)));
                }
            }
        }
    }
}

/// <summary>
/// Finds a bootloader that lies at the end of the flash, in builds for several sizes of it that have the same descriptors: its own pages
/// contain its product string. The flash is read up to there and no further, since it may end there.
/// </summary>
internal static class OwnPages
{
    /// <summary>Looks for the bootloader.</summary>
    /// <param name="dfu">The connection; the device is in dfuIDLE, and is again afterwards.</param>
    /// <param name="area">Where it writes in its smallest build.</param>
    /// <param name="functional">Its functional descriptor.</param>
    /// <returns>Where it writes; as in its smallest build if it is not found, which is always safe.</returns>
    /// <exception cref="UsbException">A transfer failed.</exception>
    public static DownloadArea Find(DfuConnection dfu, DownloadArea area, DfuFunctionalDescriptor functional)
    {
        var smallest = area with { OwnText = null };
        if (!functional.CanUpload)
        {
            return smallest;
        }

        dfu.Idle();
        var text = Encoding.ASCII.GetBytes(area.OwnText!);
        var flash = new byte[area.OwnPlaces[^1]];
        DownloadArea? found = null;
        try
        {
            new Dfu11Transfers(dfu, area.Start, functional.TransferSize).Read(area.Start, flash.Length, (from, block) =>
            {
                block.CopyTo(flash.AsMemory((int)(from - area.Start)));
                var end = from - area.Start + (uint)block.Length;
                found = area.OwnPlaces.Contains(end) && flash.AsSpan((int)(end - DownloadArea.OwnSize), (int)DownloadArea.OwnSize).IndexOf(text) >= 0
                    ? DapbootFamily.HighArea(end, area.Page)
                    : null;
                return found is null ? from + (long)block.Length : long.MaxValue;
            });
        }
        catch (UsbException e) when (e.Fault is UsbFault.Stall or UsbFault.Io)
        {
            // The flash ends, and the bootloader was not in it: its text has been changed.
        }

        return found ?? smallest;
    }
}
