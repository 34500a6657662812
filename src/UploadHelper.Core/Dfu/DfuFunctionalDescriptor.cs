using System.Buffers.Binary;

namespace UploadHelper.Core.Dfu;

/// <summary>The DFU functional descriptor (USB DFU 1.1, 4.1.3).</summary>
/// <param name="Attributes">bmAttributes: bit 0 download, 1 upload, 2 manifestation tolerant, 3 will detach.</param>
/// <param name="TransferSize">wTransferSize: largest block, in bytes.</param>
/// <param name="DfuVersion">bcdDFUVersion: 0x011A is DfuSe (UM0424).</param>
public readonly record struct DfuFunctionalDescriptor(byte Attributes, ushort TransferSize, ushort DfuVersion)
{
    /// <summary>bDescriptorType of the functional descriptor.</summary>
    public const byte DescriptorType = 0x21;

    /// <summary>bcdDFUVersion of DfuSe (UM0424).</summary>
    public const ushort DfuSeVersion = 0x011A;

    /// <summary>Whether the device lets its memory be written (bitCanDnload).</summary>
    public bool CanDownload => (Attributes & 1) != 0;

    /// <summary>Whether the device lets its memory be read (bitCanUpload).</summary>
    public bool CanUpload => (Attributes & 2) != 0;

    /// <summary>Reads a functional descriptor; the version is absent in the 7 bytes of DFU 1.0.</summary>
    /// <param name="descriptor">The whole descriptor, length byte first.</param>
    /// <returns>Null if it is too short to hold a transfer size.</returns>
    public static DfuFunctionalDescriptor? Read(ReadOnlySpan<byte> descriptor) => descriptor.Length < 7
        ? null
        : new DfuFunctionalDescriptor(
            descriptor[2],
            BinaryPrimitives.ReadUInt16LittleEndian(descriptor[5..]),
            descriptor.Length < 9 ? (ushort)0x0100 : BinaryPrimitives.ReadUInt16LittleEndian(descriptor[7..]));
}
