using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
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

    // Two pages of an F103.
    private const int Size = 1301;

    public static TheoryData<string> Boards => ["bluepill", "f407-rom", "l476-rom", "nucleo-g071"];

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
