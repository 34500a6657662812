using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;
using UploadHelper.VirtualBoard.Sketches;

namespace UploadHelper.Tests.Uploading;

public class SketchResetTests
{
    /// <summary>The sketches with the cores of the F1 reset 100 ms after the magic. A pause helps only where a driver may hold a change of the lines back.</summary>
    [Theory]
    [InlineData("libmaple-f4", 8, 108)]
    [InlineData("stm32generic", 8, 108)]
    [InlineData("libmaple-f1", 109, 209)]
    [InlineData("libmaple-f1-old", 109, 209)]
    [InlineData("usbcomposite", 109, 209)]
    [InlineData("stm32core", 8, 108)]
    [InlineData("stm32core-hid", 8, 108)]
    [InlineData("rom-magic", 8, 108)]
    [InlineData("touch1200", 2, 2)]
    public void One_sequence_resets_the_sketches_of_all_cores_and_no_byte_of_it_reaches_them(string kind, int acknowledged, int otherwise)
    {
        Resets(ports => ports, acknowledged);
        Resets(ports => new WatchedPorts(ports), otherwise);

        void Resets(Func<ISerialPorts, ISerialPorts> through, int milliseconds)
        {
            var bench = new Bench($"maple20,sketch={kind},prints=yes");
            var sketch = (SketchFunction)bench.Board.Function!;
            var start = bench.System.Clock.Now;

            Assert.Null(new SketchReset(through(bench.System.SerialPorts), bench.System.Clock, _ => { }).Run("sim", default).Warning);

            var reset = Assert.Single(bench.Log, e => e.Text.StartsWith("off the bus: reset: ", StringComparison.Ordinal));
            Assert.Equal(milliseconds, Math.Round((reset.Time - start).TotalMilliseconds));
            Assert.Equal(0, sketch.StrayBytes);
        }
    }

    [Fact]
    public void Every_core_is_among_them_but_four() => Assert.Equal(9 + 4, SketchCore.All.Count);

    /// <summary>Of a second magic, an old core of the F1 may have the first unread; on a third it crashes.</summary>
    [Theory]
    [InlineData(0x1EAF, 0x0004, "low")]
    [InlineData(0x1EAF, 0x0024, "low")]
    [InlineData(0x1209, 0x1234, "low")]
    [InlineData(0x0483, 0x5740, "high low")]
    [InlineData(0, 0, "high low")]
    public void A_sketch_that_may_have_the_magic_unread_gets_it_once(int vendor, int product, string dtr)
    {
        var ports = new DeafPort(Port("COM3", vendor, product));

        Assert.Equal(WarningCode.PortStillThere, new SketchReset(ports, new VirtualClock(), _ => { }).Run("COM3", default).Warning!.Code);

        Assert.Equal(dtr.Split(' '), ports.Magic);
    }

    /// <summary>At 1200 baud, a Leonardo, a SAMD, an RP2040 or an ESP32-S3 starts its bootloader too.</summary>
    [Theory]
    [InlineData(0x0483, 0x5740, null, true)]
    [InlineData(0x0483, 0x5740, "STM32 Virtual ComPort", true)]
    [InlineData(0x239A, 0x8005, "FEATHER_F405 CDC in FS Mode", true)]
    [InlineData(0x239A, 0x8022, "Feather M4 Express", false)]
    [InlineData(0x2E8A, 0x000A, "Pico", false)]
    [InlineData(0x303A, 0x1001, "USB JTAG/serial debug unit", false)]
    [InlineData(0x1EAF, 0x0004, "Maple", false)]
    [InlineData(0x1209, 0x1234, null, false)]
    [InlineData(0, 0, null, false)]
    public void Only_what_is_plainly_a_sketch_on_an_STM32_is_touched_and_left_at_9600_baud(int vendor, int product, string? name, bool isTouched)
    {
        var ports = new DeafPort(Port("COM3", vendor, product) with { Product = name });

        new SketchReset(ports, new VirtualClock(), _ => { }).Run("COM3", default);

        Assert.Equal((int[])(isTouched ? [9600, 1200, 9600] : [9600]), ports.Speeds);
        Assert.Equal(isTouched, ports.Touched);
    }

    [Fact]
    public void A_sketch_that_takes_no_data_is_touched_all_the_same()
    {
        var ports = new DeafPort(Port("COM3", 0x0483, 0x5740)) { TakesData = false };

        var outcome = new SketchReset(ports, new VirtualClock(), _ => { }).Run("COM3", default);

        Assert.Equal(WarningCode.PortStuck, outcome.Warning!.Code);
        Assert.True(ports.Touched);
    }

