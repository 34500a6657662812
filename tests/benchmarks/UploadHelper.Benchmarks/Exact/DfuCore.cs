using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>
/// The Rust library dfu-core 0.11.1 with dfu-libusb 0.6.2 (download.rs, get_status.rs, synchronous.rs of 2066a83): it sets the address
/// once and counts wBlockNum up, three transfers for each block, and sleeps every poll time-out between two GETSTATUS of an operation. It takes
/// the sizes of the sectors from the start of the map, wherever the image begins.
/// </summary>
/// <param name="device">The open device, its interface claimed.</param>
/// <param name="description">What it says of itself.</param>
/// <param name="time">The clock.</param>
public sealed class DfuCore(IUsbDevice device, DfuDescription description, TimeProvider time)
    : Peer(device, description, time, TimeSpan.FromSeconds(3))
{
    // It has none, and would wait for ever.
    private const int Patience = 1000;

    /// <inheritdoc/>
    public override void Run(uint address, byte[] image)
    {
        if (GetStatus().State == DfuState.Error)
        {
            Out(DfuRequest.ClearStatus, 0, []);
        }

        GetStatus();
        var end = address + (long)image.Length;
        var sectors = MemoryMap.Parse(Description.Alternates[0].Name).Groups.SelectMany(g => Enumerable.Repeat(g.SectorSize, g.Count)).GetEnumerator();
        for (long erased = address; erased < end && sectors.MoveNext(); erased += sectors.Current)
        {
            Command(0x41, (uint)erased);
            Wait(DfuState.DownloadBusy, DfuState.DownloadIdle);
        }

        Command(0x21, address);
        Wait(DfuState.DownloadBusy, DfuState.DownloadIdle);
        ushort number = 2;
        for (var offset = 0; offset < image.Length; offset += TransferSize)
        {
            Out(DfuRequest.Download, number++, image.AsSpan(offset, Math.Min(TransferSize, image.Length - offset)));
            Wait(DfuState.DownloadBusy, DfuState.DownloadIdle);
        }

        Out(DfuRequest.Download, number, []);
        IgnoreGone(() =>
        {
            Wait(DfuState.Manifest, DfuState.Manifest);
            if (!Description.Functional.WillDetach)
            {
                ResetPort();
            }
        });
    }

    private void Wait(DfuState intermediate, DfuState final)
    {
        var status = GetStatus();
        for (var requests = 1; status.State != final; requests++)
        {
            if (requests == Patience || (status.State != intermediate && status.State != DfuState.DownloadSync))
            {
                throw new DfuException(requests == Patience ? "it waits without end for a device that stays busy" : $"it stops at {status}", status);
            }

            Sleep(status.PollTimeout);
            status = GetStatus();
        }
    }
}
