using System.Runtime.Versioning;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.Windows;

/// <summary>Serial ports of Windows.</summary>
[SupportedOSPlatform("windows")]
public sealed class WindowsSerialPorts : ISerialPorts
{
    private const string DevicePrefix = @"\\.\";

    /// <inheritdoc/>
    public IReadOnlyList<SerialPortInfo> List() => WindowsPortCatalogue.List();

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate) =>
        new WindowsSerialLine(name.StartsWith(DevicePrefix, StringComparison.Ordinal) ? name : DevicePrefix + name, baudRate);
}
