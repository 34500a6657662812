using System.Reflection;
using System.Text.RegularExpressions;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Firmware.Formats;

/// <summary>Files of other writers (binutils, srecord, dfu-suffix), and what becomes of them when they are damaged: tests/corpus/build.sh.</summary>
public class CorpusTests
{
    [Theory]
    [InlineData("first-srec_cat.hex", "IntelHex; 108 at 0x00004000")]
    [InlineData("first-srec_cat.s19", "SRecord; 108 at 0x00004000")]
    [InlineData("flash-backwards.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-blank-lines.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-end-of-dos-file.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-long-count.s19", "SRecord; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-longer-suffix.dfu", "DfuSe for 0483:DF11:FFFF; 0 'Internal Flash' 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-lower-case.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-objcopy.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-objcopy.s19", "SRecord; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-old-mac.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-shuffled.s19", "SRecord; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-size-with-suffix.dfu", "DfuSe for 0483:DF11:FFFF; 0 'Internal Flash' 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-srec_cat.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-srec_cat.s37", "SRecord; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-stripped.elf", "Elf; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-twice.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-unordered.dfu", "DfuSe for FFFF:FFFF:FFFF; 0 '' 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000; without - 4 at 0x24000000")]
    [InlineData("flash-with-mark.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-with-ram.elf", "Elf; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000; without .leak 4 at 0x24000000")]
    [InlineData("flash-with-ram.hex", "IntelHex; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000; without - 4 at 0x24000000")]
    [InlineData("flash-with-suffix.hex", "IntelHex for 0483:DF11:FFFF; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-without-sections.elf", "Elf; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash-wrong-target-size.dfu", "DfuSe for 0483:DF11:FFFF; 0 'Internal Flash' 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash.dfu", "DfuSe for 0483:DF11:FFFF; 0 'Internal Flash' 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("flash.elf", "Elf; 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("low-segmented.hex", "IntelHex; 108 at 0x00004000, 16 at 0x0000FFF8, 5 at 0x00020000")]
    [InlineData("low-srec_cat.s28", "SRecord; 108 at 0x00004000, 16 at 0x0000FFF8, 5 at 0x00020000")]
    [InlineData("no-suffix.dfu", "DfuSe; 0 'Internal Flash' 108 at 0x08004000, 16 at 0x0800FFF8, 5 at 0x08020000")]
    [InlineData("plain.dfu", "Dfu for 1209:DB42:0102; 108 at 0x08004000")]
    [InlineData("raw.bin", "RawBinary; 108 at 0x08004000")]
    [InlineData("two-targets.dfu", "DfuSe for 0483:DF11:0200; 0 'Program' 108 at 0x08004000; 1 'Fonts' 16 at 0x00010000")]
    public void Good_files_hold_what_they_hold(string name, string expected) => Assert.Equal(expected, Describe(Read(File("good", name))));

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

    /// <summary>What is refused names the place, what stands there and what was expected, in this order.</summary>
    [Theory]
    [InlineData("64-bit.elf", "64-bit")]
    [InlineData("after-the-end.hex", "line 17, 16")]
    [InlineData("after-the-end.s19", "line 13, 12")]
    [InlineData("beyond-4-gib.dfu", "byte 0x125, 108, 0xFFFFFFF8")]
    [InlineData("beyond-4-gib.hex", "line 2, 16, 0xFFFFFFF8")]
    [InlineData("beyond-4-gib.s19", "line 1, 16, 0xFFFFFFF8")]
    [InlineData("big-endian.elf", "big-endian")]
    [InlineData("binary-within.hex", "line 3, 0x00, ':'")]
    [InlineData("changed-byte.dfu", "byte 0x1C2, 0x2E4F98BA, 0xEF3E2DB9")]
    [InlineData("checksum.dfu", "byte 0x1C2, 0x2F4F98BA, 0x2E4F98BA")]
    [InlineData("checksum.hex", "line 2, 0x00, 0xF3")]
    [InlineData("checksum.s19", "line 2, 0x00, 0xE5")]
    [InlineData("contradiction.dfu", "byte 0x1B1, 0x08004001, 0x01, 0x00, byte 0x125")]
    [InlineData("contradiction.elf", "byte 0x140, 0x08004000, 0x30, 0x67, byte 0x138")]
    [InlineData("contradiction.hex", "line 3, 0x08004005, 0xFF, 0x40, line 2")]
    [InlineData("contradiction.s19", "line 12, 0x08004008, 0x00, 0x41, line 2")]
    [InlineData("core-dump.elf", "4")]
    [InlineData("count-with-data.s19", "line 12, S5")]
    [InlineData("cut-at-a-line.hex", "line 15, :00000001FF")]
    [InlineData("cut-at-a-line.s19", "line 11, S7, S8, S9")]
    [InlineData("cut-in-data.elf", "byte 0x34, 0x08003F2C, 0x0, 0x137, 0xFF")]
    [InlineData("cut-in-header.elf", "byte 0x28, 52")]
    [InlineData("cut-in-section-headers.elf", "byte 0x20, 12, 0x320, 0x4FF, 0x35B")]
    [InlineData("cut-within-a-line.hex", "line 15, 3")]
    [InlineData("cut-within-a-line.s19", "line 11, 0, S3, 6")]
    [InlineData("cut.dfu", "byte 0x162, UFD")]
    [InlineData("digit.hex", "line 2, 'G'")]
    [InlineData("digit.s19", "line 2, 'x'")]
    [InlineData("element-too-long.dfu", "byte 0x125, 1, 3, 1, 4294967280, 145")]
    [InlineData("element-too-short.dfu", "byte 0x1A9, 13")]
    [InlineData("empty.bin", "empty")]
    [InlineData("erased.bin", "0xFFFFFFFF", "no-vector-table")]
    [InlineData("far-apart.hex", "1, 8, 0x00000000", "no-vector-table")]
    [InlineData("image-size.dfu", "byte 0x6, 443, 438, 454")]
    [InlineData("length.hex", "line 2, 15, 16")]
    [InlineData("length.s19", "line 2, 16, 21")]
    [InlineData("lost-record.s19", "line 11, 10, 9")]
    [InlineData("no-colon.hex", "line 2, '1', ':'")]
    [InlineData("no-data.dfu", "")]
    [InlineData("no-data.hex", "")]
    [InlineData("no-data.s19", "")]
    [InlineData("no-s.s19", "line 2, '3', 'S'")]
    [InlineData("nothing-to-load.elf", "")]
    [InlineData("object.elf", "linked")]
    [InlineData("odd-digits.hex", "line 2, 41")]
    [InlineData("odd-digits.s19", "line 2, 43")]
    [InlineData("plain-checksum.dfu", "byte 0x78, 0x942B1E24, 0x44CADD74")]
    [InlineData("prefix-alone.dfu", "byte 0x0, 11, 5")]
    [InlineData("program-header-size.elf", "byte 0x1C, 56, 32")]
    [InlineData("program-headers-outside.elf", "byte 0x1C, 5, 0xFFFFFFF0, 0x10000008F, 0x4FF")]
    [InlineData("ram-alone.elf", "0x200000D4", "image-linked-elsewhere")]
    [InlineData("ram-alone.hex", "0x20001000", "image-linked-elsewhere")]
    [InlineData("record-type.hex", "line 2, 06, 00, 05")]
    [InlineData("record-type.s19", "line 2, '4', 0, 3, 5, 9")]
    [InlineData("section-headers-outside.elf", "byte 0x20, 12, 0x7FFFFFFF, 0x800001DE, 0x4FF")]
    [InlineData("section-outside.elf", "byte 0x348, 0x08004000, 0xD4, 0x100000D3, 0x4FF")]
    [InlineData("segment-of-4-gib.elf", "byte 0x34, 0x08003F2C, 0x0, 0xFFFFFFFE, 0x4FF")]
    [InlineData("short-record.hex", "line 2, 2, 5")]
    [InlineData("short-record.s19", "line 2, 4, S3, 6")]
    [InlineData("short.bin", "6")]
    [InlineData("stellaris-prefix.dfu", "0x00100001", "no-vector-table")]
    [InlineData("suffix-alone.dfu", "0")]
    [InlineData("suffix-cut.dfu", "byte 0x1C1, UFD")]
    [InlineData("target-signature.dfu", "byte 0xB, Target")]
    [InlineData("text.bin", "text, Intel HEX, S-record, Sket")]
    [InlineData("too-many-elements.dfu", "byte 0x1B6, 4, 4294967295, 1, 8, 0")]
    [InlineData("too-many-targets.dfu", "byte 0x1B6, 2, 274, 0")]
    [InlineData("type-missing.s19", "line 2, 'S'")]
    [InlineData("upper-address-size.hex", "line 1, 04, 2, 1")]
    [InlineData("utf-16.hex", "UTF-16")]
    [InlineData("version.dfu", "byte 0x5, 2, 1")]
    [InlineData("x86.elf", "x86")]
    [InlineData("zip.bin", "zip archive")]
    public void Broken_files_are_refused_and_say_where_and_what_was_expected(string name, string facts, string code = "image-unreadable")
    {
        var file = File("broken", name);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var e = Assert.Throws<UploadException>(() => _ = ImageCheck.Of(Read(file)).Refusals.FirstOrDefault() is { } refusal ? throw refusal : true);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        Assert.Equal(code, e.Error.Code());
        Assert.StartsWith(name, e.Message, StringComparison.Ordinal);
        Assert.Matches(@"^[^ ]+ .*" + string.Concat(facts.Split(", ").Select(f => Regex.Escape(f) + ".*")), e.Message);
        Assert.NotEmpty(e.Hint);
    }

    [Theory]
    [InlineData("good", nameof(Good_files_hold_what_they_hold))]
    [InlineData("broken", nameof(Broken_files_are_refused_and_say_where_and_what_was_expected))]
    public void Every_file_has_a_row(string folder, string test) => Assert.Equal(
        TestFiles.Corpus(folder).Select(f => f.Name),
        typeof(CorpusTests).GetMethod(test)!.GetCustomAttributes<InlineDataAttribute>().Select(a => (string)a.GetData(null!).Single()[0]).Order(StringComparer.Ordinal));

    private static ImageFile File(string folder, string name) => TestFiles.Corpus(folder).Single(f => f.Name == name);

    // What carries no address is for the first sketch area.
    private static FirmwareImage Read(ImageFile file) => ImageReader.Read(file, ImageReader.WithoutAddress(file) is null ? null : 0x0800_4000);

    private static string Describe(FirmwareImage image) => string.Join("; ", [
        $"{image.Format}{(image.MadeFor is { } ids ? $" for {ids.Vendor:X4}:{ids.Product:X4}:{ids.Release:X4}" : "")}",
        .. image.Targets.Select(t => (t.Alternate is { } alternate ? $"{alternate} '{t.Name}' " : "") + string.Join(", ", t.Segments.Select(s => $"{s.Data.Length} at 0x{s.Address:X8}"))),
        .. image.LeftOut.Select(s => $"without {s.Section ?? "-"} {s.Size} at 0x{s.Address:X8}"),
    ]);
}
