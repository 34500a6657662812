using System.Text;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Usb.Tracing;

/// <summary>What was recorded on a bus or on serial ports, whatever wrote it: what happened, in the order in which it ended.</summary>
/// <param name="Format">What kind of file it is, for people: "trace of upload-helper".</param>
/// <param name="Events">What happened; at least one thing.</param>
public sealed record Recording(string Format, IReadOnlyList<TraceEvent> Events)
{
    /// <summary>The largest file that is read, in bytes. What is made of it in memory is a small multiple of that.</summary>
    public const int LargestSize = 64 << 20;

    /// <summary>What is missing or was not understood, in sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>
    /// Reads a recording; its format is recognised by its content: what <c>--trace</c> writes, a capture of USB in a pcap or pcapng file,
    /// or a device emulation of fwupd. One that ends too early is read as far as it goes.
    /// </summary>
    /// <param name="content">All bytes of the file.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it is something else, or nothing in it can be read.</exception>
    public static Recording Read(ReadOnlyMemory<byte> content)
    {
        var start = content.Span.TrimStart("\uFEFF \t\r\n"u8);
        var recording = UsbCapture.Begins(content.Span) ? UsbCapture.Read(content)
            : TraceLines.Begins(start) ? TraceLines.Read(content)
            : DeviceEmulation.Begins(start) ? DeviceEmulation.Read(content)
            : throw Unreadable($"The file is {Name(start)}, not a recording.");
        return recording.Events.Count > 0
            ? InOrder(recording)
            : throw Unreadable($"The file is a {recording.Format}, but nothing in it can be shown. {string.Join(' ', recording.Warnings)}".TrimEnd());
    }

    /// <summary>The recording as <c>--trace</c> writes it.</summary>
    public string ToTrace()
    {
        var text = new StringBuilder();
        foreach (var line in Events)
        {
            text.Append(TraceLines.Text(line)).Append('\n');
        }

        return text.ToString();
    }

    // The clock of a capture is that of the machine, which can be set back, and a file can be anybody's.
    private static Recording InOrder(Recording recording)
    {
        var (events, last, isSetBack) = (new List<TraceEvent>(recording.Events.Count), TimeSpan.Zero, false);
        foreach (var e in recording.Events)
        {
            isSetBack |= e.At < last;
            last = e.At > last ? e.At.Value : last;
            events.Add(e.At is null ? e : e with { At = last, Took = e.Took < last ? e.Took : last });
        }

        return recording with { Events = events, Warnings = isSetBack ? [.. recording.Warnings, "Its clock was set back during the recording: some times are too short."] : recording.Warnings };
    }

    /// <summary>The failure to read a recording.</summary>
    /// <param name="message">What is wrong with it, in sentences.</param>
    internal static UploadException Unreadable(string message) => new(
        UploadError.Configuration,
        message,
        "Expected: a file that --trace FILE wrote, a USB capture (.pcap or .pcapng from usbmon, or from USBPcap on Windows), or a device emulation of fwupd (.json).");

    // What people give by mistake.
    private static string Name(ReadOnlySpan<byte> start) => start switch
    {
        [] => "empty",
        [(byte)'P', (byte)'K', ..] => "an archive (zip): unpack it (unzip FILE) and give setup.json, install.json or another file in it",
        [0x1F, 0x8B, ..] => "compressed: unpack it first (gzip -d FILE)",
        [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] => "an ELF file",
        [(byte)'{' or (byte)'[', ..] => "other JSON",
        [(byte)'<', ..] => "HTML or XML",
        _ when start[..Math.Min(start.Length, 64)].IndexOfAnyExceptInRange((byte)'\t', (byte)'~') < 0 => "other text",
        _ => "something else",
    };
}

/// <summary>One thing that was recorded.</summary>
/// <param name="Operation">What kind of thing.</param>
public sealed record TraceEvent(TraceOperation Operation)
{
    /// <summary>When it ended, since the recording began; null if the recording has no times.</summary>
    public TimeSpan? At { get; init; }

    /// <summary>How long it took; zero if that was not recorded.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>The number of the device; in a capture, that of the bus times 256 plus that of the device.</summary>
    public int Device { get; init; }

    /// <summary>The request of a control transfer.</summary>
    public UsbSetup Setup { get; init; }

    /// <summary>The bytes that were sent or received.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The number of an interface, an alternate setting or an endpoint.</summary>
    public int Argument { get; init; }

    /// <summary>The name of a serial port; of a request, the command; of an outcome, the code of the error, or "".</summary>
    public string Name { get; init; } = "";

    /// <summary>
    /// What was set on a serial port ("115200 8E1", "-dtr"); of an opened device "reset" if it cannot be reset; of an event that is not understood,
    /// what is known of it.
    /// </summary>
    public string Text { get; init; } = "";

    /// <summary>How it failed: the name of a <see cref="UsbFault"/> or of a fault of a serial port; null if it did not.</summary>
    public string? Fault { get; init; }

    /// <summary>The devices on the bus.</summary>
    public IReadOnlyList<UsbDeviceInfo> Devices { get; init; } = [];

    /// <summary>The serial ports.</summary>
    public IReadOnlyList<TracedPort> Ports { get; init; } = [];

    /// <summary>Of a request, the settings by their names.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Of a file, what it was.</summary>
    public TracedFile? File { get; init; }

    /// <summary>When it began, since the recording began; null if the recording has no times.</summary>
    public TimeSpan? Began => At - Took;
}

/// <summary>A serial port in a list of ports.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">The ids of the USB device behind it, or null.</param>
/// <param name="SerialNumber">The serial number of that device, or null.</param>
/// <param name="Path">The USB path of that device, or null.</param>
/// <param name="Product">The name that it gives itself, or null.</param>
public sealed record TracedPort(string Name, UsbId? Id, string? SerialNumber, string? Path, string? Product);

/// <summary>The file that was uploaded.</summary>
/// <param name="Name">Its name, without a folder.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Segments">What of it belongs on the board.</param>
/// <param name="Port">The serial port of the sketch, or null.</param>
/// <param name="WaitPort">Whether to wait for the port afterwards: a value of <c>--wait-port</c>.</param>
public sealed record TracedFile(string Name, int Size, IReadOnlyList<TracedSegment> Segments, string? Port, string WaitPort);

/// <summary>Consecutive bytes of a file.</summary>
/// <param name="Address">Where they belong; null if the file does not say it, and the bytes are those of the whole file.</param>
/// <param name="Data">The bytes.</param>
public sealed record TracedSegment(uint? Address, ReadOnlyMemory<byte> Data);
