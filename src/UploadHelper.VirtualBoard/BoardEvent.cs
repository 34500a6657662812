namespace UploadHelper.VirtualBoard;

/// <summary>What a line of a board's log is about.</summary>
public enum BoardEventKind
{
    /// <summary>The board came onto the bus, or left it.</summary>
    Bus,

    /// <summary>A control transfer.</summary>
    Request,

    /// <summary>The flash was erased or programmed.</summary>
    Flash,

    /// <summary>The board was reset, a bootloader or a sketch started.</summary>
    Start,

    /// <summary>Something that no host should do.</summary>
    Violation,
}

/// <summary>Something that happened on a board.</summary>
/// <param name="Time">When, on the board's time line.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Text">What happened; ASCII.</param>
public sealed record BoardEvent(TimeSpan Time, BoardEventKind Kind, string Text)
{
    /// <summary>As a line of text.</summary>
    public override string ToString() => $"{Time.TotalSeconds,9:0.000}  {(Kind == BoardEventKind.Violation ? "VIOLATION " : "")}{Text}";
}
