using System.Net;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices.Usb.UsbIp;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.VirtualBoard.UsbIp;

public class SeveralBoardsTests
{
    [Fact]
    public void Eight_boards_of_one_server_are_written_to_at_once()
    {
        const uint Address = 0x0800_0000;
        var image = SketchImage.Bytes(Address, 3_000);
        var boards = SimulationOptions.Parse("f4rom,count=8", StartState.Bootloader).Each().Select(o => BoardFactory.Create(o, _ => { })).ToList();
        var runners = boards.Select(b => new BoardRunner(b, TimeProvider.System)).ToList();
        using var server = new UsbIpServer(new IPEndPoint(IPAddress.Loopback, 0), runners);
        var bus = new UsbIpBus(UsbIpEndpoint.Parse($"127.0.0.1:{server.EndPoint.Port}"), TimeProvider.System);
        var uploader = new ParallelUploader(
            bus, new InProcessSerialPorts(new VirtualClock()), TimeProvider.System, _ => { }, _ => _ => { });
        var request = new UploadRequest(SketchImage.File(Address, 3_000), Address, new DeviceFilter([DeviceFilter.StDfu]));

        var outcomes = uploader.Run(request, null, CancellationToken.None);

        Assert.Equal(Enumerable.Range(1, 8).Select(i => $"{i}-1"), outcomes.Select(o => o.Path));
        Assert.All(outcomes, o => Assert.True(o.Result?.Verified, o.Failure?.ToString()));
        runners.ForEach(r => r.Dispose());
        Assert.All(boards, b => Assert.Equal(image, b.Flash.Read(Address, image.Length).ToArray()));
        Assert.All(boards, b => Assert.Empty(b.Violations));
    }
}
