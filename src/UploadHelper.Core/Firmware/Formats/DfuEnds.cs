using System.Buffers.Binary;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>
/// A file as dfu-suffix and dfu-prefix see it: a payload of any format, with a prefix of some makers before it, and a DFU suffix
/// behind it. Both are read and written as dfu-util 0.11 does (dfu_file.c).
/// </summary>
/// <param name="Prefix">What is before the payload; null if there is nothing.</param>
/// <param name="Payload">The firmware.</param>
/// <param name="Suffix">What is behind it; null if there is no valid suffix.</param>
public sealed record DfuEnds(DfuPrefix? Prefix, ReadOnlyMemory<byte> Payload, DfuSuffixFields? Suffix)
{
    private const int ChecksumSize = sizeof(uint);

    /// <summary>Why there is no suffix, as a sentence without its full stop; "" if there is one.</summary>
    public string NoSuffix { get; private init; } = "";

    /// <summary>Takes a file apart.</summary>
    /// <param name="file">The whole file.</param>
    /// <exception cref="InvalidDataException">There is a suffix with the right checksum, but its length is impossible.</exception>
    public static DfuEnds Read(ReadOnlyMemory<byte> file)
    {
        var (suffix, reason) = DfuSuffixFields.Read(file.Span);
        var body = file[..^(suffix?.Size ?? 0)];
        var prefix = DfuPrefix.Read(body.Span);
        return new DfuEnds(prefix, body[(prefix?.Size ?? 0)..], suffix) { NoSuffix = reason };
    }

    /// <summary>Puts the file together again; a suffix gets the usual length and a new checksum.</summary>
    /// <exception cref="InvalidDataException">The payload is too long for the prefix.</exception>
    public byte[] ToBytes()
    {
        using var file = new MemoryStream();
        file.Write(Prefix?.ToBytes(Payload.Length) ?? []);
        file.Write(Payload.Span);
        if (Suffix is { } suffix)
        {
            file.Write(suffix.ToBytes());
            Span<byte> checksum = stackalloc byte[ChecksumSize];
            BinaryPrimitives.WriteUInt32LittleEndian(checksum, DfuSuffix.Checksum(file.ToArray()));
            file.Write(checksum);
        }

        return file.ToArray();
    }
}

/// <summary>The fields of a DFU suffix (USB DFU 1.1, appendix B).</summary>
/// <param name="Device">bcdDevice; FFFF for any.</param>
/// <param name="Product">idProduct; FFFF for any.</param>
/// <param name="Vendor">idVendor; FFFF for any.</param>
/// <param name="Specification">bcdDFU: 0100, or 011A for DfuSe files.</param>
public sealed record DfuSuffixFields(ushort Device, ushort Product, ushort Vendor, ushort Specification)
{
    private const int ChecksumSize = sizeof(uint);

    /// <summary>bLength, in bytes.</summary>
    public int Size { get; private init; } = DfuSuffix.UsualSize;

    /// <summary>dwCRC, as the file has it.</summary>
    public uint Checksum { get; private init; }

    internal static (DfuSuffixFields? Fields, string Reason) Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < DfuSuffix.UsualSize)
        {
            return (null, "The file is too short for a DFU suffix");
        }

        if (!file[^8..^5].SequenceEqual("UFD"u8))
        {
            return (null, "There is no DFU suffix: its signature \"UFD\" is missing");
        }

        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(file[^ChecksumSize..]);
        var expected = DfuSuffix.Checksum(file[..^ChecksumSize]);
        if (checksum != expected)
        {
            return (null, $"The checksum of the DFU suffix is 0x{checksum:X8} but should be 0x{expected:X8}");
        }

        if (file[^5] < DfuSuffix.UsualSize || file[^5] > file.Length)
        {
            throw new InvalidDataException($"The DFU suffix states a length of {file[^5]} bytes. It has at least {DfuSuffix.UsualSize}, and no more than the file ({file.Length})");
        }

        var fields = file[^DfuSuffix.UsualSize..];
        var read = new DfuSuffixFields(
            BinaryPrimitives.ReadUInt16LittleEndian(fields),
            BinaryPrimitives.ReadUInt16LittleEndian(fields[2..]),
            BinaryPrimitives.ReadUInt16LittleEndian(fields[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(fields[6..]))
        {
            Size = file[^5],
            Checksum = checksum,
        };
        return (read, "");
    }

    internal ReadOnlySpan<byte> ToBytes()
    {
        var bytes = new byte[DfuSuffix.UsualSize - ChecksumSize];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, Device);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), Product);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), Vendor);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), Specification);
        "UFD"u8.CopyTo(bytes.AsSpan(8));
        bytes[^1] = DfuSuffix.UsualSize;
        return bytes;
    }
}

