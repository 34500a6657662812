using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Uploading;

/// <summary>How the USART bootloader in ROM is started: by hand, by the modem lines, by the sketch; and at which speed.</summary>
public class UartEntryTests
{
    private const uint Base = FlashAddress.FlashBase;

    [Fact]
    public void The_port_of_a_running_sketch_is_no_adapter_and_gets_nothing()
    {
        var bench = On("f407-rom");
        var request = Request(bench, "manual") with { Port = InProcessSerialPorts.FirstName };
        bench.Log.Clear();

        var e = Assert.Throws<UploadException>(() => Upload(bench, request));

        Assert.Equal(UploadError.SerialPort, e.Error);
        Assert.Contains("sim is not a serial adapter but the USB port of a sketch", e.Message, StringComparison.Ordinal);
        Assert.Contains("Omit --uart", e.Hint, StringComparison.Ordinal);
        Assert.Empty(bench.Log);
    }

    [Fact]
    public void The_bootloader_is_found_when_the_user_resets_the_board_or_an_earlier_host_has_left_it_in_a_command()
    {
        var bench = On("bluepill");
        var line = bench.System.SerialPorts.OpenUart(InProcessSerialPorts.FirstAdapterName, UartOptions.DefaultBaudRate);
        bench.Board.PressResetWithBoot0();
        bench.Wait(TimeSpan.FromMilliseconds(10));
        line.Write([0x7F, 0x31, 0xCE, 0x08, 0, 0, 0, 8, 0xFF, 1, 2, 3], TimeSpan.FromSeconds(1));
        line.Dispose();
        bench.Wait(TimeSpan.FromMilliseconds(100));

        Assert.True(Upload(bench, Request(bench, "manual")).Verified);
    }

    [Fact]
    public void Modem_lines_that_drive_RESET_and_BOOT0_need_no_hand()
    {
        var bench = On("bluepill,nrst=dtr,boot0=rts");

        Assert.True(Upload(bench, Request(bench, "rts&dtr,-dtr")).Verified);
    }

    // Opening the port raises both lines, which is enough for the last; and steps meant for one wiring may do for another.
    [Theory]
    [InlineData("nrst=dtr,boot0=-rts")]
    [InlineData("nrst=dtr,boot0=rts")]
    [InlineData("nrst=rts,boot0=-dtr")]
    [InlineData("nrst=rts,boot0=dtr")]
    [InlineData("nrst=-dtr,boot0=rts")]
    public void The_usual_wirings_are_found_and_can_be_given(string wiring)
    {
        var (found, again, given) = (On($"bluepill,{wiring}"), On($"bluepill,{wiring}"), On($"bluepill,{wiring}"));

        Assert.True(Upload(found, Request(found, "auto")) is { Verified: true, Left: true });
        Assert.DoesNotContain(found.Events, e => e is WaitingForUart);

        var said = found.Events.OfType<WiringFound>().Select(e => e.Wiring.Text).SingleOrDefault();
        Assert.Equal(wiring == "nrst=-dtr,boot0=rts", said is null);
        foreach (var (bench, sequence) in new[] { (again, said ?? wiring), (given, wiring) })
        {
            Assert.True(Upload(bench, Request(bench, sequence)) is { Verified: true, Left: true });
            Assert.DoesNotContain(bench.Events, e => e is WiringFound);
        }
    }

    [Fact]
    public void Without_wires_the_user_is_asked_and_the_board_is_found_when_it_was_reset()
    {
        foreach (var sequence in new[] { "auto", "manual" })
        {
            var bench = On("bluepill");
            var asked = false;
            var uploader = new Uploader(bench.Bus, bench.System.SerialPorts, bench.System.Clock, e =>
            {
                if (e is WaitingForUart)
                {
                    asked = true;
                    bench.Board.PressResetWithBoot0();
                }
            });

            var result = uploader.Run(Request(bench, sequence), CancellationToken.None);

            Assert.True(asked && result.Verified, sequence);
        }
    }

