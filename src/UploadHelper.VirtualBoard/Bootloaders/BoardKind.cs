using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>One kind of board: its microcontroller, its bootloader, and how it boots.</summary>
public interface IBoardKind
{
    /// <summary>Time from a reset until a bootloader is on the bus, where nothing better is known (INF): 392 ms was measured on a Maple board, the host's enumeration included.</summary>
    static readonly TimeSpan ResetTime = TimeSpan.FromMilliseconds(392);

    /// <summary>Its name in the options of a simulation.</summary>
    string Name { get; }

    /// <summary>The core that its sketches are built with by default.</summary>
    string DefaultSketch { get; }

    /// <summary>Where sketches begin.</summary>
    uint SketchAddress { get; }

    /// <summary>The address of the sketch that starts when nothing requests the bootloader.</summary>
    uint SketchIn(FlashMemory flash) => SketchAddress;

    /// <summary>The initial stack pointer of the sketch on a fresh board: the end of its RAM.</summary>
    uint StackPointer => 0x2002_0000;

    /// <summary>Whether the ROM that BOOT0 starts has USB; the STM32F103's has none (AN2606).</summary>
    bool HasUsbRom => true;

    /// <summary>The bootloader at the USART of its ROM; null if that is not modelled.</summary>
    UartRomChip? Uart => null;

    /// <summary>Whether the bootloader comes onto the bus; if not, it waits at another interface, until the next reset.</summary>
    bool RomStartsUsb => true;

    /// <summary>How the bootloader stays on the bus, without answering, when it starts a sketch without USB; null if it leaves the bus.</summary>
    GhostKind? Ghost => null;

    /// <summary>Whether the host does not notice a reset by software until the next program drives D+ low: the pull-up is fixed, and the bootloader starts a sketch before it touches the pin.</summary>
    bool StaysThroughReset => false;

    /// <summary>Variants of this kind, by the option that selects each, "KEY=VALUE".</summary>
    IReadOnlyDictionary<string, IBoardKind> Variants => new Dictionary<string, IBoardKind>();

    /// <summary>Its flash, with the bootloader in it.</summary>
    FlashMemory CreateFlash();

    /// <summary>The flash chip on the board's SPI, or null.</summary>
    FlashMemory? CreateSpiFlash() => null;

    /// <summary>Writes a sketch into the flash, as the bootloader would.</summary>
    void Install(FlashMemory flash, byte[] sketch) => flash.Preload(SketchAddress, sketch);

    /// <summary>Reads the sketch at an address, as the bootloader starts it.</summary>
    SketchInFlash ReadSketch(FlashMemory flash, uint address) => SketchInFlash.Read(flash, address);

    /// <summary>Time from a reset until <see cref="Boot"/> has its result.</summary>
    /// <param name="flash">What is in flash.</param>
    /// <param name="cause">What the microcontroller finds.</param>
    TimeSpan BootTime(FlashMemory flash, BootCause cause) => ResetTime;

    /// <summary>Time from the start of a sketch until its serial port is on the bus.</summary>
    TimeSpan SketchTime => ResetTime;

    /// <summary>What the microcontroller does after a reset.</summary>
    /// <param name="board">The board.</param>
    /// <param name="cause">What it finds.</param>
    /// <returns>The bootloader, or null if the sketch runs at once.</returns>
    UsbFunction? Boot(IMicrocontroller board, BootCause cause);
}
