using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Firmware;

/// <summary>The data to write to flash: segments at absolute addresses, for one or several memories.</summary>
public sealed class FirmwareImage
{
    /// <summary>Creates an image from the content of a file.</summary>
    /// <param name="name">The name to show to the user.</param>
    /// <param name="format">The format of the file.</param>
    /// <param name="targets">At least one.</param>
    /// <param name="leftOut">Other parts of the file, which do not belong in flash.</param>
    /// <param name="madeFor">The device that the file names, or null.</param>
    /// <param name="processor">The processor that it is for.</param>
    /// <exception cref="ArgumentException">No segment, an empty one, or two of a target that overlap or descend.</exception>
    public FirmwareImage(
        string name,
        ImageFormat format,
        IReadOnlyList<ImageTarget> targets,
        IReadOnlyList<LeftOutSegment> leftOut,
        DfuFileIds? madeFor,
        Processor processor = Processor.Arm)
    {
        if (targets.Count == 0 || targets.Any(t => t.Segments.Count == 0 || t.Segments.Any(s => s.Data.IsEmpty)))
        {
            throw new ArgumentException("An image has at least one segment, and no empty one.", nameof(targets));
        }

        if (targets.Any(t => t.Segments.Zip(t.Segments.Skip(1)).Any(pair => pair.Second.Address < pair.First.End)))
        {
            throw new ArgumentException("Segments must ascend and must not overlap.", nameof(targets));
        }

        Name = name;
        Format = format;
        Targets = targets;
        LeftOut = leftOut;
        MadeFor = madeFor;
        Segments = targets.Count == 1 ? targets[0].Segments : [.. targets.SelectMany(t => t.Segments).OrderBy(s => s.Address)];
        VectorSegment = Segments.FirstOrDefault(s => FlashAddress.IsInternalFlash(s.Address), Segments[0]);
        Processor = processor;
        HasVectorTable = processor == Processor.Arm && (FlashAddress.IsInternalFlash(VectorSegment.Address) || VectorTable.BeginsProgram(VectorSegment));
    }

    /// <summary>Creates an image for one memory, such as a raw binary.</summary>
    /// <param name="name">The name to show to the user.</param>
    /// <param name="segments">At least one; ascending, not overlapping.</param>
    /// <exception cref="ArgumentException">No segment, an empty one, or two that overlap or descend.</exception>
    public FirmwareImage(string name, IReadOnlyList<Segment> segments)
        : this(name, ImageFormat.RawBinary, [new ImageTarget(null, null, segments)], [], null)
    {
    }

    /// <summary>The name to show to the user.</summary>
    public string Name { get; }

    /// <summary>The format of the file.</summary>
    public ImageFormat Format { get; }

    /// <summary>The data for each memory, in the order of the file.</summary>
    public IReadOnlyList<ImageTarget> Targets { get; }

    /// <summary>The parts of the file that lie entirely in RAM or registers.</summary>
    public IReadOnlyList<LeftOutSegment> LeftOut { get; }

    /// <summary>The device that the file names, or null.</summary>
    public DfuFileIds? MadeFor { get; }

    /// <summary>The segments of all targets, ascending.</summary>
    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>The segment that begins with the vector table: the lowest one in internal flash, or else the lowest one.</summary>
    public Segment VectorSegment { get; }

    /// <summary>The processor that it is for: as the file says, otherwise as the user says, otherwise an ARM.</summary>
    public Processor Processor { get; }

    /// <summary>
    /// Whether the image is a program for an ARM. Everything for the internal flash is meant to be one. An image for another memory
    /// (flash on a QSPI) is one if it begins with a vector table for its address; otherwise it is data.
    /// </summary>
    public bool HasVectorTable { get; }

    /// <summary>Whether the image is a program, so that its first block is written last.</summary>
    public bool IsProgram => HasVectorTable || (Processor == Processor.RiscV && FlashAddress.IsInternalFlash(Start));

    /// <summary>Where the image begins: the address of its vector table, or of its first instruction.</summary>
    public uint Start => VectorSegment.Address;

