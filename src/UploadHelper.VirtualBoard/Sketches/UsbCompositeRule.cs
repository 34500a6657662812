namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>
/// USBComposite for the F1 (arpruss/USBComposite_stm32f1, USBCompositeSerial.cpp): a falling edge of DTR arms it, and the very
/// next packet resets if it ends "1EAF"; whatever else it is disarms it. A falling edge at 1200 baud resets by itself.
/// </summary>
public sealed class UsbCompositeRule : IResetRule
{
    private bool _dtr;
    private bool _armed;

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate)
    {
        _armed = _dtr && !dtr;
        _dtr = dtr;
        return _armed && baudRate == TouchRule.BaudRate;
    }

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet)
    {
        var reset = _armed && packet.EndsWith("1EAF"u8);
        _armed = false;
        return reset;
    }
}
