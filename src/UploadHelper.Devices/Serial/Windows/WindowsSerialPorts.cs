using System.Runtime.Versioning;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.Windows;

/// <summary>Serial ports of Windows.</summary>
/// <param name="catalogue">Lists the ports.</param>
[SupportedOSPlatform("windows")]
internal sealed class WindowsSerialPorts(Func<IReadOnlyList<SerialPortInfo>> catalogue) : ISerialPorts
{
    private const string DevicePrefix = @"\\.\";

    /// <inheritdoc/>
    public IReadOnlyList<SerialPortInfo> List() => catalogue();

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate) =>
        new WindowsSerialLine(name.StartsWith(DevicePrefix, StringComparison.Ordinal) ? name : DevicePrefix + name, baudRate);
}
