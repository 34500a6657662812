using UploadHelper.Core.Dfu;

namespace UploadHelper.Core.Operations;

/// <summary>All that a bootloader says of itself when it is asked.</summary>
/// <param name="Description">Its descriptors.</param>
/// <param name="Status">Its state and status, before anything changes them.</param>
/// <param name="Quirks">What is known of its kind beyond that; null if it cannot be written through.</param>
/// <param name="DeviceDescriptor">Its device descriptor (USB 2.0, 9.6.1), byte for byte.</param>
/// <param name="Configuration">Its configuration descriptor with all that follows it, byte for byte.</param>
public sealed record BootloaderState(
    DfuDescription Description, DfuStatus Status, DfuQuirks? Quirks, ReadOnlyMemory<byte> DeviceDescriptor, ReadOnlyMemory<byte> Configuration);
