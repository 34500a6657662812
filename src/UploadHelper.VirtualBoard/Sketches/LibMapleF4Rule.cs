namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>
/// Arduino_STM32 F4 (usb.c, rogerclarkmelbourne/Arduino_STM32): resets on a packet of at least four bytes that begins
/// "1EAF" while DTR is high; a packet that comes with DTR low is never taken out of the endpoint.
/// </summary>
public sealed class LibMapleF4Rule : IResetRule
{
    private bool _dtr;

    /// <inheritdoc/>
    public bool IsWedged { get; private set; }

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        _dtr = dtr;
        return false;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet)
    {
        IsWedged = !_dtr;
        return _dtr && packet.StartsWith("1EAF"u8);
    }
}
