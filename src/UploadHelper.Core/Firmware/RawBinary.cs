using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Firmware;

/// <summary>Reads raw binaries: bytes without an address of their own.</summary>
public static class RawBinary
{
    private const int Smallest = 8;

    /// <summary>Places the bytes of a raw binary at an address.</summary>
    /// <param name="file">The file.</param>
    /// <param name="address">Where its first byte goes.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.ImageUnreadable"/>: the file is empty, too short for a vector table, reaches beyond the
    /// address space, or is plainly of another format.
    /// </exception>
    public static FirmwareImage Read(ImageFile file, uint address)
    {
        var content = file.Content;
        if (content.IsEmpty)
        {
            throw Unreadable($"{file.Name} is empty.", "Was the sketch compiled? Compile it again and look at the size of the file.");
        }

        if (OtherFormat(content.Span) is { } format)
        {
            throw Unreadable(
                $"{file.Name} is not a raw binary but {format}.",
                "Give the .bin that the build leaves beside it, or make one: arm-none-eabi-objcopy -O binary SKETCH.elf SKETCH.bin");
        }

        if (content.Length < Smallest)
        {
            throw Unreadable(
                $"{file.Name} has {content.Length} bytes: too few for a stack pointer and a reset vector.",
                "Was the file cut short? Compile the sketch again.");
        }

        if (address + (long)content.Length > 1L << 32)
        {
            throw Unreadable(
                $"{file.Name} has {content.Length} bytes: from 0x{address:X8} they reach beyond the end of the address space.",
                "Check the offset.");
        }

        return new FirmwareImage(file.Name, [new Segment(address, content)]);
    }

    private static UploadException Unreadable(string message, string hint) => new(UploadError.ImageUnreadable, message, hint);

    private static string? OtherFormat(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith((ReadOnlySpan<byte>)[0x7F, (byte)'E', (byte)'L', (byte)'F']))
        {
            return "an ELF file";
        }

        if (content.StartsWith("DfuSe"u8) || (content.Length >= 16 && content[^8..].StartsWith("UFD"u8)))
        {
            return "a .dfu file";
        }

        if (IsText(content, (byte)':'))
        {
            return "an Intel HEX file";
        }

        return IsText(content, (byte)'S') ? "a Motorola S-record file" : null;
    }

    private static bool IsText(ReadOnlySpan<byte> content, byte first)
    {
        var head = content[..Math.Min(content.Length, 64)];
        return head[0] == first && !head.ContainsAnyExceptInRange((byte)'\t', (byte)'~');
    }
}
