namespace UploadHelper.Core.Firmware;

/// <summary>A part of an image file that lies wholly in RAM or in registers, and so is no matter of the flash.</summary>
/// <param name="Address">Address of its first byte.</param>
/// <param name="Size">Number of bytes.</param>
/// <param name="Section">The linker's name for it, or null if the format has no names.</param>
public sealed record LeftOutSegment(uint Address, int Size, string? Section);
