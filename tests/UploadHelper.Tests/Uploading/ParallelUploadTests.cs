using System.Collections.Concurrent;
using System.Net;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Devices.Usb.UsbIp;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.InProcess;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.Uploading;

/// <summary>One image to several boards at once, on one shared clock.</summary>
public class ParallelUploadTests
{
    private readonly ConcurrentQueue<UploadEvent> _events = [];

    [Theory]
    [InlineData("f4rom", 0x0800_0000)]
    [InlineData("f4boot", 0x0800_4000)]
    public void Eight_boards_take_hardly_longer_than_one(string board, uint address)
    {
        TimeSpan Elapsed(int count)
        {
            var system = Bench($"{board},count={count},start=bootloader");
            var request = Request(address, 256 * 1024);
            var start = system.Clock.Now;

            var outcomes = Upload(system, request, null);

            Assert.Equal(count, outcomes.Count);
            Assert.All(outcomes, o => Assert.True(o.Result!.Verified));
            Assert.All(system.Boards, b => Assert.Equal(request.File.Content.ToArray(), b.Flash.Read(address, request.File.Content.Length).ToArray()));
            Assert.All(system.Boards, b => Assert.Empty(b.Violations));
            return system.Clock.Now - start;
        }

        Assert.InRange(Elapsed(8) / Elapsed(1), 1, 1.1);
    }

    [Fact]
    public void One_that_is_pulled_fails_alone()
    {
        var system = Bench("f4rom,count=4,start=bootloader");
        var bus = new FaultyBus(system.Usb)
        {
            BeforeTransfer = _ =>
            {
                lock (system.Boards[2])
                {
                    if (system.Boards[2].Flash.BytesProgrammed > 4_000)
                    {
                        system.Boards[2].Unplug();
                    }
                }
            },
        };

        var outcomes = Upload(system, Request(0x0800_0000), null, bus);

        Assert.Equal(["1-1", "1-2", "1-3", "1-4"], outcomes.Select(o => o.Path));
        Assert.Equal(UploadError.DeviceLost, Assert.IsType<UploadException>(outcomes[2].Failure).Error);
        Assert.All(outcomes.Where(o => o.Path != "1-3"), o => Assert.True(o.Result!.Verified));
    }

    [Fact]
    public void What_is_of_another_kind_is_named_and_left_alone()
    {
        var system = Bench("f4rom", "f4boot", "f4rom");

        var outcomes = Upload(system, Request(0x0800_0000), null);

        Assert.Equal(["1-1", "1-3"], outcomes.Select(o => o.Path));
        Assert.Equal("1-2", Assert.Single(_events.OfType<BoardLeftAlone>()).Device.Path);
        Assert.Equal(0, system.Boards[1].Flash.Erases.Sum());
        Assert.Equal(0, system.Boards[1].DfuRequests);
    }

    [Fact]
    public void Which_kind_is_meant_must_be_clear()
    {
        var system = Bench("f4rom", "f4boot");

        var e = Assert.Throws<UploadException>(() => Upload(system, Request(0x0800_0000), null));

        Assert.Equal(UploadError.SeveralDevices, e.Error);
        Assert.Contains("at 1-1", e.Message, StringComparison.Ordinal);
        Assert.Contains("at 1-2", e.Message, StringComparison.Ordinal);
        Assert.All(system.Boards, b => Assert.Equal(0, b.DfuRequests));
    }

    [Fact]
    public void Boards_at_named_places_are_brought_there_from_their_sketches()
    {
        var system = Bench("f4boot,count=3");

        var outcomes = Upload(system, Request(0x0800_4000), ["1-3", "1-1"]);

        Assert.Equal(["1-3", "1-1"], outcomes.Select(o => o.Path));
        Assert.All(outcomes, o => Assert.True(o.Result!.Verified));
        Assert.Equal("old", system.Boards[1].RunningSketch!.Name);
    }

    [Fact]
    public void At_named_places_each_board_that_does_not_fit_or_does_not_come_fails_by_itself()
    {
        var system = Bench("f4rom", "f4boot", "f4rom");

        var outcomes = Upload(system, Request(0x0800_0000) with { Timeout = TimeSpan.FromSeconds(1) }, ["1-3", "1-2", "1-9"]);

        Assert.Equal(
            [null, UploadError.NotForThisDevice, UploadError.NoDevice],
            outcomes.Select(o => (o.Failure as UploadException)?.Error));
        Assert.True(outcomes[0].Result!.Verified);
        Assert.Equal(0, system.Boards[1].DfuRequests);
    }

