using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Core.Protocols.Maple;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols;

/// <summary>How a bootloader is talked to. This is the one place that tells kinds of bootloader apart.</summary>
/// <param name="Memories">Its memories, at least one.</param>
/// <param name="Info">What is known of it beyond what it says of itself.</param>
/// <param name="Create">Makes the bootloader for a memory whose alternate setting is selected.</param>
internal sealed record BootloaderProfile(
    IReadOnlyList<DfuMemory> Memories, BootloaderInfo Info, Func<IUsbDevice, DfuConnection, DfuMemory, IBootloader> Create)
{
    /// <summary>The profile of a device.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public static BootloaderProfile Of(DfuDescription description)
    {
        if (description.Functional.TransferSize == 0 || !description.Functional.CanDownload)
        {
            throw NotSupported(description.Device, "it says that it cannot be written");
        }

        return description switch
        {
            { IsMaple: true } => Maple(description),
            { IsDfuSe: true } => DfuSe(description),
            _ => throw NotSupported(description.Device, "it does not speak DfuSe"),
        };
    }

    /// <summary>Refuses a device.</summary>
    public static UploadException NotSupported(UsbDeviceInfo device, string why) => new(
        UploadError.NotSupported,
        $"{device.Id} at {device.Path} is not a bootloader that can be written: {why}. Nothing was erased.",
        "See what it says of itself: upload-helper list");

    private static BootloaderProfile Maple(DfuDescription description)
    {
        var memories = MapleMemories.Of(description);
        return memories.Count == 0
            ? throw NotSupported(description.Device, "none of its alternate settings names an address in flash")
            : new BootloaderProfile(
                memories,
                DfuQuirkTable.For(description, memories[0].Map),
                (device, connection, memory) => new MapleBootloader(device, connection, memory.Map, description.Functional));
    }

    private static BootloaderProfile DfuSe(DfuDescription description)
    {
        var memories = new List<DfuMemory>();
        foreach (var alternate in description.Alternates)
        {
            try
            {
                memories.Add(new DfuMemory(alternate, MemoryMap.Parse(alternate.Name)));
            }
            catch (MemoryMapException)
            {
                // Not a memory that can be flashed; `list` shows it as it is.
            }
        }

        if (memories.Count == 0)
        {
            throw NotSupported(description.Device, "none of its alternate settings has a memory map");
        }

        var quirks = DfuQuirkTable.For(description, memories[0].Map);
        return new BootloaderProfile(memories, quirks, (_, connection, memory) =>
        {
            var bootloader = new DfuSeBootloader(connection, memory.Map, description.Functional, quirks.ErasedValue) { EraseTimes = quirks.Erase };
            return quirks.SharesVectorPage ? new SharedVectorPage(bootloader, FlashAddress.FlashBase) : bootloader;
        });
    }
}
