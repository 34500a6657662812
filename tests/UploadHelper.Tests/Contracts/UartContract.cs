using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;

namespace UploadHelper.Tests.Contracts;

/// <summary>What <see cref="IUartLine"/> promises, whatever is behind it; the ROM of an STM32F103 is at the other end.</summary>
public abstract class UartContract(SerialBench bench) : IDisposable
{
    private const int BaudRate = 115_200;

    // What its command Get answers (AN3155, 3.1), and the two bytes of the command.
    private const string Get = "790B22000102112131436373829279";
    private const int GetSize = 2 + 15;

    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    protected SerialBench TestBench => bench;

    public void Dispose()
    {
        bench.Dispose();
        GC.SuppressFinalize(this);
    }

    [Rule]
    public void A_port_that_is_not_there_is_not_found() => AssertFault(SerialFault.NotFound, () => bench.Ports.OpenUart("ttyNone7", BaudRate));

    [Rule]
    public void What_the_other_end_answers_is_read_also_in_small_pieces()
    {
        using var line = Synchronized();
        Assert.Equal(Get, AskGet(line, piece: 64));
        Assert.Equal(Get, AskGet(line, piece: 1));
        Assert.Equal(Get, AskGet(line, piece: 4));
    }

    [Rule]
    public void Silence_costs_the_limit_and_a_look_does_not_wait()
    {
        using var line = Synchronized();
        var start = bench.Time.GetTimestamp();
        Assert.Equal(0, line.Read(new byte[16], TimeSpan.Zero));
        var look = bench.Time.GetElapsedTime(start);
        Assert.Equal(0, line.Read(new byte[16], Short));
        var read = bench.Time.GetElapsedTime(start) - look;

        Assert.True(read >= Short, $"it gave up after {read}");
        Assert.True(look < read, $"the look took {look}, the read {read}");
    }

    [Rule]
    public void A_look_takes_what_is_there()
    {
        using var line = Synchronized();
        line.Write([0x00, 0xFF], Long);
        bench.Time.Wait(Short, CancellationToken.None);
        Assert.Equal(Get, Read(line, Get.Length / 2, 64, TimeSpan.Zero));
    }

    [Rule]
    public void What_is_dropped_does_not_come()
    {
        using var line = Synchronized();
        line.Write([0x00, 0xFF], Long);
        Read(line, 1, 1, Long);
        bench.Time.Wait(Short, CancellationToken.None);
        line.Discard();
        Assert.Equal(0, line.Read(new byte[64], Short));
        Assert.Equal(Get, AskGet(line));
    }

    [Rule]
    public void Bytes_take_the_time_of_the_line()
    {
        const int Slow = 1200;
        using var line = Synchronized(Slow);
        var start = bench.Time.GetTimestamp();
        Assert.Equal(Get, AskGet(line));
        var took = bench.Time.GetElapsedTime(start);
        Assert.True(took >= GetSize * TimeSpan.FromSeconds(11.0 / Slow), $"{took}");
    }

    [Rule]
    public void The_speed_of_an_open_line_changes()
    {
        using var line = Synchronized();
        line.SetBaudRate(BaudRate / 2);
        line.Write([0x00, 0xFF], Long);
        Read(line, 1, 1, Long);
        bench.WaitFor("no command");
        line.SetBaudRate(BaudRate);
        Assert.Equal(Get, AskGet(line));
    }

    [Rule]
    public void A_write_of_hundreds_of_bytes_arrives_in_one_piece()
    {
        // 256 bytes to the middle of RAM, whose checksum and answers tell that none is missing (AN3155, 3.6).
        using var line = Synchronized();
        line.Write([0x31, 0xCE, 0x20, 0, 0x10, 0, 0x30, 0xFF, .. new byte[256], 0xFF], Long);
        Assert.Equal("797979", Read(line, 3, 64, Long));
    }

