using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.Catalogues;

/// <summary>The serial ports of macOS by their names: "cu." is the side that opens without waiting for a carrier.</summary>
internal static class MacPortCatalogue
{
    /// <summary>A fresh look.</summary>
    public static IReadOnlyList<SerialPortInfo> List() =>
        [.. Directory.EnumerateFiles("/dev", "cu.*").Order(StringComparer.Ordinal).Select(p => new SerialPortInfo(p, null, null, null, null))];
}
