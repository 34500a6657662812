using System.Buffers.Binary;
using UploadHelper.Commands;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Devices.Usb;
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
            .Select(_ => BoardFactory.Create(SimulationOptions.Parse("f4rom,start=bootloader"), _ => { })).ToArray();
        var request = new UploadRequest(SketchImage.File(0x0800_0000, 20_000), 0x0800_0000, new DeviceFilter([DeviceFilter.StDfu]));

        Match("trouble-two-bootloaders", request, new InProcessBus(clock, boards), new InProcessSerialPorts(clock, boards), clock);
    }

    [Fact]
    public void A_locked_chip()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        Match("trouble-read-protected", bench, new RefusingBus(bench.System.Usb, DfuStatusCode.ErrVendor, RefusingBus.Upload, RefusingBus.Download));
    }

    [Fact]
    public void A_bit_that_does_not_program()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        bench.Bus.BeforeTransfer = _ =>
        {
            if (bench.Board.Flash.BytesProgrammed > 4_000)
            {
                bench.Board.Flash.Preload(0x0800_0805, [0x00]);
            }
        };
        Match("trouble-verify-failed", bench);
    }

    [Fact]
    public void No_libusb() => Match("trouble-usb-unavailable", new Bench("f4rom"), new NoBus());

    [Fact]
    public void A_defect() => Match("trouble-internal", new Bench("f4rom", StartState.Bootloader)
    {
        Bus = { BeforeTransfer = n => _ = n == 60 ? throw new InvalidOperationException("Nobody has thought of this.") : n },
    });

    [Theory]
    [InlineData("trouble-port-missing", SerialFault.NotFound)]
    [InlineData("trouble-port-busy", SerialFault.Busy)]
    [InlineData("trouble-port-denied", SerialFault.AccessDenied)]
    [InlineData("trouble-port-stuck", SerialFault.Timeout)]
    [InlineData("trouble-port-failed", SerialFault.Io)]
    public void A_port_that_fails(string snapshot, SerialFault fault) => Match(snapshot, new OnePort("/dev/ttyACM0", fault));

    [Fact]
    public void A_port_that_is_not_the_boards() => Match("trouble-port-not-the-board", new OnePort("/dev/ttyUSB0", null) { Vendor = 0x1A86, Product = 0x7523 });

    [Fact]
    public void A_port_whose_sketch_does_not_reset() => Match(
        "trouble-port-still-there",
        (reporter, clock) => new UploadHelper.Core.Operations.PortReset(new OnePort("/dev/ttyACM0", null), clock, reporter.Event).Run("/dev/ttyACM0", default));

    [Fact]
    public void A_sketch_with_hardly_any_code()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var image = new byte[1024];
        BinaryPrimitives.WriteUInt32LittleEndian(image, bench.Board.StackPointer);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(4), 0x0800_0201);
        var request = bench.Request(0x0800_0000) with { File = new ImageFile("blink.bin", image), Port = null };

        Match("trouble-address-unproven", (reporter, clock) => new Uploader(bench.Bus, bench.System.SerialPorts, clock, reporter.Event).Run(request, default), bench.System.Clock);
    }

    private static void Match(string snapshot, OnePort port)
    {
        var bench = new Bench("f4rom");
        Match(snapshot, bench.Request(0x0800_0000) with { Port = port.Name }, bench.Bus, port, bench.System.Clock);
    }

    private static void Match(string snapshot, Bench bench, IUsbBus? bus = null)
    {
        var address = bench.Board.Name == "f4boot" ? 0x0800_4000u : 0x0800_0000u;
        Match(snapshot, bench.Request(address) with { Port = null }, bus ?? bench.Bus, bench.System.SerialPorts, bench.System.Clock);
    }

    private static void Match(string snapshot, UploadRequest request, IUsbBus bus, ISerialPorts ports, VirtualClock clock) =>
        Match(snapshot, (reporter, time) => new Uploader(bus, ports, time, reporter.Event).Run(request, default), clock);

    private static void Match(string snapshot, Action<TextReporter, TimeProvider> work, VirtualClock? clock = null)
    {
        var (stdout, stderr) = (new StringWriter(), new StringWriter());
        var reporter = new TextReporter(new ConsoleStreams(TextReader.Null, stdout, stderr, ErrorIsTerminal: false), verbose: false, quiet: false, color: false);

        var failure = Record.Exception(() => work(reporter, clock ?? new VirtualClock())) is { } e ? CommandContext.Explain(e) : null;
        if (failure is not null)
        {
            reporter.Failed(failure);
        }

        Snapshot.Match($"exit {failure?.Error.ExitStatus() ?? 0}\n--- stdout\n{stdout}--- stderr\n{stderr}", snapshot);
    }

    private sealed class NoBus : IUsbBus
    {
        private static readonly LibUsbLocation Nowhere = LibUsbLocation.Linux with { Names = ["libusb-1.0.nowhere"] };

        public IReadOnlyList<UsbDeviceInfo> List() => LibUsbLoader.Call<UsbDeviceInfo[]>(() =>
        {
            LibUsbLoader.Load(Nowhere, typeof(LibUsbLoader).Assembly);
            return [];
        });

        public IUsbDevice Open(UsbDeviceInfo device) => throw new NotSupportedException();
    }

    /// <summary>A port whose sketch takes everything and does nothing, or that cannot be opened.</summary>
    private sealed record OnePort(string Name, SerialFault? Fault) : ISerialPorts, ISerialLine
    {
        public ushort? Vendor { get; init; }

        public ushort? Product { get; init; }

        public IReadOnlyList<SerialPortInfo> List() => [new SerialPortInfo(Name, Vendor, Product, null, null)];

        public ISerialLine Open(string name, int baudRate) => Fault is { } fault ? throw new SerialException(fault, "Input/output error.") : this;

        public void SetDtr(bool high)
        {
        }

        public void SetRts(bool high)
        {
        }

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
        }

        public void Dispose()
        {
        }
    }
}
