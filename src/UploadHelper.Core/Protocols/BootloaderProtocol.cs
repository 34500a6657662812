using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Core.Protocols.Maple;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols;

/// <summary>How to talk to a bootloader. Only this type distinguishes between protocols.</summary>
/// <param name="Memories">Its memories, at least one.</param>
/// <param name="Info">Its entry in the catalogue.</param>
/// <param name="Create">Creates the bootloader for a memory whose alternate setting is selected.</param>
internal sealed record BootloaderProtocol(
    IReadOnlyList<DfuMemory> Memories, BootloaderInfo Info, Func<IUsbDevice, DfuConnection, DfuMemory, IBootloader> Create)
{
    /// <summary>Where the bootloader looks for a sketch; the start of its first memory if that is not known.</summary>
    public uint SketchStart => Info.Sketch?.Address ?? Memories[0].Map.Groups[0].Address;

    /// <summary>The protocol of a device.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public static BootloaderProtocol Of(DfuDescription description)
    {
        if (description.Functional.TransferSize == 0 || !description.Functional.CanDownload)
        {
            throw NotSupported(description.Device, "its functional descriptor does not allow downloads");
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
        $"Cannot upload to {device.Id} at {device.Path}: {why}. Nothing was erased.",
        "`upload-helper list` shows the descriptors of the device.");

    private static BootloaderProtocol Maple(DfuDescription description)
    {
        var memories = MapleMemories.Of(description);
        return memories.Count == 0
            ? throw NotSupported(description.Device, "none of its alternate settings names an address in flash")
            : new BootloaderProtocol(
                memories,
                BootloaderCatalogue.For(description, memories[0].Map),
                (device, connection, memory) => new MapleBootloader(device, connection, memory.Map, description.Functional));
    }

    private static BootloaderProtocol DfuSe(DfuDescription description)
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
                // Not a memory that can be written; `list` shows its name as it is.
            }
        }

        if (memories.Count == 0)
        {
            throw NotSupported(description.Device, "none of its alternate settings has a memory map");
        }

        var info = BootloaderCatalogue.For(description, memories[0].Map);
        return new BootloaderProtocol(memories, info, (_, connection, memory) =>
        {
            var bootloader = new DfuSeBootloader(connection, memory.Map, description.Functional, info.ErasedValue) { EraseTimes = info.Erase };
            return info.SharesVectorPage ? new SharedVectorPage(bootloader, FlashAddress.FlashBase) : bootloader;
        });
    }
}
