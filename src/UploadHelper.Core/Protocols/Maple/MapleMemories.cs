using System.Globalization;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Protocols.Maple;

/// <summary>
/// The memories of a Maple bootloader. It has no memory map: the name of each alternate setting ends with the address that
/// it writes to ("DFU Program FLASH 0x08005000", "... Upload to Flash 0x8002000"), and a map is made from that.
/// </summary>
public static class MapleMemories
{
    // usb.c of the STM32duino bootloader: wTransferSize is the size of a page, 1 KiB up to 128 KiB of flash and 2 KiB
    // beyond. The size of the flash cannot be queried; 128 KiB (medium density) and 512 KiB (high density) are the
    // largest parts (RM0008, 3.3.3).
    private const uint MediumDensityPage = 1024;
    private const uint MediumDensityEnd = FlashAddress.FlashBase + 0x2_0000;
    private const uint HighDensityEnd = FlashAddress.FlashBase + 0x8_0000;
    private const SectorAccess Writable = SectorAccess.Read | SectorAccess.Erase | SectorAccess.Write;

    /// <summary>
    /// The memories of a device, the highest address first: each extends to the end of the flash, and an address belongs to
    /// the memory whose start is the closest at or below it. Alternate settings for RAM are omitted: nothing is ever written there.
    /// </summary>
    /// <param name="description">The descriptors of the device; its wTransferSize is above 0.</param>
    public static IReadOnlyList<DfuMemory> Of(DfuDescription description)
    {
        var memories = description.Alternates.Select(a => Memory(a, description.Functional.TransferSize)).OfType<DfuMemory>().ToList();
        memories.Sort((a, b) => b.FixedStart!.Value.CompareTo(a.FixedStart!.Value));
        return memories;
    }

    private static DfuMemory? Memory(DfuAlternate alternate, uint page)
    {
        if (AddressIn(alternate.Name) is not { } start || !FlashAddress.IsInternalFlash(start))
        {
            return null;
        }

        var end = page <= MediumDensityPage ? MediumDensityEnd : HighDensityEnd;
        var pages = (int)((Math.Max(end, start + page) - start) / page);
        return new DfuMemory(alternate, new MemoryMap("Flash (size inferred)", [new SectorGroup(start, pages, page, Writable)])) { FixedStart = start };
    }

    private static uint? AddressIn(string name)
    {
        var prefix = name.LastIndexOf("0x", StringComparison.Ordinal);
        return prefix >= 0
            && uint.TryParse(name.AsSpan(prefix + 2).TrimEnd(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var address)
                ? address
                : null;
    }
}
