namespace UploadHelper.Core.Operations;

/// <summary>How a board has left DFU mode.</summary>
/// <param name="Address">Where its sketch begins.</param>
/// <param name="Port">The serial port with which the sketch was seen to run, or null if none was seen.</param>
/// <param name="LeftGhost">Whether the bootloader is still listed on the bus, though it answers nothing any more.</param>
public sealed record LeaveResult(uint Address, string? Port, bool LeftGhost);
