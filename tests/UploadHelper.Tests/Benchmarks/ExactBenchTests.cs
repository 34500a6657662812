using UploadHelper.Benchmarks.Exact;

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
