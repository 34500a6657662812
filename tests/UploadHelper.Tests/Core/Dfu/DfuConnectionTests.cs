using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Core.Dfu;

/// <summary>Whatever state an earlier, killed host left the device in, the next upload starts from dfuIDLE and succeeds.</summary>
public class DfuConnectionTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static TheoryData<string, uint, string> LeftBehind()
    {
        var data = new TheoryData<string, uint, string>();
        foreach (var row in EveryBootloaderTests.Boards().Where(row => (uint)row[1] < 0x0810_0000))
        {
            var (board, address) = ((string)row[0], (uint)row[1]);
            foreach (var script in (string[])["", "clear", "download", "download status", "download status status", "erase status", "abort upload", "mismatch"])
            {
                // h0wch33 can neither be read, nor does it have a pointer from the beginning.
                // A C562 refuses a CLRSTATUS that it does not need.
                if ((board != "h0wch33" || script is not ("abort upload" or "mismatch")) && !(board.EndsWith("c562", StringComparison.Ordinal) && script == "clear"))
                {
                    data.Add(board, address, script);
                }
            }
        }

        // Asked to leave and not yet told to: F4Bootloader comes back by itself. The ROM has then started the sketch.
        data.Add("f4boot", 0x0800_4000, "leave");
        return data;
    }

    [Theory]
    [MemberData(nameof(LeftBehind))]
    public void It_comes_back_to_idle(string board, uint address, string script)
    {
        var bench = new Bench(board, StartState.Bootloader);
        using (var device = bench.System.Usb.Open(bench.System.Usb.List()[0]))
        {
            if (PowersUpInError(device))
            {
                Send(device, "clear");
            }

            foreach (var step in script.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                Send(device, step);
            }
        }

        var result = bench.Upload(bench.Request(address, 2_000) with { Port = null });

        Assert.Equal(result.Device.Functional.CanUpload, result.Verified);
    }

    private static bool PowersUpInError(IUsbDevice device)
    {
        var status = new byte[DfuStatus.Size];
        device.ControlIn(new UsbSetup(0xA1, (byte)DfuRequest.GetStatus, 0, 0, 6), status, Second);
        return DfuStatus.Read(status).State == DfuState.Error;
    }

    private static void Send(IUsbDevice device, string step)
    {
        switch (step)
        {
            case "clear":
                device.ControlOut(new UsbSetup(0x21, (byte)DfuRequest.ClearStatus, 0, 0, 0), [], Second);
                break;
            case "abort":
                device.ControlOut(new UsbSetup(0x21, (byte)DfuRequest.Abort, 0, 0, 0), [], Second);
                break;
            case "download":
                device.ControlOut(new UsbSetup(0x21, (byte)DfuRequest.Download, 0, 0, 5), [0x21, 0x00, 0x40, 0x00, 0x08], Second);
                break;
            case "erase":
                device.ControlOut(new UsbSetup(0x21, (byte)DfuRequest.Download, 0, 0, 5), [0x41, 0x00, 0x00, 0x02, 0x08], Second);
                break;
            case "status":
                device.ControlIn(new UsbSetup(0xA1, (byte)DfuRequest.GetStatus, 0, 0, 6), new byte[6], TimeSpan.FromSeconds(5));
                break;
            case "upload":
                device.ControlIn(new UsbSetup(0xA1, (byte)DfuRequest.Upload, 2, 0, 64), new byte[64], Second);
                break;
            case "leave":
                device.ControlOut(new UsbSetup(0x21, (byte)DfuRequest.Download, 2, 0, 0), [], Second);
                break;
            case "mismatch":
                device.ControlOut(new UsbSetup(0x21, (byte)DfuRequest.Download, 20, 0, 4), [0xFF, 0xFF, 0xFF, 0xFF], Second);
                Send(device, "status");
                break;
        }
    }
}
