using System.Text;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb.Tracing;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Recordings;

/// <summary>The same upload in every format says the same; a file that is cut off is read as far as it goes, and any other is refused in words.</summary>
public class FormatTests
{
    private static readonly byte[] Trace = Recorded("f4boot", "upload blink.bin --offset 0x4000");

    [Theory]
    [InlineData(CaptureKind.Mapped)]
    [InlineData(CaptureKind.PlainBig)]
    [InlineData(CaptureKind.NextGeneration)]
    [InlineData(CaptureKind.Windows)]
    public void A_capture_has_the_transfers_of_the_trace(CaptureKind kind)
    {
        var traced = Recording.Read(Trace);

        var captured = Recording.Read(CaptureWriter.Write(traced, kind));

        Assert.Equal("USB capture", captured.Format);
        Assert.Empty(captured.Warnings);
        Assert.Equal(Transfers(traced), Transfers(captured));
        var (first, second) = (new TraceStory(traced), new TraceStory(captured));
        Assert.Equal("F4Bootloader", second.Boards.Boards.Single().Name);
        Assert.Equal(first.Failures.Select(f => f.Text), second.Failures.Select(f => f.Text));
        Assert.Equal(first.Totals.Select(t => (t.Purpose, t.Bytes, Milliseconds(t.Took))), second.Totals.Select(t => (t.Purpose, t.Bytes, Milliseconds(t.Took))));
    }

    [Theory]
    [InlineData(CaptureKind.Mapped)]
    [InlineData(CaptureKind.NextGeneration)]
    [InlineData(CaptureKind.Windows)]
    [InlineData(null)]
    public void A_file_that_is_cut_off_is_read_as_far_as_it_goes(CaptureKind? kind)
    {
        var whole = kind is { } capture ? CaptureWriter.Write(Recording.Read(Trace), capture) : Trace;
        var (readable, before) = (0, 0);
        for (var length = 1; length < whole.Length; length += 1 + length / 50)
        {
            try
            {
                var recording = Recording.Read(whole.AsMemory(0, length));
                Assert.InRange(recording.Events.Count, before, int.MaxValue);
                before = recording.Events.Count;
                readable++;
            }
            catch (UploadException e)
            {
                Assert.Equal((UploadError.Configuration, 0), (e.Error, before));
            }
        }

        Assert.True(readable > 20);
        Assert.NotEmpty(Recording.Read(whole.AsMemory(0, whole.Length - 3)).Warnings);
    }

