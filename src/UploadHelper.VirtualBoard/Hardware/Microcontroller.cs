namespace UploadHelper.VirtualBoard.Hardware;

/// <summary>What the firmware on a board, a bootloader or a sketch, can do with its microcontroller.</summary>
public interface IMicrocontroller
{
    /// <summary>The board's time.</summary>
    TimeSpan Now { get; }

    /// <summary>The internal flash.</summary>
    FlashMemory Flash { get; }

    /// <summary>The flash chip on the board's SPI, or null.</summary>
    FlashMemory? SpiFlash { get; }

    /// <summary>A backup register (DR10 of an F1): survives a reset, and is cleared when the power is gone.</summary>
    ushort BackupRegister { get; set; }

    /// <summary>Writes a line to the log.</summary>
    void Log(BoardEventKind kind, string text);

    /// <summary>Resets the microcontroller: it leaves the bus and boots again.</summary>
    /// <param name="why">For the log.</param>
    /// <param name="cause">What it finds when it boots.</param>
    void Reset(string why, BootCause cause);

    /// <summary>The processor hangs: the device stays on the bus and does not answer until the next reset.</summary>
    /// <param name="why">For the log.</param>
    void Hang(string why);

    /// <summary>The processor hangs, and the device leaves the bus: nothing happens until the next reset.</summary>
    /// <param name="why">For the log.</param>
    void Vanish(string why);

    /// <summary>Starts the program at an address, as a bootloader does.</summary>
    /// <param name="address">Address of its vector table.</param>
    void StartSketch(uint address);
}

/// <summary>What a microcontroller finds when it comes out of a reset.</summary>
public enum BootCause
{
    /// <summary>Power came up.</summary>
    Power,

    /// <summary>The RESET button.</summary>
    ResetButton,

    /// <summary>A reset by software that leaves no flag.</summary>
    Software,

    /// <summary>A reset by software; a flag in a backup register asks for the bootloader (0x424C, Arduino_STM32).</summary>
    Flag,

    /// <summary>Someone starts this board's bootloader by hand: holds its button, or presses RESET.</summary>
    ByHand,

    /// <summary>The BOOT0 pin is high: the bootloader in ROM starts, whatever is in flash (AN2606).</summary>
    Boot0,
}

/// <summary>What a line of a board's log is about.</summary>
public enum BoardEventKind
{
    /// <summary>The board appeared on the bus, or left it.</summary>
    Bus,

    /// <summary>A control transfer.</summary>
    Request,

    /// <summary>The flash was erased or programmed.</summary>
    Flash,

    /// <summary>The board was reset, or a bootloader or a sketch started.</summary>
    Start,

    /// <summary>Something that no host should do.</summary>
    Violation,
}

/// <summary>Something that happened on a board.</summary>
/// <param name="Time">When, in the board's time.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Text">What happened; ASCII.</param>
public sealed record BoardEvent(TimeSpan Time, BoardEventKind Kind, string Text)
{
    /// <summary>As a line of text.</summary>
    public override string ToString() => $"{Time.TotalSeconds,9:0.000}  {(Kind == BoardEventKind.Violation ? "VIOLATION " : "")}{Text}";
}
