using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Maple;
using UploadHelper.Core.Usb;
using UploadHelper.Output;

namespace UploadHelper.Fuzz.Targets;

/// <summary>What a device says of itself, and what `list` shows of it.</summary>
internal static class DescriptorTarget
{
    public static FuzzTarget Target { get; } = new(
        "descriptors",
        ["UploadHelper.Core.Bootloaders.Dfu", "UploadHelper.Core.Usb.UsbDescriptors", "UploadHelper.Core.Protocols.Maple.MapleMemories"],
        () => DeviceSeeds.Record(0, (_, bus) => DfuDescription.Read(bus.Open(bus.List()[0]))),
        [[9, 4, 0, 0, 0, 0xFE, 1, 2, 4], [9, 0x21, 0x0B, 0xFF, 0, 0, 8, 0x1A, 1], [9, 2, 0xFF, 0xFF, 1, 1, 0, 0xC0, 50], [7, 0x21, 3, 0, 0, 0, 4], [2, 4], [0xFF, 3]],
        Run);

    private static string Run(byte[] input)
    {
        try
        {
            var description = DfuDescription.Read(new HostileDevice(input, _ => { }));
            if (description is null)
            {
                return "no DFU";
            }

            var memories = description.Functional.TransferSize == 0 ? [] : MapleMemories.Of(description);
            var maps = description.Alternates.Select(Map).OfType<MemoryMap>().ToList();
            var quirks = maps.Count == 0 ? "" : BootloaderCatalogue.For(description, maps[0]).Name;
            var lines = DescriptionText.Alternates(description).Sum(l => Ascii.Of(l).Length > 0 ? 1 : 0);
            return $"{description.IsMaple} {description.IsDfuSe} {quirks} {(char)('a' + Math.Min(memories.Count, 9))}{(char)('a' + Math.Min(maps.Count, 9))}{(char)('a' + int.Log2(lines + 1))}";
        }
        catch (UsbException e)
        {
            return e.Message;
        }
    }

    private static MemoryMap? Map(DfuAlternate alternate)
    {
        try
        {
            return MemoryMap.Parse(alternate.Name);
        }
        catch (MemoryMapException)
        {
            return null;
        }
    }
}
