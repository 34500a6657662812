using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>The program format of the ROM of an F4 or F7, which follows the supply voltage that the host names.</summary>
public class SupplyVoltageTests
{
    private const uint Base = 0x0800_0000;
    private const int Size = 256 * 1024;
    private readonly Bench _bench = new("f4rom", StartState.Bootloader);
    private readonly List<int> _widths = [];

    [Theory]
    [InlineData("f4rom")]
    [InlineData("f7rom")]
    [InlineData("blackpill-f411")]
    public void Words_take_at_most_six_tenths_of_the_time_that_bytes_take(string board)
    {
        var (bytes, words) = (new Bench(board, StartState.Bootloader), new Bench(board, StartState.Bootloader));
        var request = bytes.Request(Base, Size) with { Leave = false };

        var slow = bytes.Upload(request);
        var fast = words.Upload(request with { SupplyVoltage = new VoltageRange(3.3) });

        Assert.True(slow.Verified && fast.Verified);
        Assert.InRange(fast.Elapsed / slow.Elapsed, 0.3, 0.6);
        Assert.Equal((1, 4), words.Events.OfType<ProgramFormatSet>().Select(e => (e.Before, e.Width)).Single());
    }

    [Theory]
    [InlineData(1.8, 1)]
    [InlineData(2.0, 1)]
    [InlineData(2.1, 2)]
    [InlineData(2.69, 2)]
    [InlineData(2.7, 4)]
    [InlineData(3.6, 4)]
    public void The_voltage_decides_how_many_bytes_are_programmed_at_once(double volts, int width)
    {
        Upload(volts);

        Assert.Equal([width], _widths.Distinct());
        Assert.Equal(0, Rom.VoltageRange);
    }

    [Fact]
    public void Without_it_the_setting_is_neither_read_nor_written()
    {
        Upload(null);

        Assert.Equal([1], _widths.Distinct());
        Assert.DoesNotContain(_bench.Log, e => e.Text.Contains("voltage", StringComparison.Ordinal) || e.Text.Contains("SET_INTERFACE", StringComparison.Ordinal));
    }

    [Fact]
    public void A_setting_that_was_there_before_is_put_back()
    {
        Preset(2);

        Upload(3.3);

        Assert.Equal([4], _widths.Distinct());
        Assert.Equal(2, Rom.VoltageRange);
    }

    [Fact]
    public void A_setting_that_is_right_already_is_left_alone()
    {
        Preset(3);
        _bench.Log.Clear();

        Upload(3.3);

        Assert.DoesNotContain(_bench.Log, e => e.Text.StartsWith("voltage", StringComparison.Ordinal));
        Assert.Empty(_bench.Events.OfType<ProgramFormatSet>());
    }

    [Fact]
    public void A_sketch_that_is_there_already_needs_no_setting()
    {
        Upload(null);
        _bench.Log.Clear();

        Upload(3.3);

        Assert.DoesNotContain(_bench.Log, e => e.Text.StartsWith("voltage", StringComparison.Ordinal));
    }

    [Fact]
    public void It_is_put_back_before_the_sketch_is_started()
    {
        var request = _bench.Request(Base) with { SupplyVoltage = new VoltageRange(3.3), WaitPort = WaitPort.No };

        _bench.Upload(request);
        _bench.Settle();

        var texts = _bench.Log.Select(e => e.Text).ToList();
        Assert.InRange(texts.FindLastIndex(t => t.StartsWith("voltage range 0", StringComparison.Ordinal)), texts.FindLastIndex(t => t.StartsWith("program ", StringComparison.Ordinal)), texts.FindLastIndex(t => t.StartsWith("sketch", StringComparison.Ordinal)));
    }

    [Fact]
    public void It_is_put_back_when_the_user_ends_the_upload()
    {
        using var end = new CancellationTokenSource();
        _bench.Seen = e =>
        {
            if (e.Text.StartsWith("program 2048", StringComparison.Ordinal))
            {
                end.Cancel();
            }
        };

        Assert.Throws<OperationCanceledException>(() => _bench.Upload(_bench.Request(Base) with { SupplyVoltage = new VoltageRange(3.3) }, end.Token));

        Assert.Equal(0, Rom.VoltageRange);
        Assert.DoesNotContain(_bench.Events, e => e is UploadWarning { Code: WarningCode.VoltageKept });
    }

    [Fact]
    public void After_a_reset_in_the_middle_it_is_set_again()
    {
        var programmed = 0;
        _bench.Seen = e =>
        {
            if (e.Text.StartsWith("program ", StringComparison.Ordinal) && ++programmed == 3)
            {
                _bench.Board.Reset("by hand", BootCause.ByHand);
            }
        };

        var result = _bench.Upload(_bench.Request(Base) with { SupplyVoltage = new VoltageRange(3.3), Leave = false });

        Assert.True(result.Verified);
        Assert.Equal(2, _bench.Events.OfType<ProgramFormatSet>().Count());
        Assert.Equal(0, Rom.VoltageRange);
    }

    [Fact]
    public void An_erase_is_shorter_too()
    {
        TimeSpan Erase(double? volts)
        {
            var bench = new Bench("f4rom", StartState.Bootloader);
            var before = bench.System.Clock.Now;
            bench.Work(Request(volts), session => new FlashEraser(session, _ => { }).RunAll(null));
            Assert.Equal(0, ((F4Rom)bench.Board.Function!).VoltageRange);
            return bench.System.Clock.Now - before;
        }

        Assert.InRange(Erase(3.3) / Erase(null), 0.5, 0.75);
    }

    [Theory]
    [InlineData("l496")]
    [InlineData("maple20")]
    [InlineData("h747")]
    public void On_a_bootloader_without_such_a_setting_a_warning_says_that_it_has_no_effect(string board)
    {
        var bench = new Bench(board, StartState.Bootloader);

        var result = bench.Upload(bench.Request(bench.Board.Name == "maple20" ? 0x0800_2000u : Base) with { SupplyVoltage = new VoltageRange(3.3) });

        Assert.True(result.Verified);
        Assert.Single(bench.Events, e => e is UploadWarning { Code: WarningCode.VoltageIgnored });
        Assert.Empty(bench.Board.Violations);
    }

    private F4Rom Rom => (F4Rom)_bench.Board.Function!;

    private static BootloaderRequest Request(double? volts) => new(new DeviceFilter(DeviceFilter.KnownIds))
    {
        SupplyVoltage = volts is { } v ? new VoltageRange(v) : null,
    };

    private void Preset(byte range) =>
        _bench.Work(Request(null), session => VoltageRange.Write(session.Select(VoltageRange.MemoryIn(session.Memories)!), range));

    private void Upload(double? volts)
    {
        _bench.Seen = e =>
        {
            if (e.Text.StartsWith("program ", StringComparison.Ordinal) || e.Text.StartsWith("erase ", StringComparison.Ordinal))
            {
                _widths.Add(_bench.Board.Flash.Times.Width);
            }
        };
        var result = _bench.Upload(_bench.Request(Base) with { SupplyVoltage = Request(volts).SupplyVoltage, Leave = false });
        Assert.True(result.Verified);
        Assert.Empty(_bench.Board.Violations);
    }
}