    [Fact]
    public void An_old_sketch_that_does_not_obey_is_not_crashed_by_the_reset()
    {
        var bench = new Bench("maple20,sketch=libmaple-f1-old,prints=yes");
        using (var line = bench.System.SerialPorts.Open("sim", 9600))
        {
            line.Write("x"u8, TimeSpan.FromSeconds(1));
        }

        var outcome = new SketchReset(bench.System.SerialPorts, bench.System.Clock, _ => { }).Run("sim", default);

        Assert.Equal(WarningCode.PortStillThere, outcome.Warning!.Code);
        Assert.NotNull(bench.Board.Function);
        Assert.DoesNotContain(bench.Log, e => e.Text.StartsWith("off the bus", StringComparison.Ordinal));
    }

    [Fact]
    public void The_line_stays_open_until_the_port_is_gone()
    {
        // Linux waits 5 s when a port is closed while its device resets.
        foreach (var kind in SketchCore.All.Where(c => c.Name != "stm32core-plain" && c.RuntimeDfu is null))
        {
            var bench = new Bench($"maple20,sketch={kind.Name}");
            var ports = new WatchedPorts(bench.System.SerialPorts);

            new SketchReset(ports, bench.System.Clock, _ => { }).Run("sim", default);

            Assert.False(ports.WasListedAtClose, kind.Name);
        }
    }

    [Theory]
    [InlineData("/dev/ttyUSB0", 0x1A86, 0x7523, "CH340")]
    [InlineData("COM7", 0x0403, 0x6001, "FTDI")]
    [InlineData("/dev/ttyUSB1", 0x10C4, 0xEA60, "CP210x")]
    [InlineData("/dev/ttyACM1", 0x0483, 0x374B, "ST-Link")]
    [InlineData("/dev/ttyACM1", 0x2341, 0x0043, "Arduino board of another kind")] // an Uno: opening the port would reset it
    [InlineData("/dev/ttyACM1", 0x2341, 0x8036, "Arduino board of another kind")] // a Leonardo
    [InlineData("/dev/ttyACM1", 0x2341, 0x805A, "Arduino board of another kind")] // a Nano 33 BLE
    [InlineData("/dev/rfcomm0", 0, 0, "Bluetooth")]
    [InlineData("/dev/cu.Bluetooth-Incoming-Port", 0, 0, "Bluetooth")]
    public void A_port_that_is_plainly_not_the_board_gets_nothing_but_a_warning(string name, int vendor, int product, string what)
    {
        var ports = new OnePort(Port(name, vendor, product));

        var warning = new SketchReset(ports, new VirtualClock(), _ => { }).Run(name, default).Warning;

        Assert.Equal(WarningCode.PortNotTheBoard, warning!.Code);
        Assert.Contains(what, warning.Message, StringComparison.Ordinal);
        Assert.Equal(0, ports.Opened);
    }

