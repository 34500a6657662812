namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>
/// STM32GENERIC (danieleff/STM32GENERIC usbd_cdc_if.c) and Arduino_Core_STM32 with the Maple bootloader (usbd_cdc_if.c,
/// bootloader.c): resets on a packet that begins "1EAF" after more than three SET_CONTROL_LINE_STATE requests, counted in
/// a byte. Another packet sets the count back.
/// </summary>
/// <param name="smallest">How long a packet must be to be looked at, and to set the count back: 4 bytes in STM32GENERIC, 1 in the other.</param>
public sealed class LineCountRule(int smallest) : IResetRule
{
    private byte _changes;

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        _changes++;
        return false;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet)
    {
        if (_changes <= 3 || packet.Length < smallest)
        {
            return false;
        }

        _changes = 0;
        return packet.StartsWith("1EAF"u8);
    }
}
