using UploadHelper.Core.Errors;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>What is on the board already is left alone, and everything else is as if it were not.</summary>
public class DifferentialUploadTests
{
    private const int Size = 100_000;

    public static TheoryData<string, uint> Boards() => new()
    {
        { "f4boot", 0x0800_4000 },
        { "f4boot-old", 0x0801_0000 },
        { "f4rom", 0x0800_0000 },
    };

    [Theory]
    [MemberData(nameof(Boards))]
    public void The_same_image_again_is_compared_and_started_and_nothing_is_written(string board, uint address)
    {
        var bench = new Bench(board);
        var request = bench.Request(address, Size);
        var first = bench.Upload(request);
        var (erases, programmed) = (bench.Board.Flash.Erases.Sum(), bench.Board.Flash.BytesProgrammed);

        var second = bench.Upload(request);

        Assert.Equal(0, first.Unchanged);
        Assert.Equal(Size, second.Unchanged);
        Assert.Equal((erases, programmed), (bench.Board.Flash.Erases.Sum(), bench.Board.Flash.BytesProgrammed));
        Assert.True(second.Verified);
        Assert.NotNull(second.Port);
        Assert.Empty(bench.Board.Violations);
    }

    [Theory]
    [InlineData(0, new[] { 0 })]
    [InlineData(1, new[] { 0 })]
    [InlineData(0x4000 - 1, new[] { 0 })]
    [InlineData(0x4000, new[] { 0, 1 })]
    [InlineData(0xC000 + 5, new[] { 0, 3 })]
    [InlineData(Size - 1, new[] { 0, 4 })]
    public void One_byte_costs_its_sector_and_that_of_the_vector_table(int at, int[] erased)
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var request = bench.Request(0x0800_0000, Size) with { Port = null };
        var image = request.File.Content.ToArray();
        bench.Board.Flash.Preload(0x0800_0000, image);
        bench.Board.Flash.Preload(0x0800_0000 + (uint)at, [(byte)~image[at]]);

        var result = bench.Upload(request);

        Assert.Equal(erased, bench.Board.Flash.Erases.Index().Where(e => e.Item > 0).Select(e => e.Index));
        Assert.Equal(image, bench.Flash(0x0800_0000, Size));
        Assert.Equal(Size - erased.Sum(s => Math.Min(Size - At(s), (int)bench.Board.Flash.Part.Sectors[s].Size)), result.Unchanged);
        Assert.True(result.Verified);
        Assert.Empty(bench.Board.Violations);

        int At(int sector) => (int)(bench.Board.Flash.Part.Sectors[sector].Address - 0x0800_0000);
    }

    [Fact]
    public void Two_bytes_that_have_changed_places_are_found()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var request = bench.Request(0x0800_0000, Size) with { Port = null };
        var image = request.File.Content.ToArray();
        var other = image.ToArray();
        (other[0x5000], other[0x5001]) = (image[0x5001], image[0x5000]);
        Assert.NotEqual(image[0x5000], image[0x5001]);
        bench.Board.Flash.Preload(0x0800_0000, other);

        bench.Upload(request);

        Assert.Equal(image, bench.Flash(0x0800_0000, Size));
    }

    [Fact]
    public void All_is_written_if_that_is_asked_for()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var request = bench.Request(0x0800_0000, Size) with { Port = null, Full = true };
        bench.Board.Flash.Preload(0x0800_0000, request.File.Content.Span);

        var result = bench.Upload(request);

        Assert.Equal(5, bench.Board.Flash.Erases.Sum());
        Assert.Equal(0, result.Unchanged);
    }

    [Fact]
    public void What_only_reads_as_erased_is_erased_all_the_same()
    {
        var bench = new Bench("f4rom", StartState.Empty);

        bench.Upload(bench.Request(0x0800_0000, Size) with { Port = null });

        Assert.Equal(5, bench.Board.Flash.Erases.Sum());
    }

    [Fact]
    public void Blocks_of_the_erased_value_are_not_written_but_verified()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var request = bench.Request(0x0800_0000, Size) with { Port = null };
        var image = request.File.Content.ToArray();
        image.AsSpan(0x2004, 0x1000).Fill(0xFF);
        request = request with { File = request.File with { Content = image } };
        var transfers = 0;
        bench.Bus.BeforeTransfer = n => transfers = n;

        Assert.True(bench.Upload(request).Verified);

        Assert.Equal(image, bench.Flash(0x0800_0000, Size));
        Assert.Equal(Size - 0x1000, bench.Board.Flash.BytesProgrammed);
        Assert.DoesNotContain(bench.Log, e => e.Text.EndsWith("bytes at 0x08002004", StringComparison.Ordinal));
        Assert.InRange(transfers, 1, 3 * (Size / 2048 - 2) + Size / 2048 + 3 * 5 + 61);
    }

    [Theory]
    [MemberData(nameof(Boards))]
    public void Unplugged_at_any_transfer_the_same_upload_succeeds_afterwards(string board, uint address)
    {
        // Its last sector differs by a byte.
        const int Image = 20_000;
        var whole = Interrupted(board, address, Image, int.MaxValue, out var transfers);
        Assert.True(whole, "not interrupted");
        Assert.InRange(transfers, 40, 400);
        for (var at = 0; at < transfers; at++)
        {
            Assert.True(Interrupted(board, address, Image, at, out _), $"at transfer {at}");
        }
    }

    private static bool Interrupted(string board, uint address, int size, int at, out int transfers)
    {
        var bench = new Bench(board, StartState.Bootloader);
        var request = bench.Request(address, size) with { Port = null, Timeout = TimeSpan.FromSeconds(1) };
        var image = request.File.Content.ToArray();
        bench.Board.Flash.Preload(address, image);
        bench.Board.Flash.Preload(address + (uint)size - 100, [(byte)~image[size - 100]]);
        var count = 0;
        bench.Bus.BeforeTransfer = n =>
        {
            count = n + 1;
            if (n == at)
            {
                bench.Board.Unplug();
            }
        };
        _ = Record.Exception(() => bench.Upload(request)) as UploadException;
        transfers = count;
        if (at < int.MaxValue)
        {
            bench.Bus.BeforeTransfer = _ => { };
            bench.Board.Plug();
            bench.Board.Reset("BOOT0", BootCause.ByHand);
            var again = bench.Upload(request with { Timeout = TimeSpan.FromSeconds(15) });
            Assert.True(again.Verified);
        }

        return bench.Flash(address, size).AsSpan().SequenceEqual(image);
    }

    [Fact]
    public void A_board_that_refuses_to_be_read_gets_all_of_it()
    {
        var bench = new Bench("f4rom", StartState.Bootloader);
        var request = bench.Request(0x0800_0000, Size) with { Port = null, Verify = false };
        bench.Board.Flash.Preload(0x0800_0000, request.File.Content.Span);

        var result = bench.Upload(RefusingBus.ReadProtected(bench.System.Usb), request);

        Assert.Equal(5, bench.Board.Flash.Erases.Sum());
        Assert.Equal(0, result.Unchanged);
        Assert.False(result.Verified);
        Assert.Equal(request.File.Content.ToArray(), bench.Flash(0x0800_0000, Size));
    }
}
