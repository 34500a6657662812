namespace UploadHelper.Core.Firmware;

/// <summary>An image file as it lay on the disk.</summary>
/// <param name="Name">The name to show to the user.</param>
/// <param name="Content">All its bytes.</param>
public sealed record ImageFile(string Name, ReadOnlyMemory<byte> Content);