/// <summary>The kinds of prefix that dfu-util knows.</summary>
public enum DfuPrefixKind
{
    /// <summary>TI Stellaris and Tiva: 8 bytes with the address and the length of the payload.</summary>
    Stellaris,

    /// <summary>NXP LPC, unencrypted: 16 bytes with the length in blocks of 512 bytes.</summary>
    Lpc,
}

/// <summary>A prefix before the payload of a .dfu file.</summary>
/// <param name="Kind">Its kind.</param>
public sealed record DfuPrefix(DfuPrefixKind Kind)
{
    /// <summary>Addresses in a Stellaris prefix are multiples of that many bytes.</summary>
    public const uint AddressUnit = 1024;

    /// <summary>The first address that a Stellaris prefix cannot hold: 64 MiB.</summary>
    public const uint AddressLimit = (ushort.MaxValue + 1) * AddressUnit;

    private const int StellarisSize = 8;
    private const int LpcSize = 16;
    private const int LpcBlock = 512;

    // The upper two bits of each byte are options of the LPC's ROM.
    private const byte LpcBits = 0x3F;
    private const byte LpcFirst = 0x1A;
    private const byte LpcSecond = 0x3F;

    // Whether it was read from a file: dfu-util then counts it to the payload of a LPC.
    private bool _isRead;

    /// <summary>Its length in bytes.</summary>
    public int Size => Kind == DfuPrefixKind.Stellaris ? StellarisSize : LpcSize;

    /// <summary>Where the payload begins; only a Stellaris prefix has it.</summary>
    public uint Address { get; init; }

    /// <summary>What a LPC prefix states as the length of the payload, in KiB, rounded down.</summary>
    public int StatedKiB { get; private init; }

    internal static DfuPrefix? Read(ReadOnlySpan<byte> body)
    {
        if (body.Length >= StellarisSize && body[0] == 1 && body[1] == 0)
        {
            return BinaryPrimitives.ReadUInt32LittleEndian(body[4..]) == (uint)(body.Length - StellarisSize)
                ? new DfuPrefix(DfuPrefixKind.Stellaris) { Address = BinaryPrimitives.ReadUInt16LittleEndian(body[2..]) * AddressUnit, _isRead = true }
                : null;
        }

        return body.Length >= LpcSize && (body[0] & LpcBits) == LpcFirst && (body[1] & LpcBits) == LpcSecond
            ? new DfuPrefix(DfuPrefixKind.Lpc) { StatedKiB = BinaryPrimitives.ReadUInt16LittleEndian(body[2..]) / 2, _isRead = true }
            : null;
    }

    internal byte[] ToBytes(int payload)
    {
        var bytes = new byte[Size];
        if (Kind == DfuPrefixKind.Stellaris)
        {
            bytes[0] = 1;
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)(Address / AddressUnit));
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), (uint)payload);
            return bytes;
        }

        var blocks = (payload + (_isRead ? LpcSize : 0) + LpcBlock - 1) / LpcBlock;
        if (blocks > ushort.MaxValue)
        {
            throw new InvalidDataException($"The file has {payload} bytes. A LPC prefix can state at most {ushort.MaxValue * LpcBlock}");
        }

        (bytes[0], bytes[1]) = (LpcFirst, LpcSecond);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)blocks);
        bytes.AsSpan(12).Fill(0xFF);
        return bytes;
    }
}
