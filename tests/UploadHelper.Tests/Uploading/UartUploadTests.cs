using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Core.Serial;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.InProcess;
using Xunit.Abstractions;

namespace UploadHelper.Tests.Uploading;

/// <summary>Uploads to the USART bootloader in ROM, through a serial adapter.</summary>
public class UartUploadTests(ITestOutputHelper output)
{
    private const uint Base = FlashAddress.FlashBase;

    // It erases to 0.
    private const string L083 = "f072-rom,chip=l083";

    // It has two banks.
    private const string G0B1 = "g431-rom,chip=g0b1xe";

    // Two pages of an F103.
    private const int Size = 1301;

    public static TheoryData<string> Boards => ["bluepill", "f407-rom", "l476-rom", "nucleo-g071", L083, G0B1];

    [Theory]
    [MemberData(nameof(Boards))]
    public void A_sketch_is_written_verified_and_started(string board)
    {
        var bench = On(board);
        var request = Request(bench, 20_001);

        var result = Upload(bench, request);

        Assert.True(result is { Verified: true, Left: true });
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(Base, 20_001));
        Assert.Equal(Base, bench.Board.RunningSketch?.Address);
        Assert.Empty(bench.Board.Violations);
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void What_is_on_the_board_is_not_written_again(string board)
    {
        var bench = On(board);
        Upload(bench, Request(bench, 20_000) with { Leave = false });
        var erased = bench.Board.SectorsErased;

        var result = Upload(bench, Request(bench, 20_000));

        Assert.Equal((20_000, true), (result.Unchanged, result.Verified));
        Assert.Equal(erased, bench.Board.SectorsErased);
    }

