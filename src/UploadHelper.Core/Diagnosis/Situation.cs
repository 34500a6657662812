namespace UploadHelper.Core.Diagnosis;

/// <summary>What was found on a machine, as far as it matters to reaching boards. Gathered without opening any board.</summary>
/// <param name="UsbLibrary">The library that reaches USB devices.</param>
public sealed record Situation(UsbLibraryState UsbLibrary)
{
    /// <summary>The USB devices; those that are no boards may be among them.</summary>
    public IReadOnlyList<SeenDevice> Devices { get; init; } = [];

    /// <summary>The serial ports.</summary>
    public IReadOnlyList<SeenPort> Ports { get; init; } = [];

    /// <summary>The Arduino cores for STM32.</summary>
    public IReadOnlyList<SeenCore> Cores { get; init; } = [];

    /// <summary>What there is only on Linux; null elsewhere.</summary>
    public LinuxState? Linux { get; init; }

    /// <summary>Whether drivers are bound to devices by hand, as on Windows.</summary>
    public bool BindsDrivers { get; init; }
}
