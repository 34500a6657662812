using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Protocols;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Flashing;

public class SectorComparisonTests
{
    private const uint Base = 0x0800_0000;
    private static readonly DfuMemory Memory = new(new DfuAlternate(0, 0, ""), MemoryMap.Parse("@Internal Flash /0x08000000/64*001Kg"));

    [Fact]
    public void An_equal_board_leaves_nothing_to_do_and_is_read_once()
    {
        var board = new FakeBootloader(2048) { Flash = SketchImage.Bytes(Base, 10_000) };

        var plan = Reduce(board, board.Flash[..10_000]);

        Assert.Empty(plan.Memories);
        Assert.Null(plan.VectorBlock);
        Assert.Equal(10_016 / 2048 + 1, board.BlocksRead);
    }

    [Fact]
    public void Runs_are_cut_to_the_sectors_that_differ()
    {
        var board = new FakeBootloader(1024) { Flash = SketchImage.Bytes(Base, 10_240) };
        var image = board.Flash.ToArray();
        image[3 * 1024 + 7]++;
        image[4 * 1024]++;
        image[9 * 1024]++;

        var plan = Reduce(board, image);

        Assert.Equal([0, 3, 4, 9], plan.Sectors.Select(s => (int)(s.Address - Base) / 1024));
        Assert.Equal([(3 * 1024, 2048), (9 * 1024, 1024)], plan.Memories[0].Runs.Select(r => ((int)(r.Address - Base), r.Data.Length)));
        Assert.All(plan.Memories[0].Runs, r => Assert.True(r.Data.Span.SequenceEqual(image.AsSpan((int)(r.Address - Base), r.Data.Length))));
        Assert.Equal(1024, plan.VectorBlock!.Value.Data.Length);
        Assert.Equal(6 * 1024, plan.Unchanged(new FirmwareImage("x", [new Segment(Base, image)])));
    }

    [Fact]
    public void A_vector_block_that_spans_sectors_takes_all_of_them()
    {
        var board = new FakeBootloader(2048) { Flash = SketchImage.Bytes(Base, 10_240) };
        var image = board.Flash.ToArray();
        image[9 * 1024]++;

        var plan = Reduce(board, image);

        Assert.Equal([0, 1, 9], plan.Sectors.Select(s => (int)(s.Address - Base) / 1024));
        Assert.Equal(2048, plan.VectorBlock!.Value.Data.Length);
    }

    [Fact]
    public void One_that_writes_only_from_its_base_upwards_gets_all_up_to_the_last_difference()
    {
        var board = new FakeBootloader(1024) { Flash = SketchImage.Bytes(Base, 10_240), IsSequential = true };
        var image = board.Flash.ToArray();
        image[5 * 1024]++;

        var plan = Reduce(board, image);

        Assert.Equal(Enumerable.Range(0, 6), plan.Sectors.Select(s => (int)(s.Address - Base) / 1024));
        Assert.Equal([(1024, 5 * 1024)], plan.Memories[0].Runs.Select(r => ((int)(r.Address - Base), r.Data.Length)));
    }

    [Theory]
    [InlineData(9, 1)]
    [InlineData(8, 10)]
    public void It_is_not_read_before_a_last_sector_that_differs(int different, int blocks)
    {
        var board = new FakeBootloader(1024) { Flash = SketchImage.Bytes(Base, 10_240), IsSequential = true };
        var image = board.Flash.ToArray();
        image[different * 1024]++;
        image[1024]++;

        var plan = Reduce(board, image);

        Assert.Equal(Enumerable.Range(0, different + 1), plan.Sectors.Select(s => (int)(s.Address - Base) / 1024));
        Assert.Equal(blocks, board.BlocksRead);
    }

    [Fact]
    public void A_sector_of_erased_bytes_is_believed_only_where_nothing_differs()
    {
        var board = new FakeBootloader(1024) { Flash = SketchImage.Bytes(Base, 10_240) };
        board.Flash.AsSpan(3 * 1024, 1024).Fill(0xFF);
        var image = board.Flash.ToArray();

        Assert.Empty(Reduce(board, image).Memories);
        image[7 * 1024]++;
        Assert.Equal([0, 3, 7], Reduce(board, image).Sectors.Select(s => (int)(s.Address - Base) / 1024));
    }

