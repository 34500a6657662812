using UploadHelper.Core.Serial;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.VirtualBoard.Bootloaders;

/// <summary>The USART bootloaders in ROM, byte by byte as AN3155 has them.</summary>
public sealed class UartRomTests
{

    [Theory]
    [InlineData("bluepill", "79 0B 22 00 01 02 11 21 31 43 63 73 82 92 79", "79 22 00 00 79", "79 01 04 10 79")]
    [InlineData("f407-rom", "79 0B 31 00 01 02 11 21 31 44 63 73 82 92 79", "79 31 00 00 79", "79 01 04 13 79")]
    [InlineData("l476-rom", "79 0B 31 00 01 02 11 21 31 44 63 73 82 92 79", "79 31 00 00 79", "79 01 04 15 79")]
    [InlineData("nucleo-g071", "79 0B 31 00 01 02 11 21 31 44 63 73 82 92 79", "79 31 00 00 79", "79 01 04 60 79")]
    public void It_tells_its_commands_and_its_product_id(string board, string get, string version, string id)
    {
        using var wire = new Wire(board);

        Assert.Equal("79", wire.Ask("7F"));
        Assert.Equal(get, wire.Ask("00 FF"));
        Assert.Equal(version, wire.Ask("01 FE"));
        Assert.Equal(id, wire.Ask("02 FD"));
    }

