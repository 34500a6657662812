using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Uploading;

/// <summary>A bootloader that keeps the sketch's stack pointer and reset vector in reserved words of the sketch's vector table.</summary>
public class KeptVectorsTests
{
    private const uint Base = 0x0800_0000;
    private const uint Stack = 0x2000_5000;
    private const int Kept = 0x1C;
    private static readonly KeptVectors Place = new(Kept);

    /// <summary>A core that fills every vector with its default handler, a checksum, and a single word.</summary>
    [Theory]
    [InlineData(0x0800_0189, 0x0800_0189)]
    [InlineData(0xEFFF_1234, 0)]
    [InlineData(0, 0xDEAD_BEEF)]
    public void What_a_sketch_has_there_is_cleared_and_told(uint first, uint second)
    {
        using var run = new ProgramRun();
        var image = SketchImage.Bytes(Base, 4_000, Stack);
        Word(image, Kept, first);
        Word(image, Kept + 4, second);

        var printed = run.With("blink.bin", image).Do("upload blink.bin --offset 0 --simulate h0wch33,start=bootloader").Exits(0);

        foreach (var (value, address) in new[] { (first, Base + Kept), (second, Base + Kept + 4) })
        {
            Assert.Equal(value != 0, printed.Error.Contains($"0x{value:X8} at 0x{address:X8}", StringComparison.Ordinal));
        }

        Assert.Contains("written as 0", printed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sketch_runs_and_everything_else_is_on_the_board()
    {
        var bench = new Bench("h0wch33", StartState.Bootloader);
        var own = bench.Board.Flash.Read(Base, 8).ToArray();
        var image = SketchImage.Bytes(Base, 4_000, Stack);
        Word(image, Kept, 0x0800_0189);
        Word(image, Kept + 4, 0x0800_0189);

        bench.Upload(bench.Request(Base, 4_000) with { File = new ImageFile("blink.bin", image), Port = null });

        var expected = (byte[])[.. own, .. image.AsSpan(8, Kept - 8), .. image.AsSpan(0, 8), .. image.AsSpan(Kept + 8)];
        Assert.Equal(expected, bench.Board.Flash.Read(Base, 4_000).ToArray());
        bench.Wait(TimeSpan.FromSeconds(15));
        Assert.Equal(Stack, bench.Board.RunningSketch?.StackPointer);
        Assert.Empty(bench.Board.Violations);
    }

    [Fact]
    public void Nothing_is_told_of_a_sketch_that_has_0_there()
    {
        using var run = new ProgramRun();

        Assert.DoesNotContain("written as 0", run.Sketch(Base, stack: Stack).Do("upload blink.bin --offset 0 --simulate h0wch33,start=bootloader").Exits(0).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void As_JSON_the_plan_lists_the_words()
    {
        using var run = new ProgramRun();
        var image = SketchImage.Bytes(Base, 4_000, Stack);
        Word(image, Kept, 0xEFFF_1234);

        Assert.Contains(
            "\"cleared\":[{\"address\":\"0x0800001C\",\"value\":\"0xEFFF1234\"}]",
            run.With("blink.bin", image).Do("upload blink.bin --offset 0 --json --simulate h0wch33,start=bootloader").Exits(0).Out,
            StringComparison.Ordinal);
    }

    /// <summary>The buffer of the device must hold 0 in both words, however little of them the image has.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(0x1D)]
    [InlineData(0x20)]
    [InlineData(0x23)]
    [InlineData(0x24)]
    [InlineData(0x400)]
    public void The_words_are_0_in_what_is_written_however_short_the_image_is(int size)
    {
        var content = new byte[size];
        content.AsSpan().Fill(0xF1);
        Word(content, 0, Stack);

        var plan = Plan(new FirmwareImage("x.bin", [new Segment(Base, content)]));

        var block = plan.VectorBlock!.Value.Data;
        Assert.Equal(new byte[8], block.Slice(Kept, 8).ToArray());
        Assert.Equal(content[..Math.Min(size, Kept)], block[..Math.Min(size, Kept)].ToArray());
        Assert.All(plan.Cleared, w => Assert.InRange(w.Address, Base + Kept, Base + (uint)size - 1));
    }

    [Fact]
    public void Only_what_lies_in_the_words_is_cleared()
    {
        var bytes = Enumerable.Repeat((byte)0xA5, 0x40).ToArray();

        Assert.Equal(bytes.Select((b, i) => i is >= Kept and < Kept + 8 ? (byte)0 : b), Place.Cleared(new Segment(Base, bytes)).Data.ToArray());
        Assert.Equal(bytes.Select((b, i) => i < 4 ? (byte)0 : b), Place.Cleared(new Segment(Base + Kept + 4, bytes)).Data.ToArray());
        Assert.Equal(bytes, Place.Cleared(new Segment(Base + Kept + 8, bytes)).Data.ToArray());
    }

    /// <summary>The known one cannot be read; one that can must compare equal after an upload, and different after any change.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(Kept)] // the sketch's stack pointer
    [InlineData(Kept + 5)] // its reset vector
    [InlineData(8)]
    [InlineData(0x24)]
    [InlineData(0x800)]
    public void A_board_that_can_be_read_is_compared_with_what_it_keeps(int? damaged)
    {
        var device = new ReadableDevice();
        var page = new SharedVectorPage(device, Place, 0xFF);
        var image = SketchImage.Bytes(Base, 4_000, Stack);
        Word(image, Kept, 0x0800_0189);
        var plan = Plan(new FirmwareImage("x.bin", [new Segment(Base, image)]));
        foreach (var sector in plan.Sectors)
        {
            page.Erase(sector);
        }

        var blank = Enumerable.Repeat((byte)0xFF, plan.VectorBlock!.Value.Data.Length).ToArray();
        Assert.Null(Comparison.FirstDifference(page, new Segment(Base, blank), _ => { }));
        foreach (var run in plan.Memories[0].Runs.Append(plan.VectorBlock.Value))
        {
            page.Write(run.Address, run.Data, _ => { });
        }

        if (damaged is { } at)
        {
            device.Flash[at] ^= 0x10;
        }

        var difference = plan.Memories[0].Runs.Append(plan.VectorBlock.Value).Select(r => Comparison.FirstDifference(page, r, _ => { })).FirstOrDefault(d => d is not null);

        Assert.Equal(damaged is null, difference is null);
        Assert.Equal(ReadableDevice.OwnVectors, device.Flash[..8]);
        Assert.True(damaged is null or not Kept || difference!.Value.Address == Base, $"{difference}");

        // What begins inside the words, and after them.
        var seen = new List<byte>();
        page.Read(Base + Kept + 4, 8, (from, block) =>
        {
            seen.AddRange(block.Span);
            return from + (long)block.Length;
        });
        Assert.Equal((byte[])[0, 0, 0, 0, .. device.Flash[0x24..0x28]], seen);
    }

    private static FlashPlan Plan(FirmwareImage image)
    {
        var (bootloader, place) = BootloaderCatalogue.PlacesAt(Base).First(p => p.Bootloader.SharesVectorPage);
        var device = place.Devices[0];
        return Preflight.Plan(image, device, [new DfuMemory(device.Alternates[0], MemoryMap.Parse(device.Alternates[0].Name))], bootloader, null, [], _ => { });
    }

    private static void Word(byte[] image, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(offset), value);

    /// <summary>It swaps the vectors as h0wch33/stm32f1_dfu does, main.c, and can be read in small blocks.</summary>
    private sealed class ReadableDevice : IBootloader
    {
        private const int PageSize = 1024;
        private const int Block = 24;

        public static byte[] OwnVectors { get; } = [0x00, 0x50, 0x00, 0x20, 0x81, 0xF8, 0x00, 0x08];

        public byte[] Flash { get; } = [.. OwnVectors, .. Enumerable.Repeat((byte)0xFF, 8 * PageSize - 8)];

        public bool CanRead => true;

        public void Erase(Sector sector)
        {
            Assert.NotEqual(Base, sector.Address);
            Flash.AsSpan((int)(sector.Address - Base), PageSize).Fill(0xFF);
        }

        public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written)
        {
            var block = data.ToArray();
            if (address == Base)
            {
                Assert.Equal(new byte[8], block[Kept..(Kept + 8)]);
                block.AsSpan(0, 8).CopyTo(block.AsSpan(Kept));
                OwnVectors.CopyTo(block, 0);
                Flash.AsSpan(0, PageSize).Fill(0xFF);
            }

            block.CopyTo(Flash, (int)(address - Base));
        }

        public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
        {
            for (long at = address; at < address + length;)
            {
                var size = (int)Math.Min(Block, address + length - at);
                at = next((uint)at, Flash.AsMemory((int)(at - Base), size));
            }
        }

        public void Leave(uint address)
        {
        }
    }
}
