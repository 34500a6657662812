using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>
/// dfu-util 0.11 (main.c, dfuse.c, dfu_load.c of commit 5134687): it erases each page first, then sets the address before every block,
/// and sleeps every poll time-out that is reported. A STALL of the GETSTATUS after a command counts as busy, up to three times for
/// each command.
/// </summary>
/// <param name="device">The open device, its interface claimed.</param>
/// <param name="description">What it says of itself.</param>
/// <param name="time">The clock.</param>
public class DfuUtil(IUsbDevice device, DfuDescription description, TimeProvider time)
    : Peer(device, description, time, TimeSpan.FromSeconds(5))
{
    /// <summary>How many STALLs of one operation it takes for "busy".</summary>
    protected const int Stalls = 3;

    /// <summary>How many STALLs it gets over while a block is written.</summary>
    protected virtual int StallsOfBlock => 0;

    /// <inheritdoc/>
    public override void Run(uint address, byte[] image)
    {
        for (var status = GetStatus(); ; status = GetStatus())
        {
            Sleep(status.PollTimeout);
            if (status.State != DfuState.Error)
            {
                break;
            }

            Out(DfuRequest.ClearStatus, 0, []);
        }

        if (Description.IsDfuSe)
        {
            WriteDfuSe(address, image);
        }
        else
        {
            Plain(image);
        }
    }

    /// <summary>What it does between two GETSTATUS of an operation.</summary>
    protected virtual void Pause(DfuStatus status) => Sleep(status.PollTimeout);

    private void WriteDfuSe(uint address, byte[] image)
    {
        foreach (var sector in Sectors(address, image.Length))
        {
            Execute(0x41, sector);
        }

        for (var offset = 0; offset < image.Length; offset += TransferSize)
        {
            Execute(0x21, address + (uint)offset);
            Chunk(image.AsSpan(offset, Math.Min(TransferSize, image.Length - offset)));
        }

        Execute(0x21, address);
        IgnoreGone(() => Chunk([]));
    }

    // dfuse_special_command()
    private void Execute(byte command, uint address)
    {
        Command(command, address);
        DfuStatus status = default;
        var stalls = 0;
        do
        {
            try
            {
                status = GetStatus();
            }
            catch (UsbException e) when (e.Fault == UsbFault.Stall && status.PollTimeout > TimeSpan.Zero && stalls++ < Stalls)
            {
                status = status with { State = DfuState.DownloadBusy };
            }

            Pause(status);
        }
        while (status.State == DfuState.DownloadBusy);
        ThrowIfFailed(status);
    }

    // dfuse_dnload_chunk()
    private void Chunk(ReadOnlySpan<byte> data)
    {
        Out(DfuRequest.Download, 2, data);
        DfuStatus status = default;
        var stalls = 0;
        do
        {
            try
            {
                status = GetStatus();
            }
            catch (UsbException e) when (e.Fault == UsbFault.Stall && stalls++ < StallsOfBlock)
            {
                status = status with { State = DfuState.DownloadBusy };
                continue;
            }

            Pause(status);
        }
        while (status.State is not (DfuState.DownloadIdle or DfuState.Error or DfuState.Manifest));
        ThrowIfFailed(status);
    }

    // Plain DFU: a block, then its status until it is over. The bootloader's blocks are whole ones.
    private void Plain(byte[] image)
    {
        var block = new byte[TransferSize];
        ushort number = 0;
        for (var offset = 0; offset < image.Length; offset += TransferSize)
        {
            block.AsSpan().Fill(0xFF);
            image.AsSpan(offset, Math.Min(TransferSize, image.Length - offset)).CopyTo(block);
            Out(DfuRequest.Download, number++, block);
            while (GetStatus() is { State: not (DfuState.DownloadIdle or DfuState.Error) } busy)
            {
                Sleep(busy.PollTimeout);
            }
        }

        Out(DfuRequest.Download, number, []);
        IgnoreGone(() => Sleep(GetStatus().PollTimeout));
        ResetPort();
    }
}

/// <summary>
/// The master branch of dfu-util (dfuse.c of commit f9a537c of 2025-03-02, not released) with the DfuSe modifier ":fast": as 0.11, without a
/// sleep in any operation, and with three STALLs of a block forgiven. There are still six transfers for each block.
/// </summary>
/// <param name="device">The open device, its interface claimed.</param>
/// <param name="description">What it says of itself.</param>
/// <param name="time">The clock.</param>
public sealed class DfuUtilFast(IUsbDevice device, DfuDescription description, TimeProvider time) : DfuUtil(device, description, time)
{
    /// <inheritdoc/>
    protected override int StallsOfBlock => Stalls;

    /// <inheritdoc/>
    protected override void Pause(DfuStatus status)
    {
    }
}