    /// <summary>Address after the last byte.</summary>
    public long End => Segments[^1].End;

    /// <summary>Number of bytes in all segments.</summary>
    public int Size => Segments.Sum(s => s.Data.Length);
}

/// <summary>The data for one memory of the board.</summary>
/// <param name="Alternate">The alternate setting that accesses the memory; null if the file does not say. Only DfuSe files do.</param>
/// <param name="Name">The name of the target in the file, or null.</param>
/// <param name="Segments">At least one; ascending, with a gap of at least one byte between two.</param>
public sealed record ImageTarget(byte? Alternate, string? Name, IReadOnlyList<Segment> Segments);

/// <summary>Consecutive bytes of an image at an absolute address.</summary>
/// <param name="Address">Address of the first byte.</param>
/// <param name="Data">The bytes; never empty.</param>
public readonly record struct Segment(uint Address, ReadOnlyMemory<byte> Data)
{
    /// <summary>Address after the last byte; 64 bits, because a segment can end at 2^32.</summary>
    public long End => Address + (long)Data.Length;
}

/// <summary>A part of an image file that lies entirely in RAM or registers and is therefore not written to flash.</summary>
/// <param name="Address">Address of its first byte.</param>
/// <param name="Size">Number of bytes.</param>
/// <param name="Section">The linker's name for it, or null if the format has no names.</param>
public sealed record LeftOutSegment(uint Address, int Size, string? Section);

/// <summary>
/// The device that a .dfu file was made for, from its suffix (USB DFU 1.1, appendix B). 0xFFFF means any. So does 0, which no
/// device has: files for 0483:0000 are published.
/// </summary>
/// <param name="Vendor">idVendor.</param>
/// <param name="Product">idProduct.</param>
/// <param name="Release">bcdDevice.</param>
public sealed record DfuFileIds(ushort Vendor, ushort Product, ushort Release)
{
    private const ushort Any = 0xFFFF;
    private const ushort None = 0;

    /// <summary>Whether an id is 0, which no device has.</summary>
    public bool IsIncomplete => Vendor is None || Product is None;

    /// <summary>Whether the file was made for a device with these ids. The release is not checked.</summary>
    public bool Fits(UsbId id) => Vendor is Any or None || (Vendor == id.Vendor && (Product is Any or None || Product == id.Product));

    /// <summary>For example "0483:DF11, release 2.00", or "any device".</summary>
    public override string ToString() =>
        (Vendor is Any or None ? "any device" : Product is Any or None ? $"any device of vendor {Vendor:X4}" : $"{new UsbId(Vendor, Product)}")
        + (Release is Any or None ? "" : $", release {Release >> 8:X}.{Release & 0xFF:X2}");
}

/// <summary>An image file as read from disk.</summary>
/// <param name="Name">The name to show to the user.</param>
/// <param name="Content">All its bytes.</param>
public sealed record ImageFile(string Name, ReadOnlyMemory<byte> Content)
{
    /// <summary>
    /// The largest file that is read, in bytes: 64 MiB. An STM32 has at most 4 MiB of flash, of which an Intel HEX file takes
    /// 12 MiB and an ELF file with debug information some ten more; the largest usual flash beside it has 64 MiB.
    /// </summary>
    public const int LargestSize = 64 << 20;
}

/// <summary>The formats of image files.</summary>
public enum ImageFormat
{
    /// <summary>Bytes without an address.</summary>
    RawBinary,

    /// <summary>Intel HEX: text, records with addresses.</summary>
    IntelHex,

    /// <summary>Motorola S-record: text, records with addresses.</summary>
    SRecord,

    /// <summary>ELF: the output of the linker.</summary>
    Elf,

    /// <summary>ST's .dfu file, DfuSe (UM0391): targets, elements, addresses.</summary>
    DfuSe,

    /// <summary>A plain .dfu file (USB DFU 1.1, appendix B): a raw binary followed by ids.</summary>
    Dfu,
}
