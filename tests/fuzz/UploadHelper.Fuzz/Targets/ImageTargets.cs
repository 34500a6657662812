using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Core.Operations;

namespace UploadHelper.Fuzz.Targets;

/// <summary>Image files: the reader of each format, and all that the command `image` finds out.</summary>
internal static class ImageTargets
{
    private const string FormatClasses = "UploadHelper.Core.Firmware.Formats.";

    public static IEnumerable<FuzzTarget> Of(string corpus)
    {
        Func<IEnumerable<byte[]>> Seeds(params string[] extensions) => () => Directory.GetFiles(corpus, "*", SearchOption.AllDirectories)
            .Where(f => extensions.Length == 0 || extensions.Contains(Path.GetExtension(f))).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

        yield return new FuzzTarget("hex", [$"{FormatClasses}IntelHexReader"], Seeds(".hex"), AllTargets.Bytes(":00000001FF\n", ":020000040800F2\n", ":020000021000EC\n", ":0400000508000000EF\n", ":", "\r\n", "\u001A", "FFFF"), Read)
        {
            Repair = HexRepair.Intel,
        };
        yield return new FuzzTarget("srec", [$"{FormatClasses}SRecord"], Seeds(".s19", ".s28", ".s37"), AllTargets.Bytes("S0030000FC\n", "S9030000FC\n", "S5030001FB\n", "S70508000000F2\n", "S3", "S2", "\r\n", "FFFFFFFF"), Read)
        {
            Repair = HexRepair.Motorola,
        };
        yield return new FuzzTarget("elf", [$"{FormatClasses}Elf"], Seeds(".elf"), [[1, 0, 0, 0], [6, 0, 0, 0], [0x20, 0], [0x28, 0], [0, 0, 0, 8], [0, 0, 0, 0x20]], Read);
        yield return new FuzzTarget("dfu", [$"{FormatClasses}Dfu"], Seeds(".dfu"), [.. AllTargets.Bytes("DfuSe\u0001", "Target", "UFD"), [0, 0, 0, 8], [1, 0, 0, 0]], ReadWithEnds)
        {
            Repair = DfuRepair.Suffix,
        };
        yield return new FuzzTarget("image", ["UploadHelper.Core.Firmware.", "UploadHelper.Core.Operations.ImageInspection"], Seeds(), [[0, 0, 2, 0x20], [1, 0x40, 0, 8], [0xF0, 0xB5]], Inspect)
        {
            // An image's holes are filled to weigh its pointers: at most the largest flash, 2 MiB.
            Memory = length => (6 << 20) + 256L * length,
        };
    }

    /// <summary>Files with bootloaders for install-bootloader. The first byte chooses which is wanted, the others are the file.</summary>
    public static FuzzTarget BootloaderFiles { get; } = new(
        "bootloader-file",
        ["UploadHelper.Core.Operations.BootloaderFile", "UploadHelper.Core.Bootloaders.Installation", "UploadHelper.Core.Firmware.ImageCheck", "UploadHelper.Core.Firmware.LinkAddress"],
        () => BootloaderCatalogue.Installable.SelectMany((b, i) => Builds(b.Installation!).Select(build => (byte[])[(byte)i, .. build])),
        [[0, 0, 2, 0x20], [1, 1, 0, 8], [0xFF, 0xFF, 0xFF, 0xFF], [18, 1, 0, 2, 0, 0, 0, 64]],
        CheckBootloader)
    {
        Memory = length => (6 << 20) + 256L * length,
    };

    private static string CheckBootloader(byte[] input)
    {
        var wanted = BootloaderCatalogue.Installable[(input.Length > 0 ? input[0] : 0) % BootloaderCatalogue.Installable.Count];
        var content = input.AsMemory(Math.Min(1, input.Length));
        try
        {
            var file = BootloaderFile.Read(new ImageFile("x", content), wanted, BootloaderCatalogue.Installable, [], _ => { });
            var end = FlashAddress.FlashBase + wanted.Installation!.Area;
            return file.Image.Start == FlashAddress.FlashBase && file.Image.End <= end && file.Image.Size <= content.Length
                ? $"{wanted.Name} {file.Build is null}"
                : throw new UnsoundException($"0x{file.Image.Start:X8} to 0x{file.Image.End:X8} as {wanted.Name}");
        }
        catch (UploadException e) when (e.Error.ExitStatus() is 3 or 4)
        {
            // Unreadable, or refused for this board.
            return e.Message;
        }
    }

    // What the check looks for: a vector table, the device descriptor and the bootloader's own text, once where it belongs and once too far behind.
    private static IEnumerable<byte[]> Builds(Installation installation)
    {
        foreach (var gap in (int[])[0, installation.Area])
        {
            var (id, build) = (installation.Id, new byte[0x120 + gap]);
            BinaryPrimitives.WriteUInt32LittleEndian(build, 0x2000_0200);
            for (var vector = 4; vector < 64; vector += 4)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(build.AsSpan(vector), FlashAddress.FlashBase + 0x101);
            }

            byte[] device = [18, 1, 0, 2, 0, 0, 0, 64, (byte)id.Vendor, (byte)(id.Vendor >> 8), (byte)id.Product, (byte)(id.Product >> 8), 0, 2, 1, 2, 3, 1];
            yield return [.. build, .. device, .. System.Text.Encoding.Unicode.GetBytes(installation.Mark), .. AllTargets.Bytes(installation.Mark)];
        }
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

    // As dfu-suffix and dfu-prefix read it: what is put together again is read as the same.
    private static string ReadWithEnds(byte[] content)
    {
        var ends = "";
        try
        {
            var first = DfuEnds.Read(content);
            ends = $"{first.Prefix?.Kind} {first.Suffix is null} {first.NoSuffix}";
            var again = DfuEnds.Read(first.ToBytes());
            if (!again.Payload.Span.SequenceEqual(first.Payload.Span) || again.Prefix?.Kind != first.Prefix?.Kind || again.Suffix?.Vendor != first.Suffix?.Vendor)
            {
                throw new UnsoundException($"{first.ToBytes().Length} bytes are read as another file than {content.Length} bytes");
            }
        }
        catch (InvalidDataException e)
        {
            ends = e.Message;
        }

        return $"{ends} {Read(content)}";
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
