using System.Text;
using FsCheck;
using FsCheck.Fluent;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Firmware.Formats;

/// <summary>Random sets of segments, written in each format and read back.</summary>
public class RoundTripTests
{
    private static readonly DfuFileIds Ids = new(0x0483, 0xDF11, 0x0200);

    [Fact]
    public void Intel_HEX() => Survives(ImageFormat.IntelHex, segments =>
    {
        using var text = new StringWriter();
        IntelHexWriter.Write(text, segments);
        return Encoding.ASCII.GetBytes(text.ToString());
    });

    [Fact]
    public void Motorola_S_record() => Survives(ImageFormat.SRecord, segments => SRecordWriter.Write(segments));

    [Fact]
    public void Elf() => Survives(ImageFormat.Elf, segments => ElfWriter.Write(segments));

    [Fact]
    public void Elf_with_sections() => Survives(ImageFormat.Elf, segments => ElfWriter.Write(segments, i => $".part{i}"));

    [Fact]
    public void DfuSe() => Survives(ImageFormat.DfuSe, segments => DfuFileWriter.Write([new ImageTarget(0, "flash", segments)]));

    [Fact]
    public void Whatever_stands_before_a_suffix_is_read_as_itself() => Survives(
        ImageFormat.SRecord, segments => DfuFileWriter.WithSuffix(SRecordWriter.Write(segments), Ids), Ids);

    [Fact]
    public void The_order_of_records_does_not_matter() => Prop.ForAll(Segments(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (segments, seed) =>
    {
        var lines = Encoding.ASCII.GetString(SRecordWriter.Write(segments, recordSize: 5)).Split("\r\n");
        new Random(seed).Shuffle(lines.AsSpan(1..^2));

        Equal(segments, ImageReader.Read(new ImageFile("x", Encoding.ASCII.GetBytes(string.Join('\n', lines))), null).Segments);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Targets_keep_their_alternate_settings_and_names() => Prop.ForAll(Segments(), Segments(), Gen.Elements(true, false).ToArbitrary(), (first, second, sizeWithSuffix) =>
    {
        ImageTarget[] targets = [new(0, "Internal Flash", first), new(3, null, second)];

        var read = ImageReader.Read(new ImageFile("x", DfuFileWriter.Write(targets, sizeWithSuffix)), null).Targets;

        Assert.Equal(targets.Select(t => (t.Alternate, t.Name)), read.Select(t => (t.Alternate, t.Name)));
        Equal(first, read[0].Segments);
        Equal(second, read[1].Segments);
    }).QuickCheckThrowOnFailure();

    private static void Survives(ImageFormat format, Func<IReadOnlyList<Segment>, byte[]> write, DfuFileIds? madeFor = null) => Prop.ForAll(Segments(), segments =>
    {
        var image = ImageReader.Read(new ImageFile("x", write(segments)), null);

        Assert.Equal(format, image.Format);
        Assert.Empty(image.LeftOut);
        Equal(segments, image.Segments);
        Assert.Equal(format == ImageFormat.DfuSe ? new DfuFileIds(0x0483, 0xDF11, 0xFFFF) : madeFor, image.MadeFor);
    }).QuickCheckThrowOnFailure();

    private static void Equal(IEnumerable<Segment> expected, IEnumerable<Segment> actual) =>
        Assert.Equal(expected.Select(s => (s.Address, Convert.ToHexString(s.Data.Span))), actual.Select(s => (s.Address, Convert.ToHexString(s.Data.Span))));

    // At least a byte apart; near and far, over the borders of 64 KiB and up to the end of the address space.
    private static Arbitrary<IReadOnlyList<Segment>> Segments() =>
        (from count in Gen.Choose(1, 6)
         from start in Gen.Elements(0x0800_0000u, 0x0800_FFF0u, 0x0000_0000u, 0x9000_0000u, 0xFFFF_0000u)
         from gaps in Gen.ArrayOf(Gen.Elements(1u, 3u, 16u, 255u, 0x1_0000u), count)
         from sizes in Gen.ArrayOf(Gen.OneOf(Gen.Choose(1, 40), Gen.Choose(1, 600)), count)
         from seed in Gen.Choose(0, int.MaxValue)
         select Place(start, gaps, sizes, seed)).ToArbitrary();

    private static IReadOnlyList<Segment> Place(uint start, uint[] gaps, int[] sizes, int seed)
    {
        var segments = new List<Segment>();
        long address = start;
        for (var i = 0; i < sizes.Length && address + gaps[i] + sizes[i] <= 1L << 32; i++)
        {
            address += gaps[i];
            segments.Add(new Segment((uint)address, SketchImage.Noise(seed + i, sizes[i])));
            address += sizes[i];
        }

        return segments.Count > 0 ? segments : [new Segment(uint.MaxValue, new byte[] { 0xAA })];
    }
}