    [Fact]
    public void Instead_of_a_port_that_is_missing_or_wrong_those_are_named_that_there_are()
    {
        SerialPortInfo[] there = [Port("/dev/ttyUSB0", 0x1A86, 0x7523), Port("/dev/ttyS0", 0, 0), Port("/dev/ttyACM3", 0x2E8A, 0x000A), Port("/dev/ttyACM1", 0x1EAF, 0x0004)];
        const string First = "/dev/ttyACM1 (sketch of Arduino_STM32 (Maple)), ";
        const string Last = "/dev/ttyS0 (USB ids unknown), /dev/ttyACM3 (2E8A:000A, not a known board).";
        foreach (var (wanted, code, named) in new[]
        {
            ("/dev/ttyACM0", WarningCode.PortMissing, $"The serial ports are {First}/dev/ttyUSB0 (a CH340 serial adapter), {Last}"),
            ("/dev/ttyUSB0", WarningCode.PortNotTheBoard, $"The other serial ports are {First}{Last}"),
        })
        {
            var warning = new SketchReset(new MissingPort(there), new VirtualClock(), _ => { }).Run(wanted, default).Warning!;

            Assert.Equal(code, warning.Code);
            Assert.EndsWith(named, warning.Message, StringComparison.Ordinal);
            Assert.EndsWith("The sketch of an STM32 board is at /dev/ttyACM1: choose that port (Tools > Port, or --port /dev/ttyACM1).", warning.Hint, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0, 0, "This computer has no serial port.", "")]
    [InlineData(2, 0, "/dev/ttyACM0 (sketch with USB serial of an STM32 core), /dev/ttyACM1", "are at /dev/ttyACM0 and /dev/ttyACM1")]
    [InlineData(1, 0, "There is only one serial port: /dev/ttyACM0 (sketch", "is at /dev/ttyACM0: choose")]
    [InlineData(0, 20, "and 12 more.", "")]
    public void However_many_there_are(int sketches, int others, string named, string advice)
    {
        SerialPortInfo[] there =
        [
            .. Enumerable.Range(0, sketches).Select(i => Port($"/dev/ttyACM{i}", 0x0483, 0x5740)),
            .. Enumerable.Range(0, others).Select(i => Port($"/dev/ttyUSB{i}", 0x0403, 0x6001)),
        ];

        var warning = new SketchReset(new MissingPort(there), new VirtualClock(), _ => { }).Run("COM99", default).Warning!;

        Assert.Contains(named, warning.Message, StringComparison.Ordinal);
        Assert.Contains(advice, warning.Hint, StringComparison.Ordinal);
        Assert.Equal(sketches > 0, warning.Hint.Contains("choose", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0, 9600)]
    [InlineData(0x1EAF, 0x0004, 9600)]
    [InlineData(0x0483, 0x5740, 9600)]
    [InlineData(0x1209, 0x1234, 9600)]
    [InlineData(0x2341, 0x025B, 1200)]
    [InlineData(0x2341, 0x055F, 1200)]
    [InlineData(0x2341, 0x0164, 1200)]
    [InlineData(0x2341, 0x0266, 1200)]
    public void Sketches_and_ports_that_nothing_is_known_of_are_tried(int vendor, int product, int baudRate)
    {
        var ports = new OnePort(Port("COM3", vendor, product));

        Assert.Equal(WarningCode.PortFailed, new SketchReset(ports, new VirtualClock(), _ => { }).Run("COM3", default).Warning!.Code);

        Assert.Equal(1, ports.Opened);
        Assert.Equal(baudRate, ports.BaudRate);
    }

    [Fact]
    public void An_adapters_place_on_the_bus_does_not_keep_the_board_from_being_found()
    {
        var bench = new Bench("maple20", StartState.Bootloader);
        var ports = new OnePort(Port("/dev/ttyUSB0", 0x1A86, 0x7523) with { UsbPath = "1-4" });
        var request = bench.Request(0x0800_2000) with { Port = "/dev/ttyUSB0" };

        Assert.True(new Uploader(bench.Bus, ports, bench.System.Clock, bench.Events.Add).Run(request, default).Verified);
    }

    private static SerialPortInfo Port(string name, int vendor, int product) =>
        new(name, vendor == 0 ? null : (ushort)vendor, vendor == 0 ? null : (ushort)product, null, null);

    private sealed class MissingPort(IReadOnlyList<SerialPortInfo> others) : ISerialPorts
    {
        public IReadOnlyList<SerialPortInfo> List() => others;

        public ISerialLine Open(string name, int baudRate) => throw new SerialException(SerialFault.NotFound, "no port");
    }

    private sealed class OnePort(SerialPortInfo port) : ISerialPorts
    {
        public int Opened { get; private set; }

        public int BaudRate { get; private set; }

        public IReadOnlyList<SerialPortInfo> List() => [port];

        public ISerialLine Open(string name, int baudRate)
        {
            Opened++;
            BaudRate = baudRate;
            throw new SerialException(SerialFault.Io, "no line");
        }
    }

    private sealed class DeafPort(SerialPortInfo port) : ISerialPorts, ISerialLine
    {
        private bool _dtr = true;

        public bool TakesData { get; init; } = true;

        public List<string> Magic { get; } = [];

        public List<int> Speeds { get; } = [];

        /// <summary>Whether DTR has fallen at 1200 baud.</summary>
        public bool Touched { get; private set; }

        public IReadOnlyList<SerialPortInfo> List() => [port];

        public ISerialLine Open(string name, int baudRate)
        {
            Speeds.Add(baudRate);
            return this;
        }

        public void SetBaudRate(int baudRate) => Speeds.Add(baudRate);

        public void SetDtr(bool high)
        {
            Touched |= _dtr && !high && Speeds[^1] == 1200;
            _dtr = high;
        }

        public void SetRts(bool high)
        {
        }

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
            if (!TakesData)
            {
                throw new SerialException(SerialFault.Timeout, "no room");
            }

            Magic.Add(_dtr ? "high" : "low");
        }

        public void Dispose()
        {
        }
    }

    private sealed class WatchedPorts(ISerialPorts ports) : ISerialPorts
    {
        public bool WasListedAtClose { get; private set; }

        public IReadOnlyList<SerialPortInfo> List() => ports.List();

        public ISerialLine Open(string name, int baudRate) =>
            new Line(ports.Open(name, baudRate), () => WasListedAtClose |= PortNames.IsListed(ports, name));

        private sealed class Line(ISerialLine line, Action closing) : ISerialLine
        {
            public void SetDtr(bool high) => line.SetDtr(high);

            public void SetRts(bool high) => line.SetRts(high);

            public void SetBaudRate(int baudRate) => line.SetBaudRate(baudRate);

            public void Write(ReadOnlySpan<byte> data, TimeSpan limit) => line.Write(data, limit);

            public void Dispose()
            {
                closing();
                line.Dispose();
            }
        }
    }
}