    [Theory]
    [InlineData("bluepill,boot0=1,rdp=1", UploadError.ReadProtected, "Nothing was erased", "unprotect --uart")]
    [InlineData("f407-rom,boot0=1,rdp=1", UploadError.ReadProtected, "Nothing was erased", "unprotect --uart")]
    [InlineData("bluepill", UploadError.NoDevice, "No bootloader answered at uart within 3 s", "Set BOOT0 high")]
    [InlineData("bluepill,boot0=1,wrp=1", UploadError.VerifyFailed, "was not erased", "write-protected")]
    public void What_the_board_does_not_allow_is_said(string board, UploadError error, string message, string hint)
    {
        var bench = On(board, boot0: false);

        var e = Assert.Throws<UploadException>(() => Upload(bench, Request(bench, 5000) with { Timeout = TimeSpan.FromSeconds(3) }));

        Assert.Equal(error, e.Error);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_two_banks_only_the_first_is_erased_by_number()
    {
        const int FirstBank = 256 * 1024;
        var bench = On(G0B1);
        Upload(bench, Request(bench, FirstBank) with { Leave = false });
        bench.Log.Clear();

        var e = Assert.Throws<UploadException>(() => Upload(bench, Request(bench, FirstBank + 1) with { Overridden = [Override.Map] }));

        Assert.Equal(UploadError.ImageTooLarge, e.Error);
        Assert.Contains("needs the sector 0x08040000 to 0x080407FF, but how its bootloader numbers the sectors of the second bank is not certain", e.Message, StringComparison.Ordinal);
        Assert.Contains("STM32CubeProgrammer with an ST-Link", e.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Log, l => l.Kind == BoardEventKind.Flash);
        Assert.Empty(bench.Board.Violations);
    }

    [Fact]
    public void A_chip_with_swapped_banks_is_left_alone()
    {
        var bench = On("g431-rom,banks=swapped");

        var e = Assert.Throws<UploadException>(() => Upload(bench, Request(bench, 5000)));

        Assert.Equal(UploadError.NotSupported, e.Error);
        Assert.Contains("its option bytes (0xFFEFFEAA at 0x1FFF7800) swap its banks", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, bench.Board.SectorsErased);
    }

    [Fact]
    public void The_supply_voltage_is_set_for_the_upload_and_put_back()
    {
        var slow = On("f407-rom,start=empty");
        var bytes = Upload(slow, Request(slow, 20_000)).Elapsed;
        var fast = On("f407-rom,start=empty");

        var words = Upload(fast, Request(fast, 20_000) with { SupplyVoltage = new VoltageRange(3.3), Leave = false });

        Assert.True(words.Verified);
        Assert.InRange(words.Elapsed, TimeSpan.Zero, bytes - TimeSpan.FromMilliseconds(400));
        Assert.Equal((1, 4), (fast.Events.OfType<ProgramFormatSet>().Single().Before, fast.Events.OfType<ProgramFormatSet>().Single().Width));
        Assert.Equal(
            ["voltage range 3: programs 32 bits at once", "voltage range 0: programs 8 bits at once"],
            fast.Log.Select(l => l.Text).Where(t => t.StartsWith("voltage range", StringComparison.Ordinal)));
        Assert.DoesNotContain(slow.Log, l => l.Text.StartsWith("voltage range", StringComparison.Ordinal));
    }

    [Fact]
    public void The_supply_voltage_has_no_effect_on_a_chip_that_programs_in_one_way()
    {
        var bench = On("nucleo-g071");

        Assert.True(Upload(bench, Request(bench, 5000) with { SupplyVoltage = new VoltageRange(3.3) }).Verified);
        Assert.Contains(bench.Events.OfType<UploadWarning>(), w => w.Code == WarningCode.VoltageIgnored);
    }

    [Theory]
    [InlineData(ByteFault.Lost)]
    [InlineData(ByteFault.Doubled)]
    [InlineData(ByteFault.Changed)]
    public void A_fault_while_the_supply_voltage_is_set_never_leaves_it_there_unsaid(ByteFault fault)
    {
        var clean = On("f407-rom,start=empty");
        var whole = new FaultyUartPorts(clean.System.SerialPorts, fault, int.MaxValue);
        Upload(clean, Voltage(clean), whole);
        var (set, kept) = (0, 0);
        var step = Environment.GetEnvironmentVariable("UPLOADHELPER_LONG_TESTS") == "1" ? 1 : 5;
        for (var index = 0; index < whole.Count; index += step)
        {
            var bench = On("f407-rom,start=empty");
            var failure = Record.Exception(() => Upload(bench, Voltage(bench), new FaultyUartPorts(bench.System.SerialPorts, fault, index)));
            var last = bench.Log.LastOrDefault(l => l.Text.StartsWith("voltage range", StringComparison.Ordinal))?.Text;
            var isSaid = bench.Events.OfType<UploadWarning>().Any(w => w.Code is WarningCode.VoltageKept);
            set += last is null ? 0 : 1;
            kept += isSaid ? 1 : 0;
            Assert.True(failure is null or UploadException, $"byte {index}: {failure}");
            Assert.True(last is null || last.StartsWith("voltage range 0", StringComparison.Ordinal) || isSaid, $"byte {index}: {last}");
        }

        output.WriteLine($"{fault}: set in {set} uploads, not confirmed in {kept}");
        Assert.InRange(set, whole.Count / step * 9 / 10, int.MaxValue);
    }

    private static UploadRequest Voltage(Bench bench) => Request(bench, 700) with { SupplyVoltage = new VoltageRange(3.3), Leave = false };

    [Fact]
    public void A_port_that_is_not_there_is_named_with_the_ones_that_are()
    {
        var e = Assert.Throws<UploadException>(() => Upload(On("bluepill"), Request(On("bluepill"), 5000) with { Port = "ttyUSB7" }));

        Assert.Equal(UploadError.SerialPort, e.Error);
        Assert.Contains("ttyUSB7 not found", e.Message, StringComparison.Ordinal);
        Assert.Contains("uart (a CH340 serial adapter)", e.Message, StringComparison.Ordinal);
    }

    // An adapter that keeps what it receives costs one wait for each block that is written, and none for what is read.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    public void An_upload_takes_hardly_longer_than_its_bytes_on_the_line(int latency)
    {
        const int Sketch = 64 * 1024;
        const int Blocks = Sketch / 256;
        var bench = On($"bluepill,adapter={latency},start=empty");
        var format = new SerialFormat(UartOptions.DefaultBaudRate, EvenParity: true);
        var part = bench.Board.Flash.Part;
        var write = Blocks * (2 + 5 + 258 + 3);
        var read = Blocks * (2 + 5 + 2 + 3 + 256);
        var flash = 64 * part.Times.Erase(1024).Typical + Sketch / part.Times.Width * part.Times.Program.Typical;
        var least = (write + read) * format.ByteTime + flash;

        var took = Upload(bench, Request(bench, Sketch)).Elapsed;

        var waits = Blocks * TimeSpan.FromMilliseconds(latency);
        output.WriteLine($"{took.TotalSeconds:0.00} s, {took / least:0.000} times the line's own time, {took / (least + waits):0.000} times that with the waits");
        Assert.InRange(took / (least + waits), 1.0, 1.1);
    }

    // All bytes, in steps; UPLOADHELPER_LONG_TESTS takes every one.
    [Theory]
    [InlineData("bluepill", ByteFault.Lost, 7)]
    [InlineData("bluepill", ByteFault.Doubled, 7)]
    [InlineData("bluepill", ByteFault.Changed, 11)]
    [InlineData("bluepill", ByteFault.Pulled, 11)]
    [InlineData("f407-rom", ByteFault.Lost, 13)]
    [InlineData("l476-rom", ByteFault.Lost, 13)]
    [InlineData("l476-rom", ByteFault.Doubled, 13)]
    [InlineData("nucleo-g071", ByteFault.Doubled, 13)]
    [InlineData(L083, ByteFault.Lost, 11)]

    // Byte 680 makes the list of pages seem so long that the zeros which end it are refused a thousand times.
    [InlineData(L083, ByteFault.Changed, 10)]
    [InlineData(G0B1, ByteFault.Changed, 13)]
    [InlineData("f407-rom", ByteFault.Changed, 13)]
    [InlineData(G0B1, ByteFault.Lost, 13)]
    [InlineData(G0B1, ByteFault.Pulled, 13)]
    public void A_fault_in_one_byte_leaves_no_half_sketch_and_touches_nothing_else(string board, ByteFault fault, int step)
    {
        var clean = On(board);
        var whole = new FaultyUartPorts(clean.System.SerialPorts, fault, int.MaxValue);
        Upload(clean, Request(clean, Size), whole);
        var failed = 0;
        step = Environment.GetEnvironmentVariable("UPLOADHELPER_LONG_TESTS") == "1" ? 1 : step;
        for (var index = 0; index < whole.Count; index += step)
        {
            var bench = On(board);
            var request = Request(bench, Size);
            var before = bench.Board.Flash.Bytes.ToArray();
            try
            {
                Assert.True(Upload(bench, request, new FaultyUartPorts(bench.System.SerialPorts, fault, index)).Verified, $"byte {index}");
            }
            catch (UploadException e)
            {
                failed++;
                // Another first byte than 0x7F makes the bootloader deaf.
                Assert.True(e.Error is UploadError.DeviceFailed or UploadError.DeviceLost or UploadError.VerifyFailed || (index == 0 && e.Error == UploadError.NoDevice), $"byte {index}: {e.Error}: {e.Message}");
                AssertNoHalfSketch(bench, before, request, index);
                bench.Board.PressResetWithBoot0();
                bench.Wait(TimeSpan.FromSeconds(1));
                var again = Record.Exception(() => Upload(bench, request));
                Assert.True(again is null, $"byte {index}: {e.Message} Again: {again?.Message} {string.Join('\n', bench.Log.TakeLast(25))}");
            }

            Assert.True(request.File.Content.Span.SequenceEqual(bench.Board.Flash.Read(Base, Size)), $"byte {index}");
            var end = (int)(bench.Board.Flash.Part.Sectors[bench.Board.Flash.SectorAt(Base + Size)].End - Base);
            Assert.True(bench.Board.Flash.Bytes[end..].SequenceEqual(before.AsSpan(end)), $"byte {index}");
        }

        output.WriteLine($"{board}, {fault}: {whole.Count} bytes, every {step}., {failed} uploads failed and succeeded when repeated");

        // Whoever pulls the adapter before the bootloader was found has to begin again.
        Assert.InRange(failed, 0, whole.Count / step / (fault == ByteFault.Pulled ? 15 : 50));
    }

    private static void AssertNoHalfSketch(Bench bench, byte[] before, UploadRequest request, int index)
    {
        var flash = bench.Board.Flash;
        var isWhole = request.File.Content.Span.SequenceEqual(flash.Read(Base, Size)) || flash.Bytes.SequenceEqual(before);
        Assert.True(isWhole || !flash.Part.HasStackAt(BinaryPrimitives.ReadUInt32LittleEndian(flash.Read(Base, 4))), $"byte {index}: half a sketch");
    }

    private static Bench On(string board, bool boot0 = true)
    {
        var bench = new Bench($"{board}{(board.Contains("adapter=", StringComparison.Ordinal) ? "" : ",adapter=1")}{(boot0 ? ",boot0=1" : "")}");
        var flash = bench.Board.Flash;
        flash.Preload(flash.Base + (uint)flash.Bytes.Length - 1024, Enumerable.Range(0, 1024).Select(i => (byte)i).ToArray());
        return bench;
    }

    private static UploadRequest Request(Bench bench, int size) => bench.Request(Base, size) with
    {
        Port = InProcessSerialPorts.FirstAdapterName,
        Uart = new UartOptions(UartOptions.DefaultBaudRate, ResetSequence.Manual),
        WaitPort = WaitPort.No,
    };

    private static UploadResult Upload(Bench bench, UploadRequest request, ISerialPorts? ports = null) =>
        new Uploader(bench.Bus, ports ?? bench.System.SerialPorts, bench.System.Clock, bench.Events.Add).Run(request, CancellationToken.None);
}