    [Fact]
    public void Steps_for_the_end_start_the_sketch_instead_of_the_command()
    {
        var bench = On("bluepill,nrst=dtr,boot0=rts");

        Upload(bench, Request(bench, "rts&dtr,-dtr:-rts&dtr,-dtr"));
        bench.Wait(TimeSpan.FromSeconds(1));

        Assert.NotNull(bench.Board.RunningSketch);
        Assert.DoesNotContain(bench.Log, e => e.Text.StartsWith("Go", StringComparison.Ordinal));
    }

    // The ROM of an F103 measures up to 230,400 baud, the adapter takes up to 2,000,000.
    [Theory]
    [InlineData(460_800, "auto", "nrst=dtr,boot0=-rts", true)]
    [InlineData(460_800, "nrst=dtr,boot0=-rts", "nrst=dtr,boot0=-rts", true)]
    [InlineData(4_000_000, "nrst=dtr,boot0=-rts", "nrst=dtr,boot0=-rts", true)]
    [InlineData(230_400, "nrst=dtr,boot0=-rts", "nrst=dtr,boot0=-rts", false)]
    public void A_speed_that_one_end_does_not_take_gives_way_to_115200(int baudRate, string sequence, string wiring, bool gives)
    {
        var bench = On($"bluepill,{wiring}");

        var result = Upload(bench, Request(bench, sequence, baudRate));

        Assert.True(result.Verified);
        var warnings = bench.Events.OfType<UploadWarning>().Where(w => w.Code == WarningCode.SlowerBaudRate).Select(w => w.Message);
        var what = baudRate > 2_000_000 ? $"uart does not support {baudRate} baud" : $"The bootloader at uart did not answer at {baudRate} baud";
        Assert.Equal(gives ? [$"{what}. upload-helper tries 115200."] : [], warnings);
    }