    [Fact]
    public void What_is_no_command_is_refused_in_pairs_of_bytes()
    {
        using var wire = new Wire("bluepill").InStep();

        Assert.Equal("1F", wire.Ask("7F 7F"));
        Assert.Equal("1F", wire.Ask("00 FE"));
        Assert.Equal("1F", wire.Ask("44 BB"));
        Assert.Equal("", wire.Ask("7F"));
        Assert.Equal("1F", wire.Ask("00"));
        Assert.StartsWith("79 0B", wire.Ask("00 FF"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(115_200, true, "79")]
    [InlineData(1200, true, "79")]
    [InlineData(921_600, true, "")]
    [InlineData(115_200, false, "")]
    public void It_measures_the_speed_and_expects_even_parity(int baudRate, bool isEven, string answer)
    {
        using var wire = new Wire("bluepill", baudRate, isEven);

        Assert.Equal(answer, wire.Ask("7F"));
        Assert.Equal(answer.Length > 0, wire.Ask("00 FF").StartsWith("79", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_first_byte_makes_it_deaf_until_the_next_reset()
    {
        using var wire = new Wire("bluepill,nrst=dtr");
        wire.Line.SetDtr(false);
        wire.Pass(TimeSpan.FromMilliseconds(5));

        Assert.Equal("", wire.Ask("00 7F 7F 7F"));
        wire.Line.SetDtr(true);
        wire.Line.SetDtr(false);
        wire.Pass(TimeSpan.FromMilliseconds(5));
        Assert.Equal("79", wire.Ask("7F"));
    }

    [Fact]
    public void It_reads_flash_information_and_RAM_but_not_its_own()
    {
        using var wire = new Wire("bluepill").InStep();
        wire.Board.Flash.Preload(0x0800_0100, "abcd"u8);

        Assert.Equal("79 79 79 61 62 63 64", wire.Read(0x0800_0100, 4));
        Assert.Equal("79 79 79 80 00", wire.Read(0x1FFF_F7E0, 2));
        Assert.Equal("79 79 79 00", wire.Read(0x2000_0200, 1));
        Assert.Equal("79 1F", wire.Ask("11 EE") + " " + wire.Ask(Address(0x2000_01FC)));
        Assert.Equal("79 1F", wire.Ask("11 EE") + " " + wire.Ask(Address(0x0900_0000)));
        Assert.Equal("79 1F", wire.Ask("11 EE") + " " + wire.Ask("08 00 01 00 08"));
        Assert.Equal("79 79 1F", wire.Ask("11 EE") + " " + wire.Ask(Address(0x0800_0100)) + " " + wire.Ask("03 FB"));
    }

    [Fact]
    public void An_F405_tells_its_flash_size_only_in_a_read_that_begins_in_the_OTP()
    {
        using var wire = new Wire("f407-rom").InStep();

        Assert.Equal("79 1F", wire.Ask("11 EE") + " " + wire.Ask(Address(0x1FFF_7A22)));
        Assert.EndsWith(" 00 04", wire.Read(0x1FFF_7A00, 0x24), StringComparison.Ordinal);
    }

    [Fact]
    public void It_writes_whole_words_after_an_erase_and_says_what_it_did_not_write()
    {
        using var wire = new Wire("bluepill,start=empty").InStep();

        Assert.Equal("79 79 79", wire.Write(0x0800_0400, "abcd"u8));
        Assert.Equal("79 79 1F", wire.Write(0x0800_0400, "wxyz"u8));
        Assert.Equal("79 79 1F", wire.Write(0x0800_0404, "abc"u8));
        Assert.Equal("79 79 1F", wire.Ask("31 CE") + " " + wire.Ask(Address(0x0800_0408)) + " " + wire.Ask("03 61 62 63 64 00"));
        Assert.Equal("abcd"u8.ToArray(), wire.Board.Flash.Read(0x0800_0400, 4));
        Assert.True(wire.Board.Flash.IsErased(0x0800_0404, 8));
        Assert.Equal("79 79", wire.Ask("43 BC") + " " + wire.Ask("00 01 01"));
        Assert.True(wire.Board.Flash.IsErased(0x0800_0400, 1024));
        Assert.Equal(1, wire.Board.SectorsErased);
    }

    [Fact]
    public void A_global_erase_of_an_F1_needs_a_zero_and_anything_else_is_acknowledged_all_the_same()
    {
        using var wire = new Wire("bluepill").InStep();

        Assert.Equal("79 79", wire.Ask("43 BC") + " " + wire.Ask("FF 01"));
        Assert.Equal(0, wire.Board.SectorsErased);
        Assert.Equal("79 79", wire.Ask("43 BC") + " " + wire.Ask("FF 00"));
        Assert.Equal(128, wire.Board.SectorsErased);
    }

    [Theory]
    [InlineData("l476-rom", "FF FF 00", "79", 512)]
    [InlineData("l476-rom", "FF FE 01", "79", 256)]
    [InlineData("l476-rom", "FF FD 02", "79", 256)]
    [InlineData("l476-rom", "FF FC 03", "1F", 0)]
    [InlineData("l476-rom", "FF FF 01", "1F", 0)]
    [InlineData("nucleo-g071", "FF FE 01", "1F", 0)]
    [InlineData("nucleo-g071", "00 01 00 00 00 05 04", "79", 2)]
    [InlineData("f407-rom", "00 00 00 0C 0C", "1F", 0)]
    public void An_extended_erase_takes_pages_and_codes(string board, string pages, string answer, int erased)
    {
        using var wire = new Wire(board).InStep();

        Assert.Equal("79 " + answer, wire.Ask("44 BB") + " " + wire.Ask(pages, seconds: 20));
        Assert.Equal(erased, wire.Board.SectorsErased);
    }

    [Theory]
    [InlineData("bluepill", "1F")]
    [InlineData("f407-rom", "1F 1F")]
    public void Read_protection_refuses_and_its_removal_erases_everything(string board, string refusal)
    {
        using var wire = new Wire(board + ",rdp=1").InStep();

        Assert.Equal(refusal, wire.Ask("11 EE"));
        Assert.Equal(refusal, wire.Ask("31 CE"));
        Assert.Equal(refusal, wire.Ask("21 DE"));
        Assert.Equal("1F", wire.Ask(board == "bluepill" ? "43 BC" : "44 BB"));
        Assert.StartsWith("79", wire.Ask("02 FD"), StringComparison.Ordinal);
        Assert.Equal("79 79", wire.Ask("92 6D", seconds: 20));
        Assert.True(wire.Board.Flash.IsErased(0x0800_0000, 1024));
        wire.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal("79", wire.Ask("7F"));
        Assert.Equal("79", wire.Ask("11 EE"));
    }

    [Fact]
    public void Write_protected_flash_stays_as_it_is_and_nothing_is_said()
    {
        using var wire = new Wire("bluepill,wrp=1").InStep();
        var before = wire.Board.Flash.Bytes.ToArray();

        Assert.Equal("79 79", wire.Ask("43 BC") + " " + wire.Ask("FF 00"));
        Assert.Equal("79 79 79", wire.Write(0x0800_0000, "abcd"u8));
        Assert.Equal(before, wire.Board.Flash.Bytes.ToArray());
        Assert.Equal("79 79", wire.Ask("73 8C"));
        wire.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal("79", wire.Ask("7F"));
        Assert.Equal("79 79", wire.Ask("43 BC") + " " + wire.Ask("FF 00"));
        Assert.True(wire.Board.Flash.IsErased(0x0800_0000, 1024));
    }

    [Fact]
    public void After_a_write_that_is_not_aligned_an_L4_writes_nothing_until_the_next_reset()
    {
        using var wire = new Wire("l476-rom,start=empty").InStep();

        Assert.Equal("79 79 1F", wire.Write(0x0800_0004, "abcdefgh"u8));
        Assert.Equal("79 79 1F", wire.Write(0x0800_0008, "abcdefgh"u8));
        Assert.True(wire.Board.Flash.IsErased(0x0800_0000, 2048));
    }

    [Fact]
    public void Go_starts_the_sketch()
    {
        using var wire = new Wire("nucleo-g071").InStep();

        Assert.Equal("79 79", wire.Ask("21 DE") + " " + wire.Ask(Address(0x0800_0000)));
        Assert.Equal(0x0800_0000u, wire.Board.RunningSketch?.Address);
        Assert.Equal("", wire.Ask("00 FF"));
    }

    [Fact]
    public void The_modem_lines_reset_the_chip_and_choose_what_starts()
    {
        using var wire = new Wire("bluepill,nrst=dtr,boot0=-rts", boot0: false);

        Assert.Null(wire.Board.RunningSketch);
        wire.Line.SetDtr(false);
        wire.Pass(TimeSpan.FromMilliseconds(5));
        Assert.NotNull(wire.Board.RunningSketch);
        wire.Line.SetDtr(true);
        wire.Line.SetRts(false);
        wire.Line.SetDtr(false);
        wire.Pass(TimeSpan.FromMilliseconds(5));
        Assert.Equal("79", wire.Ask("7F"));
        Assert.Null(wire.Board.RunningSketch);
    }

    [Fact]
    public void Bytes_take_the_time_of_the_line_and_the_adapter_keeps_a_packet_that_is_not_full()
    {
        var fast = Measure("bluepill,adapter=0");
        var slow = Measure("bluepill,adapter=16");
        var wire = (9 + 259) * new SerialFormat(115_200, EvenParity: true).ByteTime;

        Assert.InRange(fast, wire + TimeSpan.FromMilliseconds(3), wire + TimeSpan.FromMilliseconds(3.1));
        Assert.InRange(slow, fast + TimeSpan.FromMilliseconds(40), fast + TimeSpan.FromMilliseconds(48.1));
    }

    // Three round trips: two answers of one byte each, and 257 bytes, of which 62 fill a packet.
    private static TimeSpan Measure(string board)
    {
        using var wire = new Wire(board).InStep();
        var start = wire.Now;
        wire.Send("11 EE");
        wire.Expect(1);
        wire.Send(Address(0x0800_0000));
        wire.Expect(1);
        wire.Send("FF 00");
        wire.Expect(257);
        return wire.Now - start;
    }

    [Fact]
    public void What_comes_while_it_erases_is_lost_but_for_one_byte()
    {
        using var wire = new Wire("bluepill").InStep();

        wire.Ask("43 BC");
        wire.Send("00 01 01");
        Assert.Equal("79", wire.Ask("00 FF 01 FE"));
        Assert.StartsWith("79 0B", wire.Ask("FF"), StringComparison.Ordinal);
    }

    private static string Address(uint address)
    {
        byte[] bytes = [(byte)(address >> 24), (byte)(address >> 16), (byte)(address >> 8), (byte)address];
        return Hex([.. bytes, bytes.Aggregate((a, b) => (byte)(a ^ b))]);
    }

    private static string Hex(IEnumerable<byte> bytes) => string.Join(' ', bytes.Select(b => $"{b:X2}"));

    /// <summary>A board with an adapter, and what a host sends and receives, as hexadecimal bytes.</summary>
    private sealed class Wire : IDisposable
    {
        private readonly SimulatedSystem _system;

        public Wire(string board, int baudRate = 115_200, bool isEven = true, bool boot0 = true)
        {
            var (kind, options) = board.Split(',', 2) is [var k, var o] ? (k, o) : (board, "adapter=1");
            _system = new SimulatedSystem(SimulationOptions.Parse($"{kind},adapter=1,{options}{(boot0 ? ",boot0=1" : "")}"), _ => { });
            Line = isEven
                ? _system.SerialPorts.OpenUart(InProcessSerialPorts.FirstAdapterName, baudRate)
                : (IUartLine)_system.SerialPorts.Open(InProcessSerialPorts.FirstAdapterName, baudRate);
        }

        public IUartLine Line { get; }

        public Board Board => _system.Board;

        public TimeSpan Now => _system.Clock.Now;

        public Wire InStep()
        {
            Assert.Equal("79", Ask("7F"));
            return this;
        }

        public void Send(string hex) => Line.Write(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), TimeSpan.FromSeconds(1));

        public void Expect(int count)
        {
            var buffer = new byte[512];
            for (var got = 0; got < count;)
            {
                var read = Line.Read(buffer, TimeSpan.FromSeconds(1));
                Assert.NotEqual(0, read);
                got += read;
            }
        }

        public string Ask(string hex, int seconds = 1)
        {
            Send(hex);
            var answer = new List<byte>();
            var buffer = new byte[64];
            var limit = TimeSpan.FromSeconds(seconds);
            for (int read; (read = Line.Read(buffer, limit)) > 0;)
            {
                answer.AddRange(buffer.Take(read));
            }

            return Hex(answer);
        }

        public string Read(uint address, int length) =>
            $"{Ask("11 EE")} {Ask(Address(address))} {Ask($"{length - 1:X2} {0xFF - (length - 1):X2}")}";

        public string Write(uint address, ReadOnlySpan<byte> data)
        {
            byte[] block = [(byte)(data.Length - 1), .. data];
            return $"{Ask("31 CE")} {Ask(Address(address))} {Ask(Hex([.. block, block.Aggregate((a, b) => (byte)(a ^ b))]))}";
        }

        public void Pass(TimeSpan duration)
        {
            _system.Clock.Advance(duration);
            Board.AdvanceTo(_system.Clock.Now);
        }

        public void Dispose()
        {
            Line.Dispose();
            _system.Dispose();
        }
    }
}
