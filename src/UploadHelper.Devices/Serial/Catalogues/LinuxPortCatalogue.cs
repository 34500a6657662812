using System.Globalization;
using UploadHelper.Core.Serial;

namespace UploadHelper.Devices.Serial.Catalogues;

/// <summary>The serial ports of Linux, out of sysfs: those with a device behind them.</summary>
/// <param name="sysfs">Where sysfs is mounted.</param>
internal sealed class LinuxPortCatalogue(string sysfs)
{
    private readonly string _class = Path.Combine(sysfs, "class", "tty");

    /// <summary>A fresh look.</summary>
    public IReadOnlyList<SerialPortInfo> List()
    {
        if (!Directory.Exists(_class))
        {
            return [];
        }

        return [.. Directory.EnumerateFileSystemEntries(_class).Where(e => !IsConsole(e)).Order(StringComparer.Ordinal).Select(Describe).OfType<SerialPortInfo>()];
    }

    // The consoles, tty0 to tty63, are most of what is there, and no device is behind any.
    private static bool IsConsole(string entry) =>
        entry.LastIndexOf("/tty", StringComparison.Ordinal) is var at and >= 0 && at + 4 < entry.Length && char.IsAsciiDigit(entry[at + 4]);

    private static SerialPortInfo? Describe(string entry)
    {
        var name = "/dev/" + Path.GetFileName(entry);
        if (RealPath(Path.Combine(entry, "device")) is not { } device)
        {
            return null;
        }

        // The port's device is an interface of the USB device, or a port of it; the ids stand with the device itself.
        for (var folder = device; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Number(folder, "idVendor") is { } vendor && Number(folder, "idProduct") is { } product)
            {
                return new SerialPortInfo(name, vendor, product, Text(folder, "serial"), Path.GetFileName(folder));
            }
        }

        // Ports of the platform are listed whether anything is there or not (ttyS0 to ttyS31).
        return device.Contains("/platform/", StringComparison.Ordinal) || device.Contains("serial8250", StringComparison.Ordinal)
            ? null
            : new SerialPortInfo(name, null, null, null, null);
    }

    private static string? RealPath(string link)
    {
        try
        {
            if (!Directory.Exists(link))
            {
                return null;
            }

            // The class entry itself is a link; each part of the way has to be followed.
            var entry = new DirectoryInfo(Path.GetDirectoryName(link)!).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetDirectoryName(link)!;
            return new DirectoryInfo(Path.Combine(entry, "device")).ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        }
        catch (IOException)
        {
            // It went away while we looked.
            return null;
        }
    }

    private static ushort? Number(string folder, string file) =>
        ushort.TryParse(Text(folder, file), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Text(string folder, string file)
    {
        try
        {
            var path = Path.Combine(folder, file);
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
