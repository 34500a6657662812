using System.Buffers.Binary;
using System.Text;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Personalities;

/// <summary>A DSO Nano: an STM32F103VB with an M25P64 beside it. The library of its firmware begins at 0x08004000, the application at 0x0800C000.</summary>
internal sealed class DsoNanoBoard : IPersonality
{
    public string Name => "dsonano";

    public string DefaultSketch => SketchKind.None;

    public uint SketchAddress => DsoNano.SketchAddress;

    public uint StackPointer => 0x2000_5000;

    public bool HasUsbRom => false;

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(FlashPart.Stm32F103(128, 1024));
        flash.Preload(flash.Base, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("DSO Nano DFU!!! ", 0x4000 / 16))));
        return flash;
    }

    public FlashMemory CreateSpiFlash() => new(FlashPart.M25P64());

    // A button that is held at power-up leads into DFU mode, and so does a library without a plausible stack (main()).
    public UsbFunction? Boot(IBoardCore board, BootCause cause) =>
        cause == BootCause.ByHand || (BinaryPrimitives.ReadUInt32LittleEndian(board.Flash.Read(SketchAddress, 4)) & 0x2FFF_0000) != 0x2000_0000
            ? new DsoNano(board)
            : null;
}