    [Fact]
    public void A_board_that_does_not_come_is_not_waited_for_until_the_others_have_left()
    {
        var system = Bench("f4boot,count=2,start=bootloader");

        var outcomes = Upload(system, Request(0x0800_4000), ["1-1", "1-9"]);

        Assert.True(outcomes[0].Result!.Verified);
        Assert.Equal(UploadError.NoDevice, Assert.IsType<UploadException>(outcomes[1].Failure).Error);
    }

    [Fact]
    public void A_place_that_is_named_twice_is_one_board()
    {
        var system = Bench("f4boot,count=2,start=bootloader");

        Assert.True(Assert.Single(Upload(system, Request(0x0800_4000), ["1-1", "1-1"])).Result!.Verified);
    }

    [Fact]
    public void Nothing_there_is_told_once()
    {
        var system = Bench("f4rom,start=sketch");

        var e = Assert.Throws<UploadException>(() => Upload(system, Request(0x0800_0000), null));

        Assert.Equal(UploadError.NoDevice, e.Error);
    }

    [Fact]
    public void Cancelling_ends_all_of_them()
    {
        var system = Bench("f4rom,count=3,start=bootloader");
        using var cancellation = new CancellationTokenSource();
        var bus = new FaultyBus(system.Usb);
        bus.BeforeTransfer = n =>
        {
            if (n == 200)
            {
                cancellation.Cancel();
            }
        };

        var outcomes = Upload(system, Request(0x0800_0000), null, bus, cancellation.Token);

        Assert.All(outcomes, o => Assert.IsType<OperationCanceledException>(o.Failure));
    }

    [Theory]
    [InlineData("dfu-runtime", "option")]
    [InlineData("dfu-runtime", "id")]
    [InlineData("dfu-runtime", "path")]
    [InlineData("dfu-runtime-reset", "option")]
    [InlineData("dfu-runtime-reset", "path")]
    public void Boards_in_run_time_mode_that_are_named_are_all_told_to_start_their_bootloaders(string sketch, string by)
    {
        var system = Bench($"dapboot,sketch={sketch},count=2");

        var outcomes = Upload(system, Runtime(by), by == "path" ? ["1-1", "1-2"] : null);

        Assert.Equal(["1-1", "1-2"], outcomes.Select(o => o.Path));
        Assert.All(outcomes, o => Assert.True(o.Result?.Verified, o.Failure?.ToString()));
        Assert.Equal([("1-1", sketch == "dfu-runtime-reset"), ("1-2", sketch == "dfu-runtime-reset")], _events.OfType<Detaching>().Select(d => (d.Device.Path, d.BusReset)));
        Assert.All(system.Boards, b => Assert.NotEqual("old", b.RunningSketch?.Name));
    }

    [Fact]
    public void A_board_in_run_time_mode_is_written_together_with_one_that_is_in_its_bootloader()
    {
        var system = Bench("dapboot,sketch=dfu-runtime,count=2");
        system.Boards[1].Reset("its button is held", BootCause.ByHand);
        system.Clock.Advance(TimeSpan.FromSeconds(1));

        var outcomes = Upload(system, Runtime("option"), null);

        Assert.Equal(["1-1", "1-2"], outcomes.Select(o => o.Path).Order());
        Assert.All(outcomes, o => Assert.True(o.Result?.Verified, o.Failure?.ToString()));
        Assert.Equal("1-1", Assert.Single(_events.OfType<Detaching>()).Device.Path);
    }

    [Fact]
    public void A_board_in_run_time_mode_elsewhere_is_left_alone()
    {
        var system = Bench("dapboot,sketch=dfu-runtime,count=3");

        var outcomes = Upload(system, Runtime("option"), ["1-3", "1-1"]);

        Assert.Equal(["1-3", "1-1"], outcomes.Select(o => o.Path));
        Assert.Equal(["1-1", "1-3"], _events.OfType<Detaching>().Select(d => d.Device.Path).Order());
        Assert.Equal("old", system.Boards[1].RunningSketch?.Name);
        Assert.Equal(0, system.Boards[1].SectorsErased);
    }

