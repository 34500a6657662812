using System.Text;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Personalities;

/// <summary>A board with one of the Maple bootloaders at the beginning of its flash.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Build">Which bootloader.</param>
/// <param name="Part">Its microcontroller.</param>
internal sealed record MapleBoard(string Name, MapleBuild Build, FlashPart Part) : IPersonality
{
    public string DefaultSketch { get; init; } = "libmaple-f1";

    public uint SketchAddress => Build.SketchAddresses[0];

    // An F103C8's 20 KiB.
    public uint StackPointer { get; init; } = 0x2000_5000;

    public IReadOnlyDictionary<string, IPersonality> Variants { get; init; } = new Dictionary<string, IPersonality>();

    public uint SketchIn(FlashMemory flash) => Build.SketchIn(flash) ?? SketchAddress;

    public bool HasUsbRom => Build.ErasesSectors;

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(Part);
        var size = (int)(Build.SketchAddresses.Min() - flash.Base);
        flash.Preload(flash.Base, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("MapleBootloader ", size / 16))));
        return flash;
    }

    public UsbFunction? Boot(IBoardCore board, BootCause cause)
    {
        if (cause == BootCause.Boot0)
        {
            return new F4Rom(board);
        }

        var justUploaded = board.BackupRegister == MapleBuild.JustUploaded;
        board.BackupRegister = 0;
        if (Build.SketchIn(board.Flash) is null)
        {
            return new MapleFunction(board, Build, stays: true);
        }

        var wanted = cause == BootCause.ByHand || (cause == BootCause.Flag && Build.UsesBackupRegister);
        return justUploaded && !wanted ? null : new MapleFunction(board, Build, wanted);
    }
}
