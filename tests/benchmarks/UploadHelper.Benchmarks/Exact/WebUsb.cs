using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>
/// A flasher in the browser: EdgeTX Buddy (src/shared/dfu/index.ts of d0ff82f, after its pull request 88), which is devanlai/webdfu
/// without the sleeps. It erases sector by sector, then sets the address before every block, and asks again at once while the device is
/// busy; a failed GETSTATUS counts as busy then. Its sleep(0), which takes up to 4 ms in a browser, is taken to take no time.
/// </summary>
/// <param name="device">The open device, its interface claimed.</param>
/// <param name="description">What it says of itself.</param>
/// <param name="time">The clock.</param>
public sealed class WebUsb(IUsbDevice device, DfuDescription description, TimeProvider time)
    : Peer(device, description, time, TimeSpan.FromHours(1))
{
    /// <inheritdoc/>
    public override void Run(uint address, byte[] image)
    {
        if (GetStatus().State == DfuState.Error)
        {
            Out(DfuRequest.ClearStatus, 0, []);
        }

        foreach (var sector in Sectors(address, image.Length))
        {
            Execute(0x41, sector);
        }

        for (var offset = 0; offset < image.Length; offset += TransferSize)
        {
            Execute(0x21, address + (uint)offset);
            Out(DfuRequest.Download, 2, image.AsSpan(offset, Math.Min(TransferSize, image.Length - offset)));
            ThrowIfFailed(PollUntil(state => state == DfuState.DownloadIdle));
        }

        Execute(0x21, address);
        Out(DfuRequest.Download, 0, []);
        IgnoreGone(() => PollUntil(state => state == DfuState.Manifest));
    }

    private void Execute(byte command, uint address)
    {
        Command(command, address);
        ThrowIfFailed(PollUntil(state => state != DfuState.DownloadBusy));
    }

    private DfuStatus PollUntil(Predicate<DfuState> isOver)
    {
        var status = GetStatus();
        while (!isOver(status.State) && status.State != DfuState.Error)
        {
            try
            {
                status = GetStatus();
            }
            catch (UsbException e) when (e.Fault != UsbFault.Gone)
            {
            }
        }

        return status;
    }
}
