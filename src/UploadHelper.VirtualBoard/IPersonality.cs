using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard;

/// <summary>One kind of board: its microcontroller, its bootloader, and how it boots.</summary>
public interface IPersonality
{
    /// <summary>Its name in the options of a simulation.</summary>
    string Name { get; }

    /// <summary>The core that its sketches are built with if nothing else is said.</summary>
    string DefaultSketch { get; }

    /// <summary>Where sketches begin.</summary>
    uint SketchAddress { get; }

    /// <summary>Whether the bootloader stays on the bus, silent, when it starts a sketch that has no USB of its own.</summary>
    bool LeavesGhost { get; }

    /// <summary>Its flash, with the bootloader in it.</summary>
    FlashMemory CreateFlash();

    /// <summary>What the microcontroller does after a reset.</summary>
    /// <param name="board">The board.</param>
    /// <param name="cause">What it finds.</param>
    /// <returns>The bootloader, or null if the sketch runs at once.</returns>
    UsbFunction? Boot(IBoardCore board, BootCause cause);
}
