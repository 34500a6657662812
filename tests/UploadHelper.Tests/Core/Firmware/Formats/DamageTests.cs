using FsCheck;
using FsCheck.Fluent;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Core.Firmware.Formats;

/// <summary>Whatever a file has become, it is read or refused: nothing else is thrown, and no memory is taken beyond its size.</summary>
public class DamageTests
{
    private const int Enough = 8 << 20;
    private static readonly ImageFile[] Good = [.. TestFiles.Corpus("good")];

    [Fact]
    public void A_damaged_file_is_read_or_refused() => Prop.ForAll(Files(), Damages(), (file, damages) =>
    {
        var isDfu = file.Name.EndsWith(".dfu", StringComparison.Ordinal);
        var content = damages.Aggregate(isDfu ? file.Content[..^16].ToArray() : file.Content.ToArray(), (bytes, damage) => damage(bytes));

        // With a suffix that is right, or nothing of a .dfu file would be read at all.
        ReadOrRefused(isDfu ? DfuFileWriter.WithSuffix(content, new DfuFileIds(0x0483, 0xDF11, 0xFFFF)) : content);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void Noise_is_read_or_refused() => Prop.ForAll(Gen.Elements("", ":", "S3", "\u007FELF\u0001\u0001", "DfuSe\u0001").ToArbitrary(), ArbMap.Default.ArbFor<byte[]>(), (head, tail) =>
        ReadOrRefused([.. head.Select(c => (byte)c), .. tail])).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static void ReadOrRefused(byte[] content)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var e = Record.Exception(() => ImageInspection.Of(new ImageFile("x", content), null));

        Assert.True(e is null or UploadException, e?.ToString());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Enough);
    }

    private static Arbitrary<ImageFile> Files() => Gen.Elements(Good).ToArbitrary();

    private static Arbitrary<Func<byte[], byte[]>[]> Damages() =>
        (from count in Gen.Choose(1, 4)
         from damages in Gen.ArrayOf(
             from at in Gen.OneOf(Gen.Choose(0, 63), Gen.Choose(0, 5_000))
             from kind in Gen.Choose(0, 3)
             from value in Gen.Elements(0x00, 0x01, 0x20, 0x7F, 0x80, 0xFF)
             select Damage(at, kind, (byte)value),
             count)
         select damages).ToArbitrary();

    private static Func<byte[], byte[]> Damage(int place, int kind, byte value) => bytes =>
    {
        var at = place % Math.Max(1, bytes.Length);
        return kind switch
        {
            0 when bytes.Length > 0 => [.. bytes[..at], value, .. bytes[(at + 1)..]],
            1 => [.. bytes[..at], value, .. bytes[at..]],
            2 => bytes[..at],
            _ => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + 4)..]],
        };
    };
}
