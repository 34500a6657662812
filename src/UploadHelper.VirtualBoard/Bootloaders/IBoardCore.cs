using UploadHelper.VirtualBoard.Flash;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>What a bootloader or sketch can do with the board it runs on.</summary>
public interface IBoardCore
{
    /// <summary>The board's time.</summary>
    TimeSpan Now { get; }

    /// <summary>The board's flash.</summary>
    FlashMemory Flash { get; }

    /// <summary>The flash chip beside the microcontroller, or null.</summary>
    FlashMemory? SpiFlash { get; }

    /// <summary>A backup register (DR10 of an F1): survives a reset, and is cleared when the power is gone.</summary>
    ushort BackupRegister { get; set; }

    /// <summary>Writes a line to the log.</summary>
    void Log(BoardEventKind kind, string text);

    /// <summary>Resets the microcontroller: it leaves the bus and boots again.</summary>
    /// <param name="why">For the log.</param>
    /// <param name="cause">What it will find when it boots.</param>
    void Reset(string why, BootCause cause);

    /// <summary>The processor hangs: what is on the bus stays there and answers nothing until the next reset.</summary>
    /// <param name="why">For the log.</param>
    void Hang(string why);

    /// <summary>The processor hangs, and what was on the bus leaves it: nothing happens until the next reset.</summary>
    /// <param name="why">For the log.</param>
    void Vanish(string why);

    /// <summary>Starts the program at an address, as a bootloader does.</summary>
    /// <param name="address">Address of its vector table.</param>
    void StartSketch(uint address);
}
