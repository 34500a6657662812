namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>When a sketch takes what comes over its serial port as the order to reset.</summary>
public interface IResetRule
{
    /// <summary>Whether the sketch has stopped taking packets for good.</summary>
    bool IsWedged => false;

    /// <summary>A SET_CONTROL_LINE_STATE.</summary>
    /// <param name="dtr">Whether DTR is high.</param>
    /// <param name="baudRate">The line speed that was set last.</param>
    /// <returns>Whether the sketch resets.</returns>
    bool Lines(bool dtr, int baudRate);

    /// <summary>A packet on the bulk OUT endpoint.</summary>
    /// <returns>Whether the sketch resets.</returns>
    bool Packet(ReadOnlySpan<byte> packet);
}
