using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Core.Dfu;

/// <summary>ROMs that erase behind the host's back.</summary>
public class EraseTests
{
    private const string Refused = "refused: still erasing";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_refusal_while_it_erases_is_no_failure_and_nothing_is_erased_twice(bool early)
    {
        var bench = new Bench("l496", StartState.Bootloader);

        var polling = Erase(bench, early, new EraseTimes(), pages: 32);

        Assert.All(bench.Board.Flash.Erases.Take(32), e => Assert.Equal(1, e));
        Assert.Contains(bench.Log, e => e.Text == Refused);
        Assert.False(polling.IsEarly);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void With_the_time_that_the_part_needs_there_is_none(bool early)
    {
        var bench = new Bench("l496", StartState.Bootloader);

        Erase(bench, early, new EraseTimes { AtLeast = TimeSpan.FromMilliseconds(25) }, pages: 32);

        Assert.DoesNotContain(bench.Log, e => e.Text == Refused);
    }

    [Fact]
    public void The_table_knows_it()
    {
        var bench = new Bench("l496", StartState.Bootloader);

        bench.Upload(bench.Request(0x0800_0000, 60_000) with { Port = null });

        Assert.DoesNotContain(bench.Log, e => e.Text == Refused);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_erase_that_never_ends_is_done_if_reading_says_so(bool stuck)
    {
        var bench = new Bench("h747,rom=9.1", StartState.Bootloader);
        bench.Bus.BeforeTransfer = _ =>
        {
            if (stuck)
            {
                bench.Board.Flash.Preload(0x0811_FFFF, [0x7F]);
            }
        };

        var e = Record.Exception(() => bench.Upload(bench.Request(0x0810_0000, 3_000) with { Port = null }));

        Assert.Equal(stuck, e is UploadException { Error: UploadError.DeviceFailed });
        Assert.True(stuck || e is null, $"{e}");
        Assert.Empty(bench.Board.Violations);
    }

    private static Polling Erase(Bench bench, bool early, EraseTimes times, int pages)
    {
        using var device = bench.Bus.Open(bench.Bus.List()[0]);
        var polling = new Polling(early);
        var connection = new DfuConnection(device, 0, bench.System.Clock, CancellationToken.None) { Polling = polling };
        connection.Idle();
        var map = MemoryMap.Parse("@Internal Flash  /0x08000000/512*0002Kg");
        var bootloader = new DfuSeBootloader(connection, map, new DfuFunctionalDescriptor(0x0B, 2048, DfuFunctionalDescriptor.DfuSeVersion), 0xFF) { EraseTimes = times };
        for (var page = 0; page < pages; page++)
        {
            bootloader.Erase(map.SectorAt(0x0800_0000 + page * 0x800L)!.Value);
        }

        return polling;
    }
}
