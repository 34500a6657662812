namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>
/// STM32GENERIC (danieleff/STM32GENERIC): resets on a packet that begins "1EAF" after more than three
/// SET_CONTROL_LINE_STATE requests.
/// </summary>
public sealed class Stm32GenericRule : IResetRule
{
    private int _changes;

    /// <inheritdoc/>
    public bool IsWedged => false;

    /// <inheritdoc/>
    public void Lines(bool dtr) => _changes++;

    /// <inheritdoc/>
    public bool Packet(ReadOnlySpan<byte> packet) => _changes > 3 && packet.StartsWith("1EAF"u8);
}
