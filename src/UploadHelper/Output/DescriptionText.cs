using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Output;

/// <summary>What a device says of itself, for people.</summary>
internal static class DescriptionText
{
    /// <summary>The alternate settings, each with its sectors below it.</summary>
    public static IEnumerable<string> Alternates(DfuDescription description)
    {
        foreach (var alternate in description.Alternates)
        {
            yield return $"  alt {alternate.Setting}: {alternate.Name}";
            foreach (var group in Sectors(alternate))
            {
                yield return $"    0x{group.Address:X8} to 0x{group.End - 1:X8}  {group.Count,4} x {group.SectorSize,6} bytes  {string.Join(", ", AccessWords(group.Access))}";
            }
        }
    }

    /// <summary>The sectors that an alternate setting's name tells; none if it is no memory map.</summary>
    public static IReadOnlyList<SectorGroup> Sectors(DfuAlternate alternate)
    {
        try
        {
            return MemoryMap.Parse(alternate.Name).Groups;
        }
        catch (MemoryMapException)
        {
            return [];
        }
    }

    /// <summary>The words for what sectors allow.</summary>
    public static IEnumerable<string> AccessWords(SectorAccess access) =>
        Enum.GetValues<SectorAccess>().Where(a => access.HasFlag(a)).Select(a => a.ToString().ToLowerInvariant());

    /// <summary>A binary-coded release: "22.00".</summary>
    public static string Release(ushort bcd) => $"{bcd >> 8:X}.{bcd & 0xFF:X2}";

    /// <summary>A device and its place: "0483:DF11 at 1-1".</summary>
    public static string Place(UsbDeviceInfo device) => $"{device.Id} at {device.Path}";
}
