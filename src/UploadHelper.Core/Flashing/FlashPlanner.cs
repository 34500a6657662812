using UploadHelper.Core.Boards;
using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Flashing;

/// <summary>Lays an image over a memory map: which sectors, which blocks, or a refusal before anything is erased.</summary>
public static class FlashPlanner
{
    // STM32L4 corrupts a write whose length is no multiple of 8 (AN2606); more costs nothing on the others.
    private const int Padding = 8;
    private const byte Erased = 0xFF;

    /// <summary>Plans the writing of an image.</summary>
    /// <param name="image">The image; it begins with the vector table.</param>
    /// <param name="map">The flash of the board.</param>
    /// <param name="transferSize">The bootloader's wTransferSize, in bytes.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotWritable"/>, <see cref="UploadError.ImageTooLarge"/> or
    /// <see cref="UploadError.NotASectorStart"/>, with the offending range and the map.
    /// </exception>
    public static FlashPlan Plan(FirmwareImage image, MemoryMap map, int transferSize)
    {
        var sectors = TouchedSectors(image, map);
        if (sectors[0].Address != image.Start)
        {
            throw NotASectorStart(image.Start, map);
        }

        var runs = image.Segments.Select(Pad).ToList();
        var split = Math.Min(transferSize, runs[0].Data.Length);
        var vectorBlock = runs[0] with { Data = runs[0].Data[..split] };
        runs[0] = new Segment(runs[0].Address + (uint)split, runs[0].Data[split..]);
        if (runs[0].Data.IsEmpty)
        {
            runs.RemoveAt(0);
        }

        return new FlashPlan(image.Start, sectors, runs, vectorBlock, image);
    }

    private static List<Sector> TouchedSectors(FirmwareImage image, MemoryMap map)
    {
        var sectors = new List<Sector>();
        foreach (var segment in image.Segments)
        {
            for (long address = segment.Address; address < segment.End;)
            {
                var sector = map.SectorAt(address) ?? throw Outside(image, segment, address, map);
                if (!sector.IsWritable)
                {
                    throw ReadOnly(image, segment, sector, map);
                }

                if (sectors.Count == 0 || sectors[^1] != sector)
                {
                    sectors.Add(sector);
                }

                address = sector.End;
            }
        }

        return sectors;
    }

    private static Segment Pad(Segment segment)
    {
        var rest = segment.Data.Length % Padding;
        if (rest == 0)
        {
            return segment;
        }

        var padded = new byte[segment.Data.Length - rest + Padding];
        segment.Data.CopyTo(padded);
        padded.AsSpan(segment.Data.Length).Fill(Erased);
        return segment with { Data = padded };
    }

    private static UploadException Outside(FirmwareImage image, Segment segment, long address, MemoryMap map) => address > segment.Address
        ? new UploadException(
            UploadError.ImageTooLarge,
            $"{image.Name} is too large: it needs 0x{segment.Address:X8} to 0x{segment.End - 1:X8}, and the flash ends at 0x{address - 1:X8} "
                + $"({segment.End - address} bytes too many). Nothing was erased. The board says: {map}",
            "Make the sketch smaller (optimise for size, leave libraries out), or check that the right board is selected.")
        : new UploadException(
            UploadError.NotWritable,
            $"0x{address:X8} is not in the flash of this board. Nothing was erased. The board says: {map}",
            "Check the offset.");

    private static UploadException ReadOnly(FirmwareImage image, Segment segment, Sector sector, MemoryMap map)
    {
        var writable = map.Groups.FirstOrDefault(g => g.Count > 0 && new Sector(g.Address, g.SectorSize, g.Access).IsWritable);
        return new UploadException(
            UploadError.NotWritable,
            $"{image.Name} needs 0x{segment.Address:X8} to 0x{segment.End - 1:X8}, but the sector at 0x{sector.Address:X8} to 0x{sector.End - 1:X8} is not writable: "
                + $"the bootloader protects it. Nothing was erased. The board says: {map}",
            writable.Count == 0
                ? "This bootloader lets nothing be written."
                : $"On this board a sketch can begin at 0x{writable.Address:X8} (--offset 0x{writable.Address - FlashAddress.FlashBase:X}), and must be compiled for that address.");
    }

    private static UploadException NotASectorStart(uint address, MemoryMap map)
    {
        var sector = map.SectorAt(address)!.Value;
        return new UploadException(
            UploadError.NotASectorStart,
            $"0x{address:X8} is not where a sector begins: it lies in the sector at 0x{sector.Address:X8} to 0x{sector.End - 1:X8}, "
                + $"which could not be erased without loss. Nothing was erased. The board says: {map}",
            $"Check the offset: --offset 0x{sector.Address - FlashAddress.FlashBase:X} or 0x{sector.End - FlashAddress.FlashBase:X}?");
    }
}
