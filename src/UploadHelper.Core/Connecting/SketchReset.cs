using UploadHelper.Core.Errors;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Sends the magic reset to a running sketch. The cores' rules conflict: Arduino_STM32 F1 wants "1EAF" after a falling
/// edge of DTR, Arduino_STM32 F4 wants it with DTR high and wedges otherwise, STM32GENERIC and Arduino_Core_STM32 want
/// more than three line changes and the magic at the start of the first packet. Two orders satisfy all of them: the one
/// that the port's ids speak for comes first. Arduino's own boards get the touch of 1200 baud.
/// </summary>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock for the pauses.</param>
public sealed class SketchReset(ISerialPorts ports, TimeProvider time)
{
    private const int BaudRate = 9600;
    private const int TouchBaudRate = 1200;

    // Cores sample the lines in their USB interrupt; 50 ms is what maple_loader always gave them.
    private static readonly TimeSpan LinePause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan WriteLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan GoneLimit = TimeSpan.FromMilliseconds(300);

    /// <summary>Resets the sketch behind a port.</summary>
    /// <param name="port">The port's name.</param>
    /// <param name="cancellationToken">Looked at in each pause.</param>
    /// <returns>Null if the order to reset was sent, else what kept it from being sent, for the user.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public UploadWarning? Run(string port, CancellationToken cancellationToken)
    {
        // Only a port that was listed can be seen to go: links of udev's and pseudo terminals open without being listed.
        var info = PortNames.Find(ports.List(), port);
        if (info is not null && SketchPort.WhatElse(info) is { } what)
        {
            return new UploadWarning(
                WarningCode.PortNotTheBoard,
                $"{port} is {what}, not the port of a sketch on the board itself: nothing was sent to it.",
                "Press RESET on the board now. Is the right port chosen?");
        }

        var sent = false;
        try
        {
            var way = SketchPort.WayOf(info);
            if (way == ResetWay.Touch)
            {
                using var line = ports.Open(port, TouchBaudRate);
                sent = true;
                line.SetDtr(false);
                IsGone(port, info is not null, cancellationToken);
            }
            else
            {
                using var line = ports.Open(port, BaudRate);
                SendMagic(line, dtr: way == ResetWay.Magic, ref sent, () => IsGone(port, info is not null, cancellationToken), cancellationToken);
            }

            return null;
        }
        catch (SerialException e) when (sent && e.Fault is (SerialFault.Gone or SerialFault.Io))
        {
            // The board left the bus while the bytes went out: that is the reset.
            return null;
        }
        catch (SerialException e)
        {
            return Warning(port, e);
        }
    }

    // The line stays open until the port is gone: Linux waits 5 s when one is closed while its device resets.
    private void SendMagic(ISerialLine line, bool dtr, ref bool sent, Func<bool> isGone, CancellationToken cancellationToken)
    {
        line.SetRts(false);
        line.SetDtr(false);
        line.SetDtr(true);
        time.Wait(LinePause, cancellationToken);
        line.SetDtr(false);
        line.SetRts(true);
        line.SetDtr(true);
        line.SetDtr(dtr);
        time.Wait(LinePause, cancellationToken);

        sent = true;
        line.Write("1EAF"u8, WriteLimit);
        if (!isGone())
        {
            line.SetDtr(!dtr);
            time.Wait(LinePause, cancellationToken);
            line.Write("1EAF"u8, WriteLimit);
            isGone();
        }
    }

    private bool IsGone(string port, bool listed, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < GoneLimit)
        {
            time.Wait(Waiting.PollInterval, cancellationToken);
            if (listed && !PortNames.IsListed(ports, port))
            {
                return true;
            }
        }

        return false;
    }

    private static UploadWarning Warning(string port, SerialException e) => e.Fault switch
    {
        SerialFault.NotFound => new UploadWarning(
            WarningCode.PortMissing,
            $"There is no serial port {port}: the sketch cannot be reset from here.",
            "Press RESET on the board, or plug it in, now."),
        SerialFault.Busy => new UploadWarning(
            WarningCode.PortBusy,
            $"{port} is in use by another program: the sketch cannot be reset from here.",
            "Close the serial monitor; press RESET on the board now."),
        SerialFault.AccessDenied => new UploadWarning(
            WarningCode.PortDenied,
            $"{port} may not be opened by this user: the sketch cannot be reset from here.",
            "Press RESET on the board now. To mend it for good, add yourself to the group that owns the port (often dialout) and log in again."),
        SerialFault.Timeout => new UploadWarning(
            WarningCode.PortStuck,
            $"The sketch does not read from {port}: it may hang, or was built without the magic reset.",
            "Press RESET on the board now."),
        _ => new UploadWarning(
            WarningCode.PortFailed,
            $"{port} failed: {e.Message}",
            "Press RESET on the board now."),
    };
}
