using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard;

/// <summary>One kind of board: its microcontroller, its bootloader, and how it boots.</summary>
public interface IPersonality
{
    /// <summary>From a reset to the next enumeration; 392 ms were measured on a Maple board (INF for others).</summary>
    static readonly TimeSpan ResetTime = TimeSpan.FromMilliseconds(392);

    /// <summary>Its name in the options of a simulation.</summary>
    string Name { get; }

    /// <summary>The core that its sketches are built with if nothing else is said.</summary>
    string DefaultSketch { get; }

    /// <summary>Where sketches begin.</summary>
    uint SketchAddress { get; }

    /// <summary>The address of the sketch that a boot without anybody's wish starts.</summary>
    uint SketchIn(FlashMemory flash) => SketchAddress;

    /// <summary>The initial stack pointer of the sketch on a fresh board: the end of its RAM.</summary>
    uint StackPointer => 0x2002_0000;

    /// <summary>Whether the ROM that BOOT0 starts has USB; the STM32F103's has not (AN2606).</summary>
    bool HasUsbRom => true;

    /// <summary>Whether the bootloader stays on the bus, silent, when it starts a sketch that has no USB of its own.</summary>
    bool LeavesGhost => false;

    /// <summary>Boards that differ from it in one thing, by the option of a simulation that asks for each, "KEY=VALUE".</summary>
    IReadOnlyDictionary<string, IPersonality> Variants => new Dictionary<string, IPersonality>();

    /// <summary>Its flash, with the bootloader in it.</summary>
    FlashMemory CreateFlash();

    /// <summary>The flash chip beside the microcontroller, or null.</summary>
    FlashMemory? CreateSpiFlash() => null;

    /// <summary>Puts a sketch into the flash, as the bootloader would.</summary>
    void Install(FlashMemory flash, byte[] sketch) => flash.Preload(SketchAddress, sketch);

    /// <summary>What the sketch at an address looks like to the bootloader.</summary>
    SketchInFlash ReadSketch(FlashMemory flash, uint address) => SketchInFlash.Read(flash, address);

    /// <summary>How long after a reset <see cref="Boot"/> has its result.</summary>
    /// <param name="flash">What is in flash.</param>
    /// <param name="cause">What the microcontroller finds.</param>
    TimeSpan BootTime(FlashMemory flash, BootCause cause) => ResetTime;

    /// <summary>What the microcontroller does after a reset.</summary>
    /// <param name="board">The board.</param>
    /// <param name="cause">What it finds.</param>
    /// <returns>The bootloader, or null if the sketch runs at once.</returns>
    UsbFunction? Boot(IBoardCore board, BootCause cause);
}
