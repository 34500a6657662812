using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>The ports that a user can choose from instead of one that is missing or wrong.</summary>
internal static class PortChoice
{
    private const int MostNamed = 8;

    /// <summary>Which ports there are apart from one, and what is behind each, in a sentence. The sketches of STM32 boards come first.</summary>
    /// <param name="ports">All ports.</param>
    /// <param name="port">The one that was asked for.</param>
    public static string Sentence(IReadOnlyList<SerialPortInfo> ports, string port)
    {
        var others = ports.Where(p => !PortNames.Same(p.Name, port)).OrderByDescending(IsSketch).ToList();
        var other = others.Count < ports.Count ? "other " : "";
        return others.Count switch
        {
            0 => $"This computer has no {other}serial port.",
            1 => $"There is {(other.Length > 0 ? "one" : "only one")} {other}serial port: {Text(others[0])}.",
            _ => $"The {other}serial ports are {string.Join(", ", others.Take(MostNamed).Select(Text))}{(others.Count > MostNamed ? $" and {others.Count - MostNamed} more" : "")}.",
        };
    }

    /// <summary>Which of the ports to choose, as a further sentence of a hint; empty if none belongs to the sketch of an STM32 board.</summary>
    public static string Advice(IReadOnlyList<SerialPortInfo> ports)
    {
        var sketches = ports.Where(IsSketch).Select(p => p.Name).ToList();
        return sketches.Count switch
        {
            0 => "",
            1 => $" The sketch of an STM32 board is at {sketches[0]}: choose that port (Tools > Port, or --port {sketches[0]}).",
            _ => $" Sketches of STM32 boards are at {string.Join(" and ", sketches.Take(MostNamed))}: choose one of these ports (Tools > Port, or --port).",
        };
    }

    private static string Text(SerialPortInfo port) => $"{port.Name} ({What(port)})";

    private static bool IsSketch(SerialPortInfo port) => Known(port)?.Program == BoardProgram.Sketch;

    private static KnownDevice? Known(SerialPortInfo port) => port is { VendorId: { } vendor, ProductId: { } product } ? BootloaderCatalogue.Find(new UsbId(vendor, product)) : null;

    private static string What(SerialPortInfo port) => port switch
    {
        _ when SketchPort.OtherDevice(port) is { } other => other,
        _ when Known(port) is { } known => known.Name,
        { VendorId: { } vendor, ProductId: { } product } => $"{new UsbId(vendor, product)}, not a known board",
        _ => "USB ids unknown",
    };
}
