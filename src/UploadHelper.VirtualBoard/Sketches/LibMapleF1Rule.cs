namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>
/// Arduino_STM32 F1 (usb_serial.cpp, rogerclarkmelbourne/Arduino_STM32): a falling edge of DTR arms it, and the next
/// data of at least four bytes resets if its last four are "1EAF", and disarms it if not; DTR high, or low once more,
/// disarms it too. The sketch is one that reads its port all the time.
/// </summary>
public sealed class LibMapleF1Rule : IResetRule
{
    private bool _dtr;
    private bool _armed;

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        _armed = _dtr && !dtr;
        _dtr = dtr;
        return false;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 4)
        {
            return false;
        }

        var reset = _armed && packet.EndsWith("1EAF"u8);
        _armed = false;
        return reset;
    }
}
