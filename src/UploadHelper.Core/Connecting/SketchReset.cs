using UploadHelper.Core.Errors;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Resets a running sketch through its serial port. The cores' rules conflict: Arduino_STM32 F1 expects "1EAF" after a falling
/// edge of DTR, Arduino_STM32 F4 expects it with DTR high and hangs otherwise, STM32GENERIC and Arduino_Core_STM32 expect
/// more than three line changes and the magic at the start of the first packet; a core with pull request 3063 expects the 1200-baud
/// touch. The port's ids decide what is sent, and in which order (<see cref="SketchPort.WaysOf"/>): the touch comes after a magic that
/// has not helped. Arduino's own boards get the touch alone.
/// </summary>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock for the pauses.</param>
/// <param name="events">Receives each way that is tried, and the one that has worked.</param>
public sealed class SketchReset(ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    private const int BaudRate = 9600;
    private const int TouchBaudRate = 1200;

    // Cores look at the lines in their USB interrupt, at each request. Where a driver may still hold one back, 50 ms is what
    // maple_loader has always waited.
    private static readonly TimeSpan LinePause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan WriteLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GoneLimit = TimeSpan.FromMilliseconds(300);

    // For the last that is tried: cores that count on a touch reset up to 250 ms later (ArduinoCore-samd), and then a sketch is said to stay.
    private static readonly TimeSpan LastGoneLimit = TimeSpan.FromSeconds(1);

    /// <summary>Resets the sketch behind a port.</summary>
    /// <param name="port">The port's name.</param>
    /// <param name="cancellationToken">Checked in each pause.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ResetOutcome Run(string port, CancellationToken cancellationToken)
    {
        // Only a listed port can be seen to disappear: udev's links and pseudo terminals open without being listed.
        var listed = ports.List();
        var info = PortNames.Find(listed, port);
        if (info is not null && SketchPort.OtherDevice(info) is { } what)
        {
            return new ResetOutcome(null, new UploadWarning(
                WarningCode.PortNotTheBoard,
                $"{port} is {what}, not the USB port of an STM32 sketch. Nothing was sent to it. {PortChoice.Sentence(listed, port)}",
                $"Press RESET on the board now, and check that the right port is selected.{PortChoice.Advice(listed)}"));
        }

        var attempt = new Attempt(ports, time, port, SketchPort.WaysOf(info), info is not null, cancellationToken);
        try
        {
            if (attempt.Run(events) is { } way)
            {
                events(new SketchWasReset(port, way));
                return new ResetOutcome(way, null);
            }

            return new ResetOutcome(null, attempt.Failure is { } e ? Warning(port, e, listed) : info is null ? null : Stays(port, attempt));
        }
        catch (SerialException e)
        {
            return new ResetOutcome(null, Warning(port, e, listed));
        }
    }

    private static UploadWarning Stays(string port, Attempt attempt) => new(
        WarningCode.PortStillThere,
        $"{port} is still there after {attempt.Tried}: its sketch has no way into a bootloader, or it hangs.",
        "Press RESET on the board now.");

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

    /// <summary>One port, opened once: it tries one way after the other, until the port disappears.</summary>
    private sealed class Attempt(
        ISerialPorts ports, TimeProvider time, string port, IReadOnlyList<ResetWay> ways, bool isListed, CancellationToken cancellationToken)
    {
        private ResetWay? _sent;

        /// <summary>Why the magic could not be sent before the touch; null if it was.</summary>
        public SerialException? Failure { get; private set; }

        /// <summary>What was tried, in words.</summary>
        public string Tried => string.Join(" and ", ways.Select(SketchPort.Text));

        /// <summary>Tries.</summary>
        /// <returns>The way after which the port has disappeared, or null if it is still there, or is not listed.</returns>
        /// <exception cref="SerialException">The port cannot be opened, or nothing could be sent.</exception>
        public ResetWay? Run(Action<UploadEvent> events)
        {
            events(new ResettingSketch(port, ways[0]));
            try
            {
                // The line stays open until the port disappears: Linux waits 5 s if it is closed while its device resets.
                using var line = ports.Open(port, ways[0] == ResetWay.Touch ? TouchBaudRate : BaudRate);
                foreach (var way in ways)
                {
                    if (way != ways[0])
                    {
                        events(new ResettingSketch(port, way));
                    }

                    if (Send(line, way))
                    {
                        return way;
                    }
                }

                if (ways.Contains(ResetWay.Touch))
                {
                    line.SetBaudRate(BaudRate);
                }

                return null;
            }
            catch (SerialException e) when (_sent is not null && e.Fault is SerialFault.Gone or SerialFault.Io)
            {
                // The board disconnected while something was being sent: that is the reset.
                return _sent;
            }
        }

        private bool Send(ISerialLine line, ResetWay way)
        {
            try
            {
                return way == ResetWay.Touch ? SendTouch(line) : SendMagic(line, way);
            }
            catch (SerialException e) when (e.Fault == SerialFault.Timeout && way != ways[^1])
            {
                // A sketch that takes no data may still see its lines change.
                Failure = e;
                return false;
            }
        }

        private bool SendTouch(ISerialLine line)
        {
            if (ways[0] != ResetWay.Touch)
            {
                line.SetDtr(true);
                line.SetBaudRate(TouchBaudRate);
            }

            _sent = ResetWay.Touch;
            line.SetDtr(false);
            return IsGone(isLastWay: true);
        }

        private bool SendMagic(ISerialLine line, ResetWay way)
        {
            line.SetRts(false);
            line.SetDtr(false);
            line.SetDtr(true);
            WaitForLines(line);
            line.SetDtr(false);
            line.SetRts(true);
            line.SetDtr(true);
            line.SetDtr(way == ResetWay.Magic);
            WaitForLines(line);

            _sent = way;
            line.Write("1EAF"u8, WriteLimit);
            var isLast = way == ways[^1];
            if (way == ResetWay.MapleMagic)
            {
                // Arduino_STM32 for the F1 before February 2021 ignores a second magic while the first is unread, and crashes on a
                // third (usb_cdcacm_peek_ex). Such a sketch has obeyed the first, or had unread bytes already.
                return IsGone(isLast);
            }

            if (IsGone(isLastWay: false))
            {
                return true;
            }

            line.SetDtr(false);
            WaitForLines(line);
            line.Write("1EAF"u8, WriteLimit);
            return IsGone(isLast);
        }

        private void WaitForLines(ISerialLine line)
        {
            if (!line.IsAcknowledged)
            {
                time.Wait(LinePause, cancellationToken);
            }
        }

        private bool IsGone(bool isLastWay)
        {
            var start = time.GetTimestamp();
            var limit = isLastWay && isListed ? LastGoneLimit : GoneLimit;
            for (var isLast = false; !isLast;)
            {
                time.Wait(Waiting.PollInterval, cancellationToken);
                isLast = time.GetElapsedTime(start) >= limit;
                if (isListed && !PortNames.IsListed(ports, port))
                {
                    return true;
                }
            }

            return false;
        }
    }
}

/// <summary>How the reset of a sketch ended.</summary>
/// <param name="Way">What the sketch obeyed: the port disappeared after it. Null if it did not, or if the port is not listed.</param>
/// <param name="Warning">Why the sketch was not reset; null if it was, or if that cannot be seen.</param>
public sealed record ResetOutcome(ResetWay? Way, UploadWarning? Warning);

/// <summary>A sketch is being reset.</summary>
/// <param name="Port">Its serial port.</param>
/// <param name="Way">What is sent; a second event follows if it does not help and there is another way.</param>
public sealed record ResettingSketch(string Port, ResetWay Way) : UploadEvent;

/// <summary>The sketch's port has disappeared.</summary>
/// <param name="Port">The port.</param>
/// <param name="Way">What was sent last.</param>
public sealed record SketchWasReset(string Port, ResetWay Way) : UploadEvent;
