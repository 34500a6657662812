namespace UploadHelper.Core.Diagnosis;

/// <summary>Whether the library that reaches USB devices works.</summary>
/// <param name="Version">Its version, or "" if it does not tell; null if there is no library, or it does not start.</param>
/// <param name="Trouble">Why there is none, and where to get it; null if it works.</param>
public sealed record UsbLibraryState(string? Version, string? Trouble);
