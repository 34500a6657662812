using UploadHelper.Core.Serial;
using UploadHelper.Core.Uploading;
using UploadHelper.Core.Usb;
using UploadHelper.Output;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Output;

/// <summary>What the user reads when the board is the trouble.</summary>
public class TroubleTextTests
{
    [Fact]
    public void Access_denied() => Match("trouble-access-denied", new Bench("f4rom", StartState.Bootloader) { Bus = { OnOpen = UsbFault.AccessDenied } });

    [Fact]
    public void Another_program_holds_it() => Match("trouble-busy", new Bench("f4rom", StartState.Bootloader) { Bus = { OnOpen = UsbFault.Busy } });

    [Fact]
    public void No_driver() => Match("trouble-no-driver", new Bench("f4rom", StartState.Bootloader) { Bus = { OnOpen = UsbFault.WrongDriver } });

    [Fact]
    public void No_device() => Match("trouble-no-device", new Bench("f4rom,sketch=none"));

    [Fact]
    public void A_ghost()
    {
        var bench = new Bench("f4boot,ghost=1,sketch=none", StartState.Bootloader);
        bench.System.Clock.Advance(TimeSpan.FromSeconds(12));
        Match("trouble-ghost", bench);
    }

    [Fact]
    public void Gone_in_the_middle()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        bench.Bus.BeforeTransfer = n =>
        {
            if (n == 60)
            {
                bench.Board.Unplug();
            }
        };
        Match("trouble-gone", bench);
    }

    [Fact]
    public void A_stall_in_the_middle()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        bench.Bus.BeforeTransfer = n =>
        {
            if (n >= 60)
            {
                throw new UsbException(UsbFault.Stall, "stall");
            }
        };
        Match("trouble-stall", bench);
    }

    [Fact]
    public void Two_bootloaders()
    {
        var clock = new VirtualClock();
        var boards = Enumerable.Range(0, 2)
            .Select(_ => new BoardFactory().Create(SimulationOptions.Parse("f4rom,start=bootloader"), _ => { })).ToArray();
        var request = new UploadRequest(SketchImage.File(0x0800_0000, 20_000), 0x0800_0000, new DeviceFilter([DeviceFilter.StDfu]));

        Match("trouble-two-bootloaders", request, new InProcessBus(clock, boards), new InProcessSerialPorts(clock, boards), clock);
    }

    private static void Match(string snapshot, Bench bench)
    {
        var address = bench.Board.Name == "f4boot" ? 0x0800_4000u : 0x0800_0000u;
        Match(snapshot, bench.Request(address) with { Port = null }, bench.Bus, bench.System.SerialPorts, bench.System.Clock);
    }

    private static void Match(string snapshot, UploadRequest request, IUsbBus bus, ISerialPorts ports, TimeProvider clock)
    {
        var (stdout, stderr) = (new StringWriter(), new StringWriter());
        var reporter = new TextReporter(new ConsoleStreams(TextReader.Null, stdout, stderr, ErrorIsTerminal: false), verbose: false, quiet: false, color: false);

        var e = Assert.Throws<UploadException>(() => new Uploader(bus, ports, clock, reporter.Event).Run(request, default));
        reporter.Failed(e);

        Snapshot.Match($"exit {e.Error.ExitStatus()}\n--- stdout\n{stdout}--- stderr\n{stderr}", snapshot);
    }
}
