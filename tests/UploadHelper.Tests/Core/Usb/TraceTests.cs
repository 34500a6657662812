using System.Text;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb.Tracing;
using UploadHelper.Tests.Recordings;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;

namespace UploadHelper.Tests.Core.Usb;

public class TraceTests
{
    [Theory]
    [InlineData("f4boot", 0x0800_4000)]
    [InlineData("f4rom", 0x0800_0000)]
    public void A_trace_replays_as_a_device_of_its_own(string board, uint address)
    {
        var lines = new StringWriter();
        var bench = new Bench(board, UploadHelper.VirtualBoard.StartState.Bootloader);
        var request = bench.Request(address, 5_000) with { Port = null };
        var traced = new TracingUsbBus(bench.System.Usb, bench.System.Clock, new TraceWriter(lines, bench.System.Clock));
        var first = bench.Upload(traced, request);

        var replay = new Replay(Recording.Read(Encoding.UTF8.GetBytes(lines.ToString())));
        var again = new Uploader(replay, replay, replay.Clock, _ => { }).Run(request, CancellationToken.None);

        Assert.Null(replay.Missing);
        Assert.Equal(first.Device.Functional, again.Device.Functional);
        Assert.True(again.Verified);
    }

    [Fact]
    public void A_replay_fails_where_the_program_does_something_else()
    {
        var lines = new StringWriter();
        var bench = new Bench("f4rom", UploadHelper.VirtualBoard.StartState.Bootloader);
        var request = bench.Request(0x0800_0000, 5_000) with { Port = null };
        bench.Upload(new TracingUsbBus(bench.System.Usb, bench.System.Clock, new TraceWriter(lines, bench.System.Clock)), request);

        var replay = new Replay(Recording.Read(Encoding.UTF8.GetBytes(lines.ToString())));
        Assert.Throws<ReplayException>(() => new Uploader(replay, replay, replay.Clock, _ => { })
            .Run(request with { File = SketchImage.File(0x0800_0000, 6_000) }, CancellationToken.None));
        Assert.Contains("The recording has \"DNLOAD block 2: 2048 bytes", replay.Difference, StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_transfer_of_a_trace_is_the_one_that_failed()
    {
        var lines = new StringWriter();
        var bench = new Bench("f4rom", UploadHelper.VirtualBoard.StartState.Bootloader);
        bench.Bus.BeforeTransfer = n =>
        {
            if (n == 60)
            {
                bench.Board.Unplug();
            }
        };

        var traced = new TracingUsbBus(bench.Bus, bench.System.Clock, new TraceWriter(lines, bench.System.Clock));
        Assert.Throws<UploadException>(() => bench.Upload(traced, bench.Request(0x0800_0000) with { Port = null }));

        // Behind it the board is looked for in vain.
        Assert.Contains("\"fault\":\"Gone\"", lines.ToString().Split('\n').Last(l => l.Contains("\"Control\"", StringComparison.Ordinal)), StringComparison.Ordinal);
    }
}
