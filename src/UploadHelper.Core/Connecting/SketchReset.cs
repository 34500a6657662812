using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Sends the magic reset to a running sketch. The cores' rules conflict: Arduino_STM32 F1 expects "1EAF" after a falling
/// edge of DTR, Arduino_STM32 F4 expects it with DTR high and hangs otherwise, STM32GENERIC and Arduino_Core_STM32 expect
/// more than three line changes and the magic at the start of the first packet. Two sequences satisfy all of them; the
/// port's ids decide between them. Arduino's own boards get the 1200-baud touch.
/// </summary>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock for the pauses.</param>
public sealed class SketchReset(ISerialPorts ports, TimeProvider time)
{
    private const int BaudRate = 9600;
    private const int TouchBaudRate = 1200;

    // Cores sample the lines in their USB interrupt; 50 ms is what maple_loader has always used.
    private static readonly TimeSpan LinePause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan WriteLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GoneLimit = TimeSpan.FromMilliseconds(300);

    /// <summary>Resets the sketch behind a port.</summary>
    /// <param name="port">The port's name.</param>
    /// <param name="cancellationToken">Checked in each pause.</param>
    /// <returns>Null if the reset was sent; otherwise a warning with the reason.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public UploadWarning? Run(string port, CancellationToken cancellationToken)
    {
        // Only a listed port can be seen to disappear: udev's links and pseudo terminals open without being listed.
        var listed = ports.List();
        var info = PortNames.Find(listed, port);
        if (info is not null && SketchPort.OtherDevice(info) is { } what)
        {
            return new UploadWarning(
                WarningCode.PortNotTheBoard,
                $"{port} is {what}, not the USB port of a sketch. Nothing was sent to it. {PortChoice.Sentence(listed, port)}",
                $"Press RESET on the board now, and check that the right port is selected.{PortChoice.Advice(listed)}");
        }

        var sent = false;
        try
        {
            var way = SketchPort.ResetWayOf(info);
            if (way == ResetWay.Touch)
            {
                using var line = ports.Open(port, TouchBaudRate);
                sent = true;
                line.SetDtr(false);
                WaitUntilGone(port, info is not null, cancellationToken);
            }
            else
            {
                using var line = ports.Open(port, BaudRate);
                SendMagic(line, way, ref sent, () => WaitUntilGone(port, info is not null, cancellationToken), cancellationToken);
            }

            return null;
        }
        catch (SerialException e) when (sent && e.Fault is (SerialFault.Gone or SerialFault.Io))
        {
            // The board disconnected while the bytes were being sent: that is the reset.
            return null;
        }
        catch (SerialException e)
        {
            return Warning(port, e, listed);
        }
    }

    // Keep the line open until the port disappears: Linux waits 5 s if it is closed while its device resets.
    private void SendMagic(ISerialLine line, ResetWay way, ref bool sent, Func<bool> waitUntilGone, CancellationToken cancellationToken)
    {
        line.SetRts(false);
        line.SetDtr(false);
        line.SetDtr(true);
        time.Wait(LinePause, cancellationToken);
        line.SetDtr(false);
        line.SetRts(true);
        line.SetDtr(true);
        line.SetDtr(way == ResetWay.Magic);
        time.Wait(LinePause, cancellationToken);

        sent = true;
        line.Write("1EAF"u8, WriteLimit);

        // Arduino_STM32 for the F1 before February 2021 ignores a second magic while the first is unread, and crashes on a third
        // (usb_cdcacm_peek_ex). Such a sketch has obeyed the first, or had unread bytes already.
        if (!waitUntilGone() && way == ResetWay.Magic)
        {
            line.SetDtr(false);
            time.Wait(LinePause, cancellationToken);
            line.Write("1EAF"u8, WriteLimit);
            waitUntilGone();
        }
    }

    private bool WaitUntilGone(string port, bool isListed, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < GoneLimit)
        {
            time.Wait(Waiting.PollInterval, cancellationToken);
            if (isListed && !PortNames.IsListed(ports, port))
            {
                return true;
            }
        }

        return false;
    }

    private static UploadWarning Warning(string port, SerialException e, IReadOnlyList<SerialPortInfo> listed) => e.Fault switch
    {
        SerialFault.NotFound => new UploadWarning(
            WarningCode.PortMissing,
            $"Serial port {port} not found, so the sketch cannot be reset automatically. {PortChoice.Sentence(listed, port)}",
            $"Press RESET on the board now, or plug it in.{PortChoice.Advice(listed)}"),
        SerialFault.Busy => new UploadWarning(
            WarningCode.PortBusy,
            $"Another program is using {port}, so the sketch cannot be reset automatically.",
            "Press RESET on the board now. Before the next upload, close the serial monitor."),
        SerialFault.AccessDenied => new UploadWarning(
            WarningCode.PortDenied,
            $"This user does not have permission to open {port}, so the sketch cannot be reset automatically.",
            "Press RESET on the board now. To fix this, add yourself to the group that owns the port (often dialout) and log in again."),
        SerialFault.Timeout => new UploadWarning(
            WarningCode.PortStuck,
            $"The sketch does not read from {port}. It may have crashed, or it was built without the magic reset.",
            "Press RESET on the board now."),
        _ => new UploadWarning(
            WarningCode.PortFailed,
            $"{port} failed: {e.Message}",
            "Press RESET on the board now."),
    };
}

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
