using UploadHelper.Core.Connecting;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Uploading;

/// <summary>The same sketch in each format, on boards.</summary>
public class FormatsTests
{
    private static readonly string[] Formats = ["bin", "hex", "s19", "elf", "dfu"];

    [Theory]
    [InlineData("f4boot", "blink-08004000", 0x0800_4000)]
    [InlineData("f4boot-old", "other-08010000", 0x0801_0000)]
    [InlineData("f4rom", "blink-08000000", 0x0800_0000)]
    [InlineData("l496", "other-08000000", 0x0800_0000)]
    public void The_same_sketch_gives_the_same_flash(string board, string sketch, uint address)
    {
        var flash = Formats.Select(f => Flashed(board, $"{sketch}.{f}", f == "bin" ? address : null)).ToList();

        Assert.Equal(TestFiles.Firmware($"{sketch}.bin").Content.ToArray(), flash[0][(int)(address - 0x0800_0000)..][..716]);
        Assert.All(flash, f => Assert.Equal(flash[0], f));
    }

    [Fact]
    public void A_program_of_two_files_gives_the_same_flash()
    {
        var flash = Formats.Select(f =>
        {
            var bench = new Bench("dsonano", StartState.Empty);
            foreach (var (part, address) in new[] { ("lib", 0x0800_4000u), ("app", 0x0800_C000u) })
            {
                Upload(bench, $"dsonano-{part}.{f}", f == "bin" ? address : null);
                bench.Board.Reset("a button is held", BootCause.ByHand);
                bench.System.Clock.Advance(TimeSpan.FromSeconds(1));
            }

            return bench.Flash(0x0800_0000, 0x2_0000);
        }).ToList();

        Assert.Equal(TestFiles.Firmware("dsonano-lib.bin").Content.ToArray(), flash[0][0x4000..][..716]);
        Assert.Equal(TestFiles.Firmware("dsonano-app.bin").Content.ToArray(), flash[0][0xC000..][..716]);
        Assert.All(flash, f => Assert.Equal(flash[0], f));
    }

    [Fact]
    public void Maple_bootloaders_get_the_same_flash_and_from_a_plain_dfu_file_too()
    {
        const uint Address = 0x0800_2000;
        var raw = TestFiles.Firmware("blink-08002000.bin");
        var plain = new ImageFile("blink.dfu", DfuFileWriter.WithSuffix(raw.Content.ToArray(), new DfuFileIds(0x1EAF, 0x0003, 0xFFFF)));
        (ImageFile File, uint? Address)[] files =
        [
            (raw, Address), (plain, Address), .. new[] { "hex", "s19", "elf" }.Select(f => (TestFiles.Firmware($"blink-08002000.{f}"), (uint?)null)),
        ];

        var flash = files.Select(f =>
        {
            var bench = new Bench("maple20");
            Upload(bench, f.File, f.Address);
            return bench.Flash(0x0800_0000, 0x1_0000);
        }).ToList();

        Assert.Equal(raw.Content.ToArray(), flash[0][0x2000..][..716]);
        Assert.All(flash, f => Assert.Equal(flash[0], f));
    }

    [Fact]
    public void What_leaks_into_RAM_changes_nothing()
    {
        var flash = Formats.Select(f => Flashed("h747", $"h747.{f}", f == "bin" ? 0x0800_0000 : null)).ToList();

        Assert.Equal(TestFiles.Firmware("h747.bin").Content.ToArray(), flash[0][..716]);
        Assert.All(flash, f => Assert.Equal(flash[0], f));
    }

    [Fact]
    public void Elements_that_share_a_sector_erase_it_once_and_the_sketch_starts_at_its_vector_table()
    {
        // The vector table's element stands last: dfu-util would leave to the address of whichever is last.
        var sketch = SketchImage.Bytes(0x0800_4000, 30_000);
        ImageTarget target = new(0, null,
        [
            new Segment(0x0800_A000, sketch.AsMemory(0x6000)),
            new Segment(0x0800_5000, sketch.AsMemory(0x1000..0x6000)),
            new Segment(0x0800_4000, sketch.AsMemory(..0x1000)),
            new Segment(0x0802_0000, new byte[] { 1, 2, 3 }),
        ]);
        var bench = new Bench("f4boot");

        var result = bench.Upload(bench.Request(0x0800_4000) with { File = new ImageFile("x.dfu", DfuFileWriter.Write([target])), Address = null });

        Assert.True(result.Verified);
        Assert.Equal(sketch, bench.Flash(0x0800_4000, sketch.Length));
        Assert.Equal([1, 2, 3], bench.Flash(0x0802_0000, 3));
        Assert.Equal([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], bench.Board.Flash.Erases);
        Assert.Equal(0x0800_4000u, Assert.Single(bench.Events.OfType<LeavingBootloader>()).Address);
        Assert.Empty(bench.Board.Violations);
    }

    private static byte[] Flashed(string board, string file, uint? address)
    {
        var bench = new Bench(board);
        Upload(bench, file, address);
        return bench.Flash(0x0800_0000, 0x10_0000);
    }

    private static void Upload(Bench bench, string file, uint? address) => Upload(bench, TestFiles.Firmware(file), address);

    private static void Upload(Bench bench, ImageFile file, uint? address)
    {
        Assert.True(bench.Upload(bench.Request(0x0800_4000) with { File = file, Address = address }).Verified);
        Assert.Empty(bench.Board.Violations);
    }
}
