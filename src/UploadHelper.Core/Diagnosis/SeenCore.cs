namespace UploadHelper.Core.Diagnosis;

/// <summary>An Arduino core for STM32.</summary>
/// <param name="Name">What its platform.txt calls it.</param>
/// <param name="Folder">The folder of its platform.txt.</param>
/// <param name="HasOverlay">Whether its Upload leads to upload-helper.</param>
public sealed record SeenCore(string Name, string Folder, bool HasOverlay);
