using UploadHelper.Core.Connecting;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Devices;
using UploadHelper.Tests.Discovery;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Uploading;

/// <summary>Bootloaders that stay on the bus when they start a sketch without USB, on every command.</summary>
public class GhostTests
{
    private const string Silent = "f4boot,ghost=1";
    private const string Unpowered = "maple20";
    private const string TakesOneRequest = "maple-orig";

    /// <summary>A board of each kind of ghost, and where its sketches begin.</summary>
    public static TheoryData<string, uint> Ghosts => new()
    {
        { Silent, 0x0800_4000 },
        { Unpowered, 0x0800_2000 },
        { "maple20,size=512", 0x0800_2000 },
        { TakesOneRequest, 0x0800_5000 },
    };

    [Theory]
    [MemberData(nameof(Ghosts))]
    public void An_upload_asks_for_a_reset_and_goes_on_after_it(string board, uint address)
    {
        var bench = Haunted(board);
        var request = bench.Request(address) with { Port = null };
        var isPressed = false;
        bench.Bus.BeforeTransfer = _ =>
        {
            if (!isPressed && bench.Events.Any(e => e is UploadWarning { Code: WarningCode.GhostDevice }))
            {
                isPressed = true;
                bench.Board.PressReset();
            }
        };

        Assert.True(bench.Upload(request).Verified);

        Assert.True(isPressed);
        Assert.Single(bench.Events, e => e is UploadWarning { Code: WarningCode.GhostDevice });
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(address, request.File.Content.Length));
    }

    [Theory]
    [MemberData(nameof(Ghosts))]
    public void Every_command_says_the_same(string board, uint address)
    {
        var bench = Haunted(board);
        var request = bench.Request(address) with { Port = null, Timeout = TimeSpan.FromSeconds(3) };
        var place = ErrorMessages.Place(Assert.Single(bench.Bus.List()));
        var inquiry = new BootloaderInquiry(bench.Bus, bench.System.Clock, bench.Events.Add);
        string[] messages =
        [
            Failure(() => bench.Upload(request)),
            Failure(() => bench.Work(request, _ => { })),
            Failure(() => inquiry.Ask(inquiry.Choose(null, null), default)),
            Failure(() => new ParallelUploader(bench.Bus, bench.System.SerialPorts, bench.System.Clock, bench.Events.Add, _ => bench.Events.Add)
                .Run(request, null, default).ToList().ForEach(o => throw o.Failure!)),
        ];

        Assert.Equal($"{ErrorMessages.NoResponse(place)} {ErrorMessages.Unchanged}", Assert.Single(messages.Distinct()));
        Assert.Equal(0, bench.Board.Flash.Erases.Sum());
        Assert.NotNull(bench.Board.RunningSketch);
    }

    [Theory]
    [MemberData(nameof(Ghosts))]
    public void Doctor_and_discovery_tell_it_from_a_bootloader(string board, uint address)
    {
        Assert.True(address > 0x0800_0000);
        foreach (var isGhost in (bool[])[false, true])
        {
            var bench = isGhost ? Haunted(board) : new Bench($"{board},sketch=none", StartState.Bootloader);
            var device = Assert.Single(bench.Bus.List());
            var seen = Assert.Single(SystemInspection.Ask(bench.Bus, [new SeenDevice(device.Id, device.Path, "") { IsDfu = true, Access = Access.Granted }], bench.System.Clock));
            var finding = Assert.Single(new Findings(new RepairCommands("a", "b")).Of(new Situation(new UsbLibraryState("1", null)) { Devices = [seen] }), f => f.Topic == FindingTopic.UsbDevices);
            Assert.Equal((isGhost, isGhost ? "ghost-device" : "device"), (seen.IsGhost, finding.Code));

            using var discovery = new DiscoveryBench(board) { Bus = bench.Bus };
            discovery.Say(DiscoveryBench.Hello, "START", "LIST", "QUIT").Run();
            var port = discovery.Said[2].Message.GetProperty("ports")[0];
            Assert.Equal("1-1", port.GetProperty("address").GetString());
            Assert.Equal(isGhost ? "1-1 (does not respond, press RESET)" : "1-1", port.GetProperty("label").GetString());
            Assert.Equal(0, bench.Board.DfuRequests);
        }
    }

    [Theory]
    [InlineData("list --simulate maple20,sketch=none,fault=silent@0", "1EAF:0003 at 1-1: LeafLabs")]
    public void A_single_failed_transfer_makes_no_ghost(string line, string shown)
    {
        using var run = new ProgramRun();

        run.Do(line).Exits(0).Prints(shown);
    }

    [Theory]
    [InlineData("maple20", "0x08002000")]
    [InlineData("maple-orig", "0x08005000")]
    [InlineData("h0wch33", "0x08000000")]
    public void Leave_takes_a_ghost_for_left(string board, string address)
    {
        using var run = new ProgramRun();

        run.Do($"leave --simulate {board},sketch=none").Exits(0).Ends("", "still listed").Says("Board", $"0 0 0 {address}", "runs sketch old");
    }

    [Fact]
    public void A_device_that_is_being_unplugged_is_no_ghost()
    {
        var bench = new Bench("maple20", StartState.Bootloader);
        var leaving = new LeavingBus(bench.System.Usb, bench.System.Clock, TimeSpan.FromMilliseconds(300));

        var e = Assert.Throws<UploadException>(() => bench.Upload(leaving, bench.Request(0x0800_2000) with { Port = null, Timeout = TimeSpan.FromSeconds(2) }));

        Assert.Equal(UploadError.NoDevice, e.Error);
        Assert.DoesNotContain(bench.Events, w => w is UploadWarning { Code: WarningCode.GhostDevice });
    }

    [Fact]
    public void A_device_that_another_program_uses_is_no_ghost()
    {
        var bench = new Bench("f4boot", StartState.Bootloader);
        var device = Assert.Single(bench.System.Usb.List());
        using var other = bench.System.Usb.Open(device);
        other.Claim(0);
        bench.Bus.BeforeTransfer = _ => throw new UsbException(UsbFault.Timeout, "busy with the requests of the other");

        Assert.Equal(UsbFault.Busy, Assert.Throws<UsbException>(() => FirstContact.Open(bench.Bus, device, bench.System.Clock, default)).Fault);
    }

    [Fact]
    public void A_device_that_answers_with_too_few_bytes_is_no_ghost()
    {
        using var run = new ProgramRun();

        run.Sketch(0x0800_4000).Do("upload blink.bin --offset 0x4000 --simulate f4boot,start=bootloader,fault=short@0").Exits(0).PrintsNot("ghost");
    }

    private static Bench Haunted(string board)
    {
        var bench = new Bench($"{board},sketch=none", StartState.Bootloader);
        var number = Assert.Single(bench.Bus.List()).Number;
        bench.Board.PressReset();
        bench.Settle();
        bench.Settle();
        Assert.NotNull(bench.Board.RunningSketch);
        Assert.NotEqual(number, Assert.Single(bench.Bus.List()).Number);
        return bench;
    }

    private static string Failure(Action work)
    {
        var e = Assert.Throws<UploadException>(work);
        Assert.Equal(UploadError.GhostDevice, e.Error);
        Assert.Contains("Press RESET", e.Hint, StringComparison.Ordinal);
        return e.Message;
    }

    /// <summary>A bus whose transfers fail while the device is still listed, and that soon lists it no more.</summary>
    private sealed class LeavingBus(IUsbBus bus, VirtualClock clock, TimeSpan listedFor) : IUsbBus
    {
        private readonly TimeSpan _start = clock.Now;

        public IReadOnlyList<UsbDeviceInfo> List() => clock.Now - _start < listedFor ? bus.List() : [];

        public IUsbDevice Open(UsbDeviceInfo device) =>
            new FaultyBus(bus) { BeforeTransfer = _ => throw new UsbException(UsbFault.Io, "EPROTO") }.Open(device);
    }
}
