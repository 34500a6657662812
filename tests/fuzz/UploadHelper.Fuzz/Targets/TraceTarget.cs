using UploadHelper.Core.Connecting;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Fuzz.Targets;

/// <summary>Recordings: what --trace writes, captures of USB, and device emulations of fwupd; and what is told of them.</summary>
internal static class TraceTarget
{
    private const int UsbLinuxMapped = 220;
    private const int UsbPcap = 249;

    private static readonly (UsbSetup Setup, byte[] Data)[] Transfers =
    [
        (new UsbSetup(0x80, 6, 0x0100, 0, 18), [18, 1, 0, 2, 0, 0, 0, 64, 0x83, 4, 0x11, 0xDF, 0, 2, 1, 2, 3, 1]),
        (new UsbSetup(0x80, 6, 0x0200, 0, 27), [9, 2, 27, 0, 1, 1, 0, 0xC0, 50, 9, 4, 0, 0, 0, 0xFE, 1, 2, 4, 9, 0x21, 0x0B, 0xFF, 0, 0, 8, 0x1A, 1]),
        (new UsbSetup(0x21, 1, 0, 0, 5), [0x41, 0, 0, 0, 8]),
        (new UsbSetup(0xA1, 3, 0, 0, 6), [0, 0x64, 0, 0, 4, 0]),
        (new UsbSetup(0x21, 1, 2, 0, 8), [0, 0x50, 0, 0x20, 1, 1, 0, 8]),
    ];

    public static FuzzTarget Target { get; } = new(
        "trace",
        ["UploadHelper.Core.Usb.Tracing.Recording", "UploadHelper.Core.Usb.Tracing.TraceLines", "UploadHelper.Core.Usb.Tracing.UsbCapture", "UploadHelper.Core.Usb.Tracing.CapturedTransfers",
            "UploadHelper.Core.Usb.Tracing.DeviceEmulation", "UploadHelper.Core.Diagnosis.RecordedBoards", "UploadHelper.Core.Diagnosis.T", "UploadHelper.Core.Diagnosis.UartWords"],
        () => [Trace("f4boot"), Trace("maple20"), Trace("hid-f1"), Capture(UsbLinuxMapped, Linux), Capture(UsbPcap, Windows), Emulation],
        [.. AllTargets.Bytes("{\"at\":1.5,\"took\":0.5,\"operation\":\"", "\"control\"", "\"serialread\"", "\"devices\":[", "\"ports\":[", "\"setup\":\"", "\"data\":\"", "\"fault\":\"Stall\"", "\"argument\":1",
            "{\"UsbDevices\":[", "\"UsbEvents\":[", "{\"Id\":\"", "ControlTransfer:Direction=0x01,RequestType=0x01,Recipient=0x01,Request=0x01,Value=0x0002,Idx=0x0000,Data=,Length=0x8", "\"Data\":\"AAAA\"", "1e300", "-1", "null", "\n"),
            [0x0A, 0x0D, 0x0D, 0x0A, 28, 0, 0, 0, 0x4D, 0x3C, 0x2B, 0x1A], [1, 0, 0, 0, 20, 0, 0, 0, 189, 0, 0, 0], [3, 0, 0, 0], [6, 0, 0, 0]],
        Run)
    {
        // Each line is told in words.
        Memory = length => (4 << 20) + 4096L * length,
    };

    private static string Run(byte[] input)
    {
        try
        {
            var recording = Recording.Read(input);
            var story = new TraceStory(recording);
            if (story.Lines.Any(l => l.Text.Length == 0 || l.Times < 1 || l.Took < TimeSpan.Zero) || story.Totals.Any(t => t.Bytes < 0 || t.Took < TimeSpan.Zero))
            {
                throw new UnsoundException("a line without words, or a time or size below zero");
            }

            return $"{recording.Format} {recording.Warnings.Count > 0} {story.Boards.Boards.Count > 0} {story.LeftOut > 0} {string.Join(' ', story.Lines.Take(5).Select(l => l.Text))}";
        }
        catch (UploadException e) when (e.Error == UploadError.Configuration && e.Message.Length > 0 && e.Hint.Length > 0)
        {
            return e.Message;
        }
    }

    private static byte[] Trace(string board)
    {
        using var system = new SimulatedSystem(SimulationOptions.Parse(board, StartState.Bootloader), _ => { });
        var text = new StringWriter();
        var bus = new TracingUsbBus(system.Usb, system.Clock, new TraceWriter(text, system.Clock));
        BoardWork.Do(16, new BootloaderRequest(new DeviceFilter([bus.List()[0].Id])) { Timeout = TimeSpan.FromSeconds(2) }, bus, system.SerialPorts, system.Clock);
        return AllTargets.Bytes(string.Join('\n', text.ToString().Split('\n').Take(40)));
    }

    // pcap: its header, and each packet with a header.
    private static byte[] Capture(int link, Func<int, UsbSetup, byte[], bool, byte[]> packet)
    {
        var file = new List<byte>([0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, (byte)link, 0, 0, 0]);
        foreach (var ((setup, data), i) in Transfers.Select((t, i) => (t, i)))
        {
            foreach (var ended in (bool[])[false, true])
            {
                var bytes = packet(i, setup, setup.IsIn == ended ? data : [], ended);
                file.AddRange([1, 0, 0, 0, (byte)i, 0, 0, 0, (byte)bytes.Length, 0, 0, 0, (byte)bytes.Length, 0, 0, 0, .. bytes]);
            }
        }

        return [.. file];
    }

    private static byte[] Linux(int id, UsbSetup setup, byte[] data, bool ended)
    {
        var header = new byte[64];
        (header[0], header[8], header[9], header[10], header[11], header[12]) = ((byte)id, (byte)(ended ? 'C' : 'S'), 2, setup.RequestType, 5, 1);
        (header[14], header[15]) = ((byte)(ended ? '-' : 0), (byte)(data.Length == 0 ? '<' : 0));
        setup.Write(header.AsSpan(40));
        return [.. header, .. data];
    }

    private static byte[] Windows(int id, UsbSetup setup, byte[] data, bool ended)
    {
        var header = new byte[28];
        (header[0], header[2], header[16], header[17], header[19], header[22], header[27]) = (28, (byte)id, (byte)(ended ? 1 : 0), 1, 5, 2, (byte)(ended ? 3 : 0));
        var bytes = new byte[UsbSetup.Size];
        setup.Write(bytes);
        return [.. header, .. ended ? [] : bytes, .. data];
    }

    private static byte[] Emulation => AllTargets.Bytes(
        """
        {"UsbDevices":[{"PlatformId":"1-1","IdVendor":10473,"IdProduct":393,"Device":256,"UsbInterfaces":[{"InterfaceClass":254,"InterfaceSubClass":1,"InterfaceProtocol":2}],
        "UsbEvents":[{"Id":"GetStringDescriptor:DescIndex=0x04","Data":"QEludGVybmFs"},
        {"Id":"ControlTransfer:Direction=0x01,RequestType=0x01,Recipient=0x01,Request=0x01,Value=0x0000,Idx=0x0000,Data=QQAAAAg=,Length=0x5","Data":"QQAAAAg="},
        {"Id":"ControlTransfer:Direction=0x00,RequestType=0x01,Recipient=0x01,Request=0x03,Value=0x0000,Idx=0x0000,Data=AAAAAAAA,Length=0x6","Data":"AGQAAAQA"},
        {"Id":"#0c11a5f2","Error":-9},{"Id":"InterruptTransfer:Endpoint=0x81,Data=,Length=0x8","Data":""}]}]}
        """);
}