    [Fact]
    public void Boards_in_run_time_mode_that_nobody_has_named_are_left_alone_and_the_way_is_said()
    {
        var system = Bench("dapboot,sketch=dfu-runtime,count=2");

        var e = Assert.Throws<UploadException>(() => Upload(system, Runtime("nothing"), null));

        Assert.Equal(UploadError.NoDevice, e.Error);
        Assert.Contains("1209:0001 at 1-2 is in DFU run-time mode", e.Message, StringComparison.Ordinal);
        Assert.Contains("--detach", e.Hint, StringComparison.Ordinal);
        Assert.Empty(_events.OfType<Detaching>());
        Assert.All(system.Boards, b => Assert.Equal("old", b.RunningSketch?.Name));
    }

    [Fact]
    public void Of_devices_of_two_kinds_none_is_told_by_the_option_alone()
    {
        var system = Bench("dapboot,sketch=dfu-runtime,count=2");
        var bus = new OtherIds(system.Usb, "1-2");

        var e = Assert.Throws<UploadException>(() => Upload(system, Runtime("option"), null, bus));

        Assert.Equal(UploadError.SeveralDevices, e.Error);
        Assert.Contains("--usb-id 1209:0001", e.Hint, StringComparison.Ordinal);
        Assert.All(system.Boards, b => Assert.Equal("old", b.RunningSketch?.Name));
    }

    [Fact]
    public void One_that_was_told_and_does_not_come_fails_alone()
    {
        var system = Bench("dapboot,sketch=dfu-runtime,count=2");
        var bus = new FaultyBus(system.Usb);
        bus.AfterTransfer = _ =>
        {
            if (_events.OfType<Detaching>().Count() == 2)
            {
                system.Boards[1].Unplug();
            }
        };

        var outcomes = Upload(system, Runtime("option"), null, bus);

        Assert.True(outcomes.Single(o => o.Path == "1-1").Result?.Verified);
        Assert.Equal(UploadError.NoDevice, Assert.IsType<UploadException>(outcomes.Single(o => o.Path == "1-2").Failure).Error);
    }

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

    private static UploadRequest Runtime(string by)
    {
        var filter = new DeviceFilter(by == "id" ? [new UsbId(0x1209, 0x0001), new UsbId(0x1209, 0xDB42)] : DeviceFilter.KnownIds);
        return new UploadRequest(SketchImage.File(0x0800_2000, 4_000, 0x2000_5000), 0x0800_2000, filter)
        {
            Detach = by == "option",
            Timeout = TimeSpan.FromSeconds(3),
            WaitPort = WaitPort.No,
        };
    }

    private static UploadRequest Request(uint address, int size = 20_000) =>
        new(Uploading.Bench.Sketch(address, size), address, new DeviceFilter([DeviceFilter.StDfu]));

    private IReadOnlyList<BoardOutcome> Upload(
        Several system, UploadRequest request, IReadOnlyList<string>? paths, IUsbBus? bus = null, CancellationToken cancellationToken = default) =>
        new ParallelUploader(bus ?? system.Usb, system.Ports, system.Clock, _events.Enqueue, _ => _events.Enqueue).Run(request, paths, cancellationToken);

    private static Several Bench(params string[] boards)
    {
        var clock = new VirtualClock();
        var made = boards.SelectMany(b => SimulationOptions.Parse(b, boards.Length > 1 ? StartState.Bootloader : StartState.Sketch).Each())
            .Select(o => BoardFactory.Create(o, _ => { })).ToList();
        clock.Advance(TimeSpan.FromSeconds(1));
        return new Several(clock, made, new InProcessBus(clock, made), new InProcessSerialPorts(clock, made));
    }

    // A bus on which the device at one place has other ids.
    private sealed class OtherIds(IUsbBus bus, string path) : IUsbBus
    {
        public IReadOnlyList<UsbDeviceInfo> List() => [.. bus.List().Select(d => d.Path == path ? d with { ProductId = 2 } : d)];

        public IUsbDevice Open(UsbDeviceInfo device) => bus.Open(device);
    }

    private sealed record Several(VirtualClock Clock, IReadOnlyList<Board> Boards, InProcessBus Usb, InProcessSerialPorts Ports);
}
