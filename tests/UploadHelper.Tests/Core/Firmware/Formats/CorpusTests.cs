using System.Text;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Firmware.Formats;

/// <summary>Files of other writers (binutils, srecord, dfu-suffix), and what becomes of them when they are damaged: tests/corpus/build.sh.</summary>
public class CorpusTests
{
    [Fact]
    public void Good_files_hold_what_they_hold()
    {
        var text = new StringBuilder();
        foreach (var file in TestFiles.Corpus("good"))
        {
            Describe(text, ImageReader.Read(file, ImageReader.WithoutAddress(file) is null ? null : 0x0800_4000));
        }

        Snapshot.Match(text.ToString(), "corpus-good");
    }

    [Theory]
    [InlineData("flash", 0x0800_0000)]
    [InlineData("low", 0)]
    public void The_same_bytes_are_the_same_in_every_format(string prefix, uint at)
    {
        byte[] first = [.. TestFiles.Corpus("good").Single(f => f.Name == "raw.bin").Content.Span];
        var files = TestFiles.Corpus("good").Where(f => f.Name.StartsWith(prefix, StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(files);
        Assert.All(files, f => Assert.Equal(
            [(at + 0x4000, Convert.ToHexString(first)), (at + 0xFFF8, Convert.ToHexString("0123456789ABCDEF"u8)), (at + 0x2_0000, "0102030405")],
            ImageReader.Read(f, null).Segments.Select(s => (s.Address, Convert.ToHexString(s.Data.Span)))));
    }

    [Fact]
    public void Broken_files_are_refused_and_say_where_and_what_was_expected()
    {
        var text = new StringBuilder();
        foreach (var file in TestFiles.Corpus("broken"))
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var e = Assert.Throws<UploadException>(() => VectorTable.Check(ImageReader.Read(file, ImageReader.WithoutAddress(file) is null ? null : 0x0800_4000)));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
            text.Append($"{file.Name} ({e.Error.Code()})\n    {e.Message}\n    {e.Hint}\n");
        }

        Snapshot.Match(text.ToString(), "corpus-broken");
    }

    private static void Describe(StringBuilder text, FirmwareImage image)
    {
        text.Append($"{image.Name}: {image.Format}{(image.MadeFor is { } ids ? $", made for {ids}" : "")}\n");
        foreach (var target in image.Targets)
        {
            text.Append($"    {(target.Alternate is { } alternate ? $"alternate setting {alternate} \"{target.Name}\": " : "")}")
                .AppendJoin(", ", target.Segments.Select(s => $"{s.Data.Length} bytes at 0x{s.Address:X8}"))
                .Append('\n');
        }

        foreach (var segment in image.LeftOut)
        {
            text.Append($"    left out: {segment.Section ?? "-"}, {segment.Size} bytes at 0x{segment.Address:X8}\n");
        }
    }
}