    [Theory]
    [InlineData("", "The file is empty")]
    [InlineData("hello", "The file is other text")]
    [InlineData("{\"a\":1}", "The file is other JSON")]
    [InlineData("<html>", "HTML or XML")]
    [InlineData("PK\u0003\u0004", "unzip FILE")]
    [InlineData("\u007fELF", "an ELF file")]
    [InlineData("{\"at\":1,\"operation\":\"Con", "nothing in it can be shown. Its last line (1) is cut off.")]
    [InlineData("{\"UsbDevices\":[{\"IdVendor\":1155,", "device emulation of fwupd is damaged or cut off in line 1")]
    [InlineData("{\"UsbDevices\":[1]}", "device emulation of fwupd is damaged")]
    [InlineData("{\"UsbDevices\":[]}", "nothing in it can be shown")]
    public void Any_other_file_is_named(string content, string message)
    {
        var e = Assert.Throws<UploadException>(() => Recording.Read(Encoding.UTF8.GetBytes(content)));

        Assert.Equal(UploadError.Configuration, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("--trace FILE", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_capture_of_something_else_is_named()
    {
        byte[] ethernet = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0];

        Assert.Contains("(link type 1)", Assert.Throws<UploadException>(() => Recording.Read(ethernet)).Message, StringComparison.Ordinal);
    }

    /// <summary>fwupd names a request by the beginning of its SHA-1, or in full (libfwupdplugin/fu-usb-device.c).</summary>
    [Fact]
    public void A_device_emulation_tells_what_was_asked()
    {
        const string Emulation = """
            { "UsbDevices": [ { "PlatformId": "1-1", "IdVendor": 1155, "IdProduct": 57105, "Device": 8704,
              "UsbInterfaces": [ { "InterfaceClass": 254, "InterfaceSubClass": 1, "InterfaceProtocol": 2 } ],
              "UsbEvents": [
                { "Id": "#4693935e", "Data": "001" },
                { "Id": "#c379adf5", "Data": "BgMzQ0JK" },
                { "Id": "ControlTransfer:Direction=0x00,RequestType=0x01,Recipient=0x01,Request=0x03,Value=0x0000,Idx=0x0000,Data=AAAAAAAA,Length=0x6", "Data": "CmgAAAoA" },
                { "Id": "ControlTransfer:Direction=0x01,RequestType=0x01,Recipient=0x01,Request=0x01,Value=0x0000,Idx=0x0000,Data=QQAAAAg=,Length=0x5", "Data": "QQAAAAg=", "Error": -9 },
                { "Id": "#00000000" } ] } ] }
            """;

        var recording = Recording.Read(Encoding.UTF8.GetBytes(Emulation));

        Assert.Equal(
            [
                "on the bus: 0483:DF11 at 1-1", "string 3: \"3CBJ\", in single bytes", "GETSTATUS: dfuERROR, errFIRMWARE, next after 104 ms",
                "DNLOAD: erase the sector at 0x08000000: refused (STALL)", "an event that is only known by its hash #00000000",
            ],
            new TraceStory(recording).Lines.Select(l => l.Text));
        Assert.Equal(["1 of its events cannot be understood: it keeps only a hash of what was asked."], recording.Warnings);
    }

    [Fact]
    public void Times_do_not_go_back_though_a_clock_was_set_back()
    {
        const string Content = """
            {"at":5000,"operation":"Claim","device":1,"argument":0}
            {"at":1000,"operation":"Control","device":1,"setup":"A103000000000600","data":"000000000200","took":9000}
            """;

        var recording = Recording.Read(Encoding.UTF8.GetBytes(Content));

        Assert.Equal([5, 5], recording.Events.Select(e => e.At!.Value.TotalSeconds));
        Assert.Equal(0, recording.Events[1].Began!.Value.TotalSeconds);
        Assert.Contains("set back", Assert.Single(recording.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_keyboard_sends_is_not_shown()
    {
        const string Lines = """
            {"at":1,"operation":"Devices","devices":[{"bus":1,"number":7,"path":"1-1","id":"046D:C31C","release":256,"interfaces":["0000030101"]}]}
            {"at":2,"operation":"Interrupt","device":7,"endpoint":129,"data":"0000040000000000","took":1}
            """;
        using var run = new ProgramRun();

        run.With("keys.txt", Encoding.UTF8.GetBytes(Lines)).Do("trace keys.txt").Exits(0)
            .Prints("No board is in it.", "Not shown: 1 transfers of other devices.");
        Assert.DoesNotContain("00 00 04", run.Out, StringComparison.Ordinal);
    }

    /// <summary>A damaged file never ends in anything but words.</summary>
    [Fact]
    public void Damage_is_no_crash()
    {
        var random = new Random(1);
        byte[][] files = [Trace, .. Enum.GetValues<CaptureKind>().Select(k => CaptureWriter.Write(Recording.Read(Trace), k))];
        var read = 0;
        for (var i = 0; i < 400; i++)
        {
            var file = files[i % files.Length].ToArray();
            for (var n = random.Next(1, 20); n > 0; n--)
            {
                file[random.Next(n % 2 == 0 ? 200 : file.Length)] = (byte)random.Next(256);
            }

            try
            {
                read += new TraceStory(Recording.Read(file)).Lines.Count;
            }
            catch (UploadException)
            {
            }
        }

        Assert.True(read > 1_000);
    }

    internal static byte[] Recorded(string board, string line)
    {
        using var run = new ProgramRun();
        run.Sketch(0x0800_4000);
        run.Run([.. run.Arguments(line), "--simulate", board, "--trace", run.PathOf("trace.txt")]);
        return run.Bytes("trace.txt");
    }

    // A capture has microseconds, and whole transfers take half milliseconds.
    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds + 0.2);

    private static IEnumerable<string> Transfers(Recording recording) => recording.Events
        .Where(e => e.Operation == TraceOperation.Control)
        .Select(e => $"{e.Setup} {Convert.ToHexString(e.Data.Span)} {e.Fault} {Milliseconds(e.Took)}");
}
