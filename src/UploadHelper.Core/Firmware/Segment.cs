namespace UploadHelper.Core.Firmware;

/// <summary>Consecutive bytes of an image at an absolute address.</summary>
/// <param name="Address">Address of the first byte.</param>
/// <param name="Data">The bytes; never empty.</param>
public readonly record struct Segment(uint Address, ReadOnlyMemory<byte> Data)
{
    /// <summary>Address behind the last byte; 64 bit, since a segment may end at 2^32.</summary>
    public long End => Address + (long)Data.Length;
}
