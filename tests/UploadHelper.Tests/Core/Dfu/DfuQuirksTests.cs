using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Core.Dfu;

/// <summary>What is known of each bootloader, and how it is asked for its state.</summary>
public class DfuQuirksTests
{
    [Theory]
    [InlineData("f4boot", "F4Bootloader", true)]
    [InlineData("f4boot-old", "F4Bootloader (old build)", true)]
    [InlineData("f4rom", "ST system bootloader, STM32F2/F4/F7", true)]
    [InlineData("h0wch33", "h0wch33/stm32f1_dfu", true)]
    [InlineData("dsonano", "DSO Nano bootloader", true)]
    [InlineData("h747", "ST system bootloader, STM32H7", true)] // which calls itself "DFU in FS Mode", as F4Bootloader does
    [InlineData("l496", "ST system bootloader, STM32L4", true)]
    public void A_board_is_known_by_what_it_says_of_itself(string board, string name, bool pollsEarly)
    {
        BootloaderInfo? quirks = null;
        new Bench(board, StartState.Bootloader).Work(
            new BootloaderRequest(new DeviceFilter([DeviceFilter.StDfu])), session => quirks = session.Info);

        Assert.Equal((name, pollsEarly), (quirks!.Name, quirks.PollsEarly is not null));
        Assert.NotEmpty(quirks.Source);
    }

    [Theory]
    [InlineData("maple-orig", 0x0800_5000)]
    [InlineData("maple-f4", 0x0801_0000)]
    public void It_is_asked_ever_less_often_and_hardly_later_than_it_is_done(string board, uint address)
    {
        const int Size = 20_000;
        var early = Upload(board, address, Size, strict: false);
        var strict = Upload(board, address, Size, strict: true);

        // At each millisecond, as often as the bus lets it, these would be one for each millisecond that a block takes.
        Assert.True(early.Requests < 0.6 * early.Elapsed.TotalMilliseconds, $"{early}");
        Assert.True(early.Elapsed < strict.Elapsed, $"{early}, {strict}");
    }

    [Fact]
    public void It_is_told_before_it_could_be_asked_a_second_time()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var asked = new List<TimeSpan>();
        bench.Bus.AfterTransfer = _ => asked.Add(bench.System.Clock.Now);
        using var device = bench.Bus.Open(bench.Bus.List()[0]);
        var connection = new DfuConnection(device, 0, bench.System.Clock, CancellationToken.None) { Polling = new Polling(early: true) };
        connection.Idle();
        asked.Clear();
        connection.Download(0, [0x41, 0, 0, 0, 0x08]);

        var status = connection.Execute(TimeSpan.FromSeconds(5));

        Assert.Equal(DfuState.DownloadIdle, status.State);
        Assert.Equal(3, asked.Count);
    }

    private static (TimeSpan Elapsed, int Requests) Upload(string board, uint address, int size, bool strict)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var requests = 0;
        bench.Bus.AfterTransfer = _ => requests++;
        var start = bench.System.Clock.Now;
        bench.Upload(bench.Request(address, size) with { Port = null, StrictPolling = strict, Leave = false });
        return (bench.System.Clock.Now - start, requests);
    }
}
