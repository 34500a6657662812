namespace UploadHelper.Core.Dfu.DfuSe;

/// <summary>A string that is no memory map.</summary>
/// <param name="message">Where it breaks, and why.</param>
public sealed class MemoryMapException(string message) : Exception(message);
