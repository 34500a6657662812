using UploadHelper.Core.Connecting;
using UploadHelper.Core.Serial;

namespace UploadHelper.Tests.Contracts;

/// <summary>What <see cref="ISerialPorts"/> and <see cref="ISerialLine"/> promise, whatever is behind them.</summary>
public abstract class SerialContract(SerialBench bench) : IDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    protected SerialBench TestBench => bench;

    public void Dispose()
    {
        bench.Dispose();
        GC.SuppressFinalize(this);
    }

    [Rule]
    public void A_port_that_is_not_there_is_not_found()
    {
        foreach (var name in (string[])["ttyNone7", "/dev/ttyNone7"])
        {
            AssertFault(SerialFault.NotFound, () => bench.Ports.Open(name, 9600));
        }
    }

    [Rule]
    public void What_is_written_at_once_arrives_in_one_packet()
    {
        // Single bytes may come beside them: until it is in raw mode a fresh terminal echoes what the sketch prints.
        using var line = Open();
        line.Write("hello"u8, Long);
        bench.WaitFor("sketch receives 5 bytes");
        line.Write(new byte[64], Long);
        bench.WaitFor("sketch receives 64 bytes");
    }

    [Rule]
    public void The_reset_sequence_resets_the_sketch()
    {
        Assert.Null(new SketchReset(bench.Ports, bench.Time, _ => { }).Run(bench.Find(), CancellationToken.None).Warning);
        Assert.Contains("reset: magic", bench.Seen("off the bus: "));
    }

    [Rule]
    public void A_device_that_takes_nothing_costs_the_limit_and_is_closed_at_once()
    {
        var line = Open();
        bench.Use(b => b.Hang("for the test"));
        var start = bench.Time.GetTimestamp();
        AssertFault(SerialFault.Timeout, () => line.Write(new byte[1 << 20], Short));
        var writing = bench.Time.GetElapsedTime(start);
        line.Dispose();
        var closing = bench.Time.GetElapsedTime(start) - writing;

        Assert.True(writing >= Short, $"it gave up after {writing}");
        Assert.True(closing < writing, $"closing took {closing}, the write {writing}");
    }

    [Rule]
    public void A_device_that_was_pulled_is_gone_and_its_line_can_be_closed()
    {
        using (var line = Open())
        {
            bench.Pull();
            WaitUntilGone(line);
            AssertFault(SerialFault.Gone, () => line.Write("1EAF"u8, Long));
            AssertFault(SerialFault.Gone, () => line.Write("1EAF"u8, Long));
            AssertFault(SerialFault.Gone, () => line.SetDtr(false));
            AssertFault(SerialFault.Gone, () => line.SetRts(false));
            line.Dispose();
        }

        bench.Use(b => b.Plug());
        using var next = Open();
        next.Write("hello"u8, Long);
        bench.WaitFor("sketch receives 5 bytes");
    }

    [Rule]
    public void A_closed_port_can_be_opened_again()
    {
        foreach (var count in (int[])[2, 3, 4])
        {
            var line = Open();
            line.Write(new byte[count], Long);
            bench.WaitFor($"sketch receives {count} bytes");
            line.Dispose();
            line.Dispose();
        }
    }

    protected ISerialLine Open(int baudRate = 9600) => bench.Ports.Open(bench.Find(), baudRate);

    private static void AssertFault(SerialFault fault, Action action) => Assert.Equal(fault, Assert.Throws<SerialException>(action).Fault);

    // The system takes a moment to notice.
    private static void WaitUntilGone(ISerialLine line) => UsbBench.WaitUntil(() =>
    {
        try
        {
            line.SetDtr(true);
            line.SetDtr(false);
            return false;
        }
        catch (SerialException)
        {
            return true;
        }
    });
}

/// <summary>And of ports that are listed and have modem lines: all but pseudo terminals.</summary>
public abstract class ModemContract(SerialBench bench) : SerialContract(bench)
{
    private const int Dtr = 1;
    private const int Rts = 2;

    [Rule]
    public void A_port_is_listed_with_the_ids_of_its_device()
    {
        var name = TestBench.Find();
        var port = PortNames.Find(TestBench.Ports.List(), name)!;
        Assert.Equal(("0483:5740", "207C356E3251", "STM32 Virtual ComPort"), ($"{port.VendorId:X4}:{port.ProductId:X4}", port.SerialNumber, port.Product));
        Assert.Matches(@"^\d+-\d+(\.\d+)*$", port.UsbPath);
    }

    [Rule]
    public void A_port_that_was_pulled_is_listed_no_more()
    {
        var name = TestBench.Find();
        TestBench.Pull();
        UsbBench.WaitUntil(() => !PortNames.IsListed(TestBench.Ports, name));
        Assert.Equal(SerialFault.NotFound, Assert.Throws<SerialException>(() => TestBench.Ports.Open(name, 9600)).Fault);
    }

    [Rule]
    public void Opening_raises_both_lines_and_closing_lowers_them()
    {
        var line = Open();
        Assert.Equal([Dtr | Rts], TestBench.Lines());
        line.Dispose();
        UsbBench.WaitUntil(() => TestBench.Lines() is [Dtr | Rts, 0]);
    }

    [Rule]
    public void Lines_change_in_order_and_an_unchanged_one_sends_nothing()
    {
        using var line = Open();
        line.SetDtr(true);
        line.SetRts(false);
        line.SetRts(false);
        line.SetDtr(false);
        line.SetDtr(true);
        line.SetDtr(false);
        line.SetRts(true);
        line.SetDtr(true);
        line.SetRts(true);
        Assert.Equal([Dtr | Rts, Dtr, 0, Dtr, 0, Rts, Dtr | Rts], TestBench.Lines());
    }

    [Rule]
    public void The_speed_reaches_the_device()
    {
        foreach (var baudRate in (int[])[1200, 9600, 115200])
        {
            using var line = Open(baudRate);
            Assert.Equal(baudRate, TestBench.BaudRate());
        }
    }

    [Rule]
    public void The_speed_of_an_open_line_changes_and_its_lines_do_not()
    {
        using var line = Open();
        foreach (var baudRate in (int[])[1200, 9600])
        {
            line.SetBaudRate(baudRate);
            Assert.Equal(baudRate, TestBench.BaudRate());
        }

        Assert.Equal([Dtr | Rts], TestBench.Lines());
    }
}
