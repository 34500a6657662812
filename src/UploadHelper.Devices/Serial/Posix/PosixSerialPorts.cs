using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.Posix;

/// <summary>Serial ports of Linux and macOS.</summary>
/// <param name="catalogue">Lists the ports.</param>
/// <param name="time">The clock for time limits.</param>
internal sealed class PosixSerialPorts(Func<IReadOnlyList<SerialPortInfo>> catalogue, TimeProvider time) : ISerialPorts
{
    /// <inheritdoc/>
    public IReadOnlyList<SerialPortInfo> List() => catalogue();

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate) => new PosixSerialLine(name.Contains('/') ? name : "/dev/" + name, baudRate, time);
}