    [Rule]
    public void A_closed_line_can_be_opened_again()
    {
        var first = Synchronized();
        Assert.Equal(Get, AskGet(first));
        first.Dispose();
        first.Dispose();
        using var second = Open();
        Assert.Equal(Get, AskGet(second));
    }

    [Rule]
    public void An_adapter_that_was_pulled_is_gone()
    {
        using var line = Synchronized();
        bench.Pull();
        UsbBench.WaitUntil(() => IsGone(line));
        AssertFault(SerialFault.Gone, () => line.Read(new byte[16], Short));
        AssertFault(SerialFault.Gone, () => line.Write([0x7F], Short));
    }

    protected IUartLine Open(int baudRate = BaudRate) => bench.Ports.OpenUart(bench.Find(), baudRate);

    /// <summary>A line whose other end has measured its speed.</summary>
    protected IUartLine Synchronized(int baudRate = BaudRate)
    {
        var line = Open(baudRate);
        line.Write([0x7F], Long);
        Assert.Equal("79", Read(line, 1, 16, Long));
        return line;
    }

    protected static string AskGet(IUartLine line, int piece = 16)
    {
        line.Write([0x00, 0xFF], Long);
        return Read(line, Get.Length / 2, piece, Long);
    }

    private static string Read(IUartLine line, int count, int piece, TimeSpan limit)
    {
        var got = new List<byte>();
        var buffer = new byte[piece];
        while (got.Count < count && line.Read(buffer, limit) is > 0 and var read)
        {
            got.AddRange(buffer.AsSpan(0, read));
        }

        return Convert.ToHexString([.. got]);
    }

    // The system takes a moment to notice.
    private static bool IsGone(IUartLine line)
    {
        try
        {
            line.Read(new byte[16], TimeSpan.FromMilliseconds(1));
            return false;
        }
        catch (SerialException)
        {
            return true;
        }
    }

    private static void AssertFault(SerialFault fault, Action action) => Assert.Equal(fault, Assert.Throws<SerialException>(action).Fault);
}

/// <summary>And of adapters with modem lines and parity: all but pseudo terminals.</summary>
public abstract class AdapterContract(SerialBench bench) : UartContract(bench)
{
    [Rule]
    public void An_adapter_is_listed_with_its_ids()
    {
        var name = TestBench.Find();
        Assert.Equal((ushort)0x1A86, PortNames.Find(TestBench.Ports.List(), name)?.VendorId);
        TestBench.Pull();
        UsbBench.WaitUntil(() => !PortNames.IsListed(TestBench.Ports, name));
    }

    [Rule]
    public void Opening_raises_both_lines_each_is_set_by_itself_and_closing_drops_them()
    {
        var line = Open();
        Assert.Equal((true, true), Lines());
        line.SetDtr(false);
        Assert.Equal((false, true), Lines());
        line.SetRts(false);
        Assert.Equal((false, false), Lines());
        line.SetDtr(true);
        Assert.Equal((true, false), Lines());
        line.SetRts(true);
        line.Dispose();
        UsbBench.WaitUntil(() => Lines() == (false, false));
    }

    [Rule]
    public void A_port_is_opened_without_parity_unless_it_is_for_a_bootloader()
    {
        using (var line = TestBench.Ports.Open(TestBench.Find(), 9600))
        {
            line.Write([0x7F], TimeSpan.FromSeconds(20));
            TestBench.Time.Wait(TimeSpan.FromSeconds(1), CancellationToken.None);
        }

        TestBench.WaitFor("0x7F at 9600 baud, no parity");

        TestBench.Use(b => b.PressReset());
        TestBench.Time.Wait(TimeSpan.FromSeconds(1), CancellationToken.None);
        Synchronized().Dispose();
        TestBench.WaitFor("the ROM has measured 115200 baud");
    }

    private (bool Dtr, bool Rts) Lines() => TestBench.Use(b => (b.Adapter!.Dtr, b.Adapter.Rts));
}
