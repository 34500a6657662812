using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>
/// The requests and sleeps of dfu-util 0.11 for one raw binary (its dfuse.c and dfu_load.c): it erases each page first, then
/// sets the address before every block, sleeps every poll time-out that is reported, and does not verify.
/// </summary>
/// <param name="device">The open device, its interface claimed.</param>
/// <param name="description">What it says of itself.</param>
/// <param name="time">The clock.</param>
public sealed class DfuUtil(IUsbDevice device, DfuDescription description, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private readonly int _transferSize = description.Functional.TransferSize;

    /// <summary>Brings the device to dfuIDLE, writes, and has it leave.</summary>
    /// <param name="address">Where the image begins.</param>
    /// <param name="image">The image.</param>
    public void Run(uint address, byte[] image)
    {
        while (GetStatus() is { State: DfuState.Error })
        {
            Out(DfuRequest.ClearStatus, 0, []);
        }

        if (description.IsDfuSe)
        {
            DfuSe(address, image);
        }
        else
        {
            Plain(image);
        }
    }

    private void DfuSe(uint address, byte[] image)
    {
        var map = MemoryMap.Parse(description.Alternates[0].Name);
        for (long at = address; at < address + (long)image.Length;)
        {
            Command(0x41, (uint)at);
            at = map.SectorAt(at)!.Value.End;
        }

        for (var offset = 0; offset < image.Length; offset += _transferSize)
        {
            Command(0x21, address + (uint)offset);
            Out(DfuRequest.Download, 2, image.AsSpan(offset, Math.Min(_transferSize, image.Length - offset)));
            while (GetStatus().State is not (DfuState.DownloadIdle or DfuState.Error))
            {
            }
        }

        Command(0x21, address);
        Out(DfuRequest.Download, 2, []);
        LeaveStatus();
    }

    // Plain DFU: a block, then its status until it is over. The bootloader's blocks are whole ones.
    private void Plain(byte[] image)
    {
        var block = new byte[_transferSize];
        ushort number = 0;
        for (var offset = 0; offset < image.Length; offset += _transferSize)
        {
            block.AsSpan().Fill(0xFF);
            image.AsSpan(offset, Math.Min(_transferSize, image.Length - offset)).CopyTo(block);
            Out(DfuRequest.Download, number++, block);
            while (GetStatus(sleep: false) is { State: not (DfuState.DownloadIdle or DfuState.Error) } busy)
            {
                time.Wait(busy.PollTimeout, CancellationToken.None);
            }
        }

        Out(DfuRequest.Download, number, []);
        LeaveStatus();
        device.Reset();
    }

    private void Command(byte command, uint address)
    {
        Span<byte> data = stackalloc byte[5];
        data[0] = command;
        BinaryPrimitives.WriteUInt32LittleEndian(data[1..], address);
        Out(DfuRequest.Download, 0, data);
        while (GetStatus().State == DfuState.DownloadBusy)
        {
        }
    }

    private void LeaveStatus()
    {
        try
        {
            GetStatus();
        }
        catch (UsbException)
        {
            // It is gone already.
        }
    }

    private DfuStatus GetStatus(bool sleep = true)
    {
        Span<byte> answer = stackalloc byte[DfuStatus.Size];
        device.ControlIn(new UsbSetup(0xA1, (byte)DfuRequest.GetStatus, 0, 0, DfuStatus.Size), answer, Timeout);
        var status = DfuStatus.Read(answer);
        if (sleep)
        {
            time.Wait(status.PollTimeout, CancellationToken.None);
        }

        return status;
    }

    private void Out(DfuRequest request, ushort value, ReadOnlySpan<byte> data) =>
        device.ControlOut(new UsbSetup(0x21, (byte)request, value, 0, (ushort)data.Length), data, Timeout);
}
