using System.Buffers.Binary;

namespace UploadHelper.Core.Usb;

/// <summary>The setup packet of a control transfer (USB 2.0, 9.3).</summary>
/// <param name="RequestType">bmRequestType: bit 7 direction (1 = device to host), bits 6..5 type, bits 4..0 recipient.</param>
/// <param name="Request">bRequest.</param>
/// <param name="Value">wValue.</param>
/// <param name="Index">wIndex.</param>
/// <param name="Length">wLength: bytes in the data stage, 0 for none.</param>
public readonly record struct UsbSetup(byte RequestType, byte Request, ushort Value, ushort Index, ushort Length)
{
    /// <summary>Size of a setup packet on the wire, in bytes.</summary>
    public const int Size = 8;

    /// <summary>Whether the data stage goes from the device to the host.</summary>
    public bool IsIn => (RequestType & 0x80) != 0;

    /// <summary>Whether it is a standard request (bits 6..5 of bmRequestType are 0), which every USB device answers, and not one of a class.</summary>
    public bool IsStandard => (RequestType & 0x60) == 0;

    /// <summary>Reads the 8 bytes of a setup packet (little-endian fields).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 8 bytes.</exception>
    public static UsbSetup Read(ReadOnlySpan<byte> wire) => new(
        wire[0],
        wire[1],
        BinaryPrimitives.ReadUInt16LittleEndian(wire[2..]),
        BinaryPrimitives.ReadUInt16LittleEndian(wire[4..]),
        BinaryPrimitives.ReadUInt16LittleEndian(wire[6..]));

    /// <summary>Writes the 8 bytes of the setup packet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 8 bytes of room.</exception>
    public void Write(Span<byte> wire)
    {
        wire[0] = RequestType;
        wire[1] = Request;
        BinaryPrimitives.WriteUInt16LittleEndian(wire[2..], Value);
        BinaryPrimitives.WriteUInt16LittleEndian(wire[4..], Index);
        BinaryPrimitives.WriteUInt16LittleEndian(wire[6..], Length);
    }
}
