namespace UploadHelper.Core.Diagnosis;

/// <summary>The commands that mend things on a machine; the paths in them are its own.</summary>
/// <param name="InstallUdevRules">Installs the udev rules.</param>
/// <param name="InstallOverlays">Installs the overlays into Arduino cores; a folder follows.</param>
public sealed record MendingCommands(string InstallUdevRules, string InstallOverlays);
