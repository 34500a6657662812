using UploadHelper.Core.Dfu.DfuSe;

namespace UploadHelper.Core.Dfu;

/// <summary>What is known of one kind of bootloader beyond what it says of itself.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="StartsSketchAfter">How long it stays in DFU mode after it was asked to leave.</param>
/// <param name="Source">Where this is known from.</param>
public sealed record DfuQuirks(string Name, TimeSpan StartsSketchAfter, string Source)
{
    // Pages of 128 bytes are the STM32L0's, of 256 bytes the STM32L1's: their erased flash reads as 0.
    private const uint LargestPageErasedToZero = 256;

    private static readonly DfuQuirks StSystemBootloader =
        new("ST system bootloader", TimeSpan.Zero, "AN3156: leave jumps to the address pointer");

    private static readonly DfuQuirks F4Bootloader =
        new("F4Bootloader", TimeSpan.FromSeconds(10), "victorpv/F4Bootloader main.c: resets, then 30 blinks of 300 ms");

    private static readonly DfuQuirks Unknown = new("DfuSe bootloader", TimeSpan.Zero, "");

    /// <summary>What an erased byte of its flash reads as.</summary>
    public byte ErasedValue { get; private init; } = 0xFF;

    /// <summary>The row of the table for a device.</summary>
    /// <param name="device">What the device says of itself.</param>
    /// <param name="map">The map of its flash.</param>
    public static DfuQuirks For(DfuDescription device, MemoryMap map) =>
        map.Groups[0].SectorSize <= LargestPageErasedToZero ? Row(device, map) with { ErasedValue = 0 } : Row(device, map);

    private static DfuQuirks Row(DfuDescription device, MemoryMap map) => map.Groups[0] switch
    {
        { Address: 0x0800_0000, SectorSize: 0x4000, Access: SectorAccess.Read } when device.Functional.TransferSize == 1024 => F4Bootloader,
        _ when device.Product.Contains("BOOTLOADER", StringComparison.Ordinal) && device.Product.StartsWith("STM32", StringComparison.Ordinal) => StSystemBootloader,
        _ => Unknown,
    };
}
