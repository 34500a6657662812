namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>The touch of Arduino's own boards (ArduinoCore-mbed): DTR low at 1200 baud. Nothing that is written resets them.</summary>
public sealed class TouchRule : IResetRule
{
    /// <summary>The line speed of a touch.</summary>
    public const int BaudRate = 1200;

    /// <inheritdoc/>
    public bool Lines(bool dtr, int baudRate) => !dtr && baudRate == BaudRate;

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet) => false;
}
