using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Personalities;

/// <summary>An STM32F405/407 with nothing but the bootloader in its ROM.</summary>
internal sealed class F4RomBoard : IPersonality
{
    public string Name => "f4rom";

    public string DefaultSketch => "stm32generic";

    public uint SketchAddress => 0x0800_0000;

    public FlashMemory CreateFlash() => new(FlashPart.Stm32F405());

    // BOOT0, or a sketch that jumps to system memory when it gets the magic.
    public UsbFunction? Boot(IBoardCore board, BootCause cause) =>
        cause is BootCause.Power or BootCause.ResetButton ? null : new F4Rom(board);
}
