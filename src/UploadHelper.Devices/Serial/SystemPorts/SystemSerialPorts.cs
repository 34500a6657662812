using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.SystemPorts;

/// <summary>Serial ports through the package System.IO.Ports; it tells names only, so that the catalogues list the ports.</summary>
/// <param name="catalogue">Lists the ports.</param>
internal sealed class SystemSerialPorts(Func<IReadOnlyList<SerialPortInfo>> catalogue) : ISerialPorts
{
    private const string DevicePrefix = @"\\.\";

    /// <inheritdoc/>
    public IReadOnlyList<SerialPortInfo> List() => catalogue();

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate) => new SystemSerialLine(SystemName(name), baudRate);

    // The package puts the prefix of Windows's devices in front by itself, and none in front of a name of Linux or macOS.
    private static string SystemName(string name) =>
        OperatingSystem.IsWindows() ? (name.StartsWith(DevicePrefix, StringComparison.Ordinal) ? name[DevicePrefix.Length..] : name)
        : name.Contains('/') ? name
        : "/dev/" + name;
}
