using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;

namespace UploadHelper.Fuzz.Targets;

/// <summary>Image files: the reader of each format, and all that the command `image` finds out.</summary>
internal static class ImageTargets
{
    public static IEnumerable<FuzzTarget> Of(string corpus)
    {
        var files = Directory.GetFiles(corpus, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(f => (Extension: Path.GetExtension(f), Content: File.ReadAllBytes(f))).Where(f => f.Content.Length > 0).ToList();
        byte[][] Seeds(params string[] extensions) => [.. files.Where(f => extensions.Contains(f.Extension)).Select(f => f.Content)];

        yield return new FuzzTarget("hex", Seeds(".hex"), AllTargets.Bytes(":00000001FF\n", ":020000040800F2\n", ":020000021000EC\n", ":0400000508000000EF\n", ":", "\r\n", "\u001A", "FFFF"), Read)
        {
            Repair = HexRepair.Intel,
        };
        yield return new FuzzTarget("srec", Seeds(".s19", ".s28", ".s37"), AllTargets.Bytes("S0030000FC\n", "S9030000FC\n", "S5030001FB\n", "S70508000000F2\n", "S3", "S2", "\r\n", "FFFFFFFF"), Read)
        {
            Repair = HexRepair.Motorola,
        };
        yield return new FuzzTarget("elf", Seeds(".elf"), [[1, 0, 0, 0], [6, 0, 0, 0], [0x20, 0], [0x28, 0], [0, 0, 0, 8], [0, 0, 0, 0x20]], Read);
        yield return new FuzzTarget("dfu", Seeds(".dfu"), [.. AllTargets.Bytes("DfuSe\u0001", "Target", "UFD"), [0, 0, 0, 8], [1, 0, 0, 0]], Read)
        {
            Repair = DfuRepair.Suffix,
        };
        yield return new FuzzTarget("image", [.. files.Select(f => f.Content)], [[0, 0, 2, 0x20], [1, 0x40, 0, 8], [0xF0, 0xB5]], Inspect)
        {
            // An image's holes are filled to weigh its pointers: at most the largest flash, 2 MiB.
            Memory = length => (6 << 20) + 256L * length,
        };
    }

    private static string Read(byte[] content)
    {
        try
        {
            return Shape(ImageReader.Read(new ImageFile("x", content), null), content);
        }
        catch (UploadException e) when (IsDeclared(e))
        {
            return e.Message;
        }
    }

    private static string Inspect(byte[] content)
    {
        try
        {
            // The first byte decides whether the user gives an address.
            var inspection = ImageInspection.Of(new ImageFile("x", content.AsMemory()), content.Length > 0 && content[0] % 4 == 3 ? 0x0800_4000 : null);
            return $"{Shape(inspection.Image, content)} {inspection.AddressFrom} {inspection.Defect}";
        }
        catch (UploadException e) when (IsDeclared(e))
        {
            return e.Message;
        }
    }

    private static bool IsDeclared(UploadException e) =>
        e.Error is UploadError.ImageUnreadable or UploadError.ImageTooLarge or UploadError.AddressMissing or UploadError.ImageLinkedElsewhere;

    private static string Shape(FirmwareImage image, byte[] content)
    {
        // Ascending segments without gaps of nothing are what FirmwareImage itself refuses to be without.
        if (image.Size > content.Length)
        {
            throw new UnsoundException($"{image.Size} bytes out of a file of {content.Length}");
        }

        return $"{image.Format} {(char)('a' + Math.Min(image.Segments.Count, 16))}{(char)('a' + image.Targets.Count)}{(char)('a' + Math.Min(image.LeftOut.Count, 16))}{(char)('a' + int.Log2(image.Size + 1))}";
    }
}
