using System.Buffers.Binary;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>What a bootloader makes of a sketch whose upload was interrupted.</summary>
internal static class HalfWritten
{
    /// <summary>Where it would start the incomplete sketch; null if nowhere, as it should be.</summary>
    /// <param name="image">The image.</param>
    /// <param name="quirks">What is known of the bootloader.</param>
    public static uint? StartedAt(FirmwareImage image, DfuQuirks quirks)
    {
        if (quirks.WritesInOneGo)
        {
            return image.Start;
        }

        // Its first page is erased meanwhile; but there may be a second place where the bootloader looks.
        return quirks.AlsoStarts is { } second && quirks.Sketch is { } rule
            && image.Start < second && WordAt(image, second) is { } word && rule.Stack.Takes(word)
                ? second
                : null;
    }

    private static uint? WordAt(FirmwareImage image, uint address) => image.Segments
        .Where(s => address >= s.Address && address + sizeof(uint) <= s.End)
        .Select(s => (uint?)BinaryPrimitives.ReadUInt32LittleEndian(s.Data.Span[(int)(address - s.Address)..]))
        .FirstOrDefault();
}
