using System.Text;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard;

/// <summary>An STM32F405/407 with a build of F4Bootloader in its first sector.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Build">Which build.</param>
internal sealed record F4BootloaderBoard(string Name, F4Bootloader.Build Build) : IPersonality
{
    public string DefaultSketch => "libmaple-f4";

    public uint SketchAddress => Build.SketchAddress;

    public bool LeavesGhost => Build.LeavesGhost;

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(FlashPart.Stm32F405());
        flash.Preload(flash.Base, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("F4Bootloader!!! ", 0x4000 / 16))));
        return flash;
    }

    // Every reset leads through the bootloader; the flag that a sketch sets (0x424C) means nothing to it.
    public UsbFunction? Boot(IBoardCore board, BootCause cause) =>
        cause == BootCause.Boot0 ? new F4Rom(board) : new F4Bootloader(board, Build);
}

/// <summary>An STM32F405/407 with nothing but the bootloader in its ROM.</summary>
internal sealed class F4RomBoard : IPersonality
{
    public string Name => "f4rom";

    public string DefaultSketch => "stm32generic";

    public uint SketchAddress => 0x0800_0000;

    public bool LeavesGhost => false;

    public FlashMemory CreateFlash() => new(FlashPart.Stm32F405());

    // BOOT0, or a sketch that was told to jump to system memory.
    public UsbFunction? Boot(IBoardCore board, BootCause cause) => cause == BootCause.Reset ? null : new F4Rom(board);
}
