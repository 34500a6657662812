using UploadHelper.Benchmarks.Exact;
using UploadHelper.Core.Protocols.DfuSe;

namespace UploadHelper.Tests.Benchmarks;

/// <summary>What the benchmark says in virtual time, which is exact: ratios that must not get worse.</summary>
public class ExactBenchTests
{
    [Theory]
    [InlineData("f4rom", 1.05)]
    [InlineData("f7rom", 1.05)]
    [InlineData("f4boot", 1.1)]
    [InlineData("f4boot-old", 1.1)]
    [InlineData("h0wch33", 1.1)]
    [InlineData("dsonano", 1.2)]
    [InlineData("maple20", 1.2)]
    [InlineData("maple-orig", 1.2)]
    [InlineData("maple-f4", 1.1)]
    public void A_first_upload_takes_hardly_longer_than_the_board_itself(string board, double limit)
    {
        var bench = ExactReport.Bench(board);

        Assert.InRange(bench.First().Duration / bench.Limit.Upload(bench.CanRead), 0.5, limit);
    }

    [Theory]
    [InlineData("f4rom", 3.4)]
    [InlineData("f4boot", 4.5)]
    [InlineData("maple-f4", 10)]
    public void Dfu_util_takes_many_times_as_long_though_it_does_not_verify(string board, double ratio)
    {
        var bench = ExactReport.Bench(board);

        Assert.InRange(bench.DfuUtilFirst().Duration / bench.First().Duration, ratio, 100);
    }

    // Where the image begins with the map, dfu-core is right too; and no peer of these reports an error there.
    [Theory]
    [InlineData("f4rom")]
    [InlineData("h747")]
    [InlineData("dsonano")]
    public void The_other_programs_send_what_their_sources_say(string board)
    {
        var bench = ExactReport.Bench(board);
        const int Leave = 5;

        var requests = Peer.DfuSe.ToDictionary(p => p.Name, p => bench.PeerFirst(p.Create).Requests);

        Assert.Equal(1 + 3 * bench.Sectors + 6 * bench.Blocks + Leave, requests["dfu-util 0.11"]);
        Assert.Equal(requests["dfu-util 0.11"], requests["dfu-util :fast"]);
        Assert.Equal(requests["dfu-util 0.11"], requests["WebUSB"]);
        Assert.Equal(2 + 3 * bench.Sectors + 3 + 3 * bench.Blocks + 2, requests["dfu-core"]);
    }

    [Theory]
    [InlineData("f4rom")]
    [InlineData("f4boot")]
    [InlineData("h747")]
    [InlineData("h0wch33")]
    public void Programs_that_do_not_sleep_take_longer_than_ours_without_verification(string board)
    {
        var bench = ExactReport.Bench(board);
        var ours = bench.First(r => r with { Verify = false });

        foreach (var name in new[] { "dfu-util :fast", "WebUSB" })
        {
            var peer = bench.PeerFirst(Peer.DfuSe.Single(p => p.Name == name).Create);

            Assert.InRange(peer.Duration / ours.Duration, 1.02, 1.5);
            Assert.InRange(peer.Duration / bench.Limit.Write, 1, 1.3);
        }
    }

    [Theory]
    [InlineData("f4rom")]
    [InlineData("f7rom")]
    public void Words_instead_of_bytes_are_written_and_verified_long_before_others_have_written_bytes(string board)
    {
        var bench = ExactReport.Bench(board);

        var ours = bench.First(r => r with { SupplyVoltage = new VoltageRange(3.3) });

        Assert.InRange(ours.Duration / bench.WordLimit.Upload(true), 0.9, 1.05);
        Assert.All(Peer.DfuSe, p => Assert.InRange(bench.PeerFirst(p.Create).Duration / ours.Duration, 1.15, 20));
    }

    // dfu-util has learnt of its STALLs (tickets 40 and 208); its ":fast" gives up before a page is erased.
    [Fact]
    public void Dfu_util_gets_over_the_l4_that_refuses_while_it_erases()
    {
        var bench = ExactReport.Bench("l496");

        Assert.InRange(bench.DfuUtilFirst().Duration / bench.First().Duration, 1.2, 10);
        Assert.Throws<PeerFailedException>(() => bench.PeerFirst(Peer.DfuSe.Single(p => p.Name == "dfu-util :fast").Create));
    }

    [Fact]
    public void Dfu_core_leaves_a_sector_unerased_where_the_map_begins_before_the_image()
    {
        var bench = ExactReport.Bench("f4boot");

        Assert.Throws<PeerFailedException>(() => bench.PeerFirst(Peer.DfuSe.Single(p => p.Name == "dfu-core").Create));
    }

    // The rest is mostly the comparison before: a request for each sector, or for eight where they are small.
    [Theory]
    [InlineData("f4rom", 1.07)]
    [InlineData("f4boot", 1.05)]
    [InlineData("h747", 1.05)]
    [InlineData("h0wch33", 1.05)]
    [InlineData("l496", 1.05)]
    [InlineData("dsonano", 1.08)]
    public void Hardly_more_is_sent_than_the_protocol_requires(string board, double limit)
    {
        var bench = ExactReport.Bench(board);

        Assert.InRange(bench.First().Requests / (double)WireReport.Bound(bench), 1, limit);
    }

    // What h747 has from ST takes blocks of 1,024 bytes; Arduino's bootloader for the same chip 4,096.
    [Fact]
    public void Blocks_are_as_large_as_the_device_declares()
    {
        var (small, large) = (ExactReport.Bench("h747").First(), new ExactBench("h747,boot=arduino", 0x0804_0000, 256 * 1024).First());

        Assert.Equal(257, small.Count(TransferKind.Block));
        Assert.Equal(65, large.Count(TransferKind.Block));
    }

    [Theory]
    [InlineData("f4rom")]
    [InlineData("f4boot")]
    [InlineData("dsonano")]
    [InlineData("maple20")]
    public void The_same_again_costs_one_reading(string board)
    {
        var bench = ExactReport.Bench(board);

        var same = bench.Identical();

        Assert.Equal((0, 0), (same.Erases, same.Programmed));
        Assert.InRange(same.Duration / bench.Limit.Read, 0.5, 1.1);
    }

    [Fact]
    public void It_grows_no_faster_than_the_image()
    {
        var (small, large) = (ExactReport.Bench("f4rom", 64).First(), ExactReport.Bench("f4rom", 1024).First());

        Assert.InRange(large.Duration / small.Duration, 1, 16 * 1.1);
        Assert.InRange(large.Transfers / (double)small.Transfers, 1, 16 * 1.1);
    }
}
