namespace UploadHelper.Core.Serial;

/// <summary>The names of serial ports as people write them.</summary>
public static class PortNames
{
    private static readonly string[] Prefixes = ["/dev/", @"\\.\"];

    /// <summary>Whether two names mean the same port: "ttyACM0" and "/dev/ttyACM0", "COM12" and "\\.\com12".</summary>
    public static bool Same(string one, string other) => string.Equals(Bare(one), Bare(other), StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a look at the ports shows this one.</summary>
    public static bool IsListed(ISerialPorts ports, string name) => Find(ports.List(), name) is not null;

    /// <summary>The port of that name, or null.</summary>
    public static SerialPortInfo? Find(IReadOnlyList<SerialPortInfo> ports, string name) => ports.FirstOrDefault(p => Same(p.Name, name));

    private static string Bare(string name) =>
        Prefixes.FirstOrDefault(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase)) is { } prefix ? name[prefix.Length..] : name;
}
