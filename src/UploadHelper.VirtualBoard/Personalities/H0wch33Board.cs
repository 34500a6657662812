using System.Buffers.Binary;
using System.Text;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Personalities;

/// <summary>An STM32F103C8 ("Blue Pill", 64 KiB) with h0wch33/stm32f1_dfu at the end of its flash.</summary>
internal sealed class H0wch33Board : IPersonality
{
    private const uint RamBase = 0x2000_0000;
    private const uint LargestRam = 96 * 1024;
    private const uint OwnStack = 0x2000_5000;

    public string Name => "h0wch33";

    public string DefaultSketch => "libmaple-f1";

    public uint SketchAddress => 0x0800_0000;

    public uint StackPointer => OwnStack;

    public bool HasUsbRom => false;

    // Its code at the end, its first seven vectors at the beginning; the rest of the first page is erased (move_it()).
    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(FlashPart.Stm32F103(64, 1024));
        flash.Preload(H0wch33.OwnPages, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("h0wch33 f1 dfu! ", 14 * 1024 / 16))));
        uint[] vectors = [OwnStack, 0x0800_F881, 0x0800_F5FF, 0x0800_F5F9, 0x0800_F5F9, 0x0800_F5F9, 0x0800_F5F9];
        for (var i = 0; i < vectors.Length; i++)
        {
            flash.Preload(flash.Base + (uint)i * 4, BitConverter.GetBytes(vectors[i]));
        }

        return flash;
    }

    public void Install(FlashMemory flash, byte[] sketch)
    {
        flash.Preload(SketchAddress + 8, sketch.AsSpan(8));
        flash.Preload(SketchAddress + H0wch33.SketchVectors, sketch.AsSpan(0, 8));
    }

    public SketchInFlash ReadSketch(FlashMemory flash, uint address) => SketchInFlash.Read(flash, address, H0wch33.SketchVectors);

    // The button leads into DFU mode; power and any reset by software start the sketch, whatever flag it leaves (main()).
    // Without its own vectors the processor faults.
    public UsbFunction? Boot(IBoardCore board, BootCause cause) =>
        !board.Flash.IsErased(SketchAddress, 8) && (cause is BootCause.ResetButton or BootCause.ByHand || !HasSketch(board.Flash)) ? new H0wch33(board) : null;

    private bool HasSketch(FlashMemory flash)
    {
        var vectors = flash.Read(SketchAddress + H0wch33.SketchVectors, 8);
        var stack = BinaryPrimitives.ReadUInt32LittleEndian(vectors);
        var reset = BinaryPrimitives.ReadUInt32LittleEndian(vectors[4..]);
        return reset >= flash.Base && reset < OwnStack && stack >= RamBase && stack <= RamBase + LargestRam;
    }
}