    [Fact]
    public void The_first_difference_in_a_sector_ends_its_reading_and_progress_comes_to_its_end()
    {
        var board = new FakeBootloader(128) { Flash = SketchImage.Noise(1, 10_240) };
        var done = 0L;

        new SectorComparison(_ => board, 0xFF, (_, d, _) => done = d).Reduce(Plan(128, SketchImage.Noise(2, 10_240)));

        Assert.Equal(8, board.BlocksRead);
        Assert.Equal(10_240, done);
    }

    // A read of 1 KiB costs 5 ms, which is as much as 1 in 5 of the writes that it can save.
    [Theory]
    [InlineData(-1, 8)]
    [InlineData(8, 8)]
    [InlineData(7, 16)]
    [InlineData(3, 12)]
    public void Eight_small_sectors_in_a_row_that_differ_show_another_program_of_which_no_more_is_read(int same, int blocks)
    {
        var board = new FakeBootloader(1024) { Flash = SketchImage.Noise(1, 20_480) };
        var image = SketchImage.Noise(2, 20_480);
        if (same >= 0)
        {
            board.Flash.AsSpan(same * 1024, 1024).CopyTo(image.AsSpan(same * 1024));
        }

        var plan = Reduce(board, image);

        Assert.Equal(blocks, board.BlocksRead);
        Assert.Equal(Enumerable.Range(0, 20).Where(s => s != same || same >= 8), plan.Sectors.Select(s => (int)(s.Address - Base) / 1024));
    }

    [Fact]
    public void A_large_sector_is_always_worth_a_look()
    {
        var memory = new DfuMemory(new DfuAlternate(0, 0, ""), MemoryMap.Parse("@Internal Flash /0x08000000/12*016Kg"));
        var board = new FakeBootloader(1024) { Flash = SketchImage.Noise(1, 12 * 16_384) };
        var image = SketchImage.Noise(2, board.Flash.Length);
        board.Flash.AsSpan(11 * 16_384).CopyTo(image.AsSpan(11 * 16_384));

        var whole = new FlashPlanner([memory], 1024, 0xFF).Plan(new FirmwareImage("x.bin", [new Segment(Base, image)]));
        var plan = new SectorComparison(_ => board, 0xFF, (_, _, _) => { }).Reduce(whole);

        Assert.Equal(11, plan.Sectors.Count());
    }

    [Fact]
    public void Nothing_is_left_out_where_reading_is_not_possible()
    {
        var board = new FakeBootloader(1024) { Flash = SketchImage.Bytes(Base, 10_240), CanRead = false };

        Assert.Equal(10, Reduce(board, board.Flash).Sectors.Count());
        Assert.Equal(0, board.BlocksRead);
    }

    private static FlashPlan Reduce(FakeBootloader board, byte[] image) =>
        new SectorComparison(_ => board, 0xFF, (_, _, _) => { }).Reduce(Plan(board.BlockSize, image));

    private static FlashPlan Plan(int blockSize, byte[] image) =>
        new FlashPlanner([Memory], blockSize, 0xFF).Plan(new FirmwareImage("x.bin", [new Segment(Base, image)]));

    private sealed class FakeBootloader(int blockSize) : IBootloader
    {
        public byte[] Flash { get; init; } = [];

        public int BlockSize => blockSize;

        public int BlocksRead { get; private set; }

        public bool CanRead { get; init; } = true;

        public bool IsSequential { get; init; }

        public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
        {
            var end = address + (long)length;
            for (long at = address; at < end; BlocksRead++)
            {
                var block = new byte[Math.Min(blockSize, end - at)];
                block.AsSpan().Fill(0xFF);
                var here = Flash.AsSpan((int)Math.Min(Flash.Length, at - Base));
                here[..Math.Min(here.Length, block.Length)].CopyTo(block);
                at = next((uint)at, block);
            }
        }

        public void Erase(Sector sector) => throw new InvalidOperationException();

        public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written) => throw new InvalidOperationException();

        public void Leave(uint address) => throw new InvalidOperationException();
    }
}