    [Fact]
    public void By_hand_a_second_press_of_RESET_is_asked_for_at_the_lower_speed()
    {
        var bench = On("bluepill");
        var uploader = new Uploader(bench.Bus, bench.System.SerialPorts, bench.System.Clock, e =>
        {
            if (e is WaitingForUart)
            {
                bench.Board.PressResetWithBoot0();
            }

            bench.Events.Add(e);
        });

        Assert.True(uploader.Run(Request(bench, "manual", 460_800), CancellationToken.None).Verified);
        Assert.Contains("Press RESET on the board again", Assert.Single(bench.Events.OfType<UploadWarning>()).Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("f407-rom", "rom-magic")]
    public void The_port_of_the_boards_own_sketch_leads_to_its_bootloader_on_USB(string board, string sketch)
    {
        var bench = On($"{board},sketch={sketch}");

        var result = Upload(bench, Request(bench, "auto") with { Port = InProcessSerialPorts.FirstName });

        Assert.True(result.Verified);
        Assert.Equal("0483:DF11", result.Device.Device.Id.ToString());
        Assert.Contains(bench.Events, e => e is UploadWarning { Code: WarningCode.OverUsb });
    }

    [Theory]
    [InlineData("rts&dtr,-dtr", "rts 0, dtr 100, -dtr 100", "")]
    [InlineData("-rts,-dtr,dtr:rts,-dtr,dtr", "-rts 100, -dtr 100, dtr 100", "rts 100, -dtr 100, dtr 100")]
    [InlineData("rts=low&dtr=high", "-rts 0, dtr 100", "")]
    [InlineData("nrst=rts,boot0=-dtr", "-dtr 0, rts 100, -rts 100", "")]
    [InlineData("nrst=-dtr", "-dtr 100, dtr 100", "")]
    [InlineData("manual", "", "")]
    [InlineData("", "", "")]
    public void Steps_are_read(string text, string enter, string exit)
    {
        static string Text(IEnumerable<LineStep> steps) =>
            string.Join(", ", steps.Select(s => $"{(s.Raises ? "" : "-")}{(s.IsDtr ? "dtr" : "rts")} {s.Pause.TotalMilliseconds}"));

        var sequence = ResetSequence.Parse(text);

        Assert.Equal((enter, exit), (Text(sequence.Enter), Text(sequence.Exit)));
    }

    [Theory]
    [InlineData("cts", "\"cts\" is not a step")]
    [InlineData("dtr,,rts", "\"\" is not a step")]
    [InlineData("rts=off", "\"rts=off\" is not a step")]
    [InlineData("dtr:rts:dtr", "more than one colon")]
    [InlineData("nrst=dtr,boot0=-dtr", "is not a wiring")]
    [InlineData("boot0=rts", "is not a wiring")]
    [InlineData("nrst=cts", "is not a wiring")]
    public void What_is_no_sequence_is_refused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => ResetSequence.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_port_of_a_sketch_with_USB_can_be_waited_for()
    {
        var bench = On("f407-rom,boot0=1,sketch=stm32generic");

        var result = Upload(bench, Request(bench, "manual") with { WaitPort = WaitPort.Yes });

        Assert.Equal("sim", result.Port);
    }

    /// <summary>To end a command in which an earlier host may have left it, 1200 baud would take 80 s.</summary>
    [Fact]
    public void A_slow_line_does_not_stretch_the_time_limit()
    {
        var bench = On("bluepill");
        var start = bench.System.Clock.Now;

        Assert.Throws<UploadException>(() => Upload(bench, Request(bench, "manual", UartOptions.LowestBaudRate) with { Timeout = TimeSpan.FromSeconds(5) }));

        Assert.InRange((bench.System.Clock.Now - start).TotalSeconds, 5, 6);
    }

    [Theory]
    [InlineData(0x7F, UploadError.NoDevice, "everything that is sent comes back", "TX is connected to its own RX")]
    [InlineData(0x41, UploadError.NoDevice, "something else sends data there", "Set BOOT0 high")]
    [InlineData(0x1F, UploadError.DeviceFailed, "its answers are damaged", "--baud-rate 57600")]
    public void What_answers_but_is_no_bootloader_is_told_apart(byte answer, UploadError error, string message, string hint)
    {
        var bench = On("bluepill");
        var ports = new OneAnswer(bench.System.Clock, answer);

        var e = Assert.Throws<UploadException>(() =>
            new Uploader(bench.Bus, ports, bench.System.Clock, bench.Events.Add).Run(Request(bench, "auto") with { Timeout = TimeSpan.FromSeconds(3) }, CancellationToken.None));

        Assert.Equal(error, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("The board is unchanged", e.Message, StringComparison.Ordinal);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
    }

    private static Bench On(string board) => new($"{board},adapter=1");

    private static UploadRequest Request(Bench bench, string sequence, int baudRate = UartOptions.DefaultBaudRate) => bench.Request(Base, 5000) with
    {
        Port = InProcessSerialPorts.FirstAdapterName,
        Uart = new UartOptions(baudRate, ResetSequence.Parse(sequence)),
    };

    private static UploadResult Upload(Bench bench, UploadRequest request) =>
        new Uploader(bench.Bus, bench.System.SerialPorts, bench.System.Clock, bench.Events.Add).Run(request, CancellationToken.None);

    /// <summary>A port at which each write is answered with one byte, whatever is written.</summary>
    private sealed class OneAnswer(VirtualClock clock, byte answer) : ISerialPorts, IUartLine
    {
        private int _waiting;

        public IReadOnlyList<SerialPortInfo> List() => [new SerialPortInfo(InProcessSerialPorts.FirstAdapterName, null, null, null, null)];

        public ISerialLine Open(string name, int baudRate) => this;

        public IUartLine OpenUart(string name, int baudRate) => this;

        public void SetDtr(bool high)
        {
        }

        public void SetRts(bool high)
        {
        }

        public void SetBaudRate(int baudRate)
        {
        }

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit) => _waiting++;

        public int Read(Span<byte> buffer, TimeSpan limit)
        {
            if (_waiting == 0)
            {
                clock.Advance(limit);
                return 0;
            }

            _waiting--;
            buffer[0] = answer;
            return 1;
        }

        public void Discard() => _waiting = 0;

        public void Dispose()
        {
        }
    }
}
