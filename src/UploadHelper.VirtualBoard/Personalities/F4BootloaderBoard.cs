using System.Text;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Personalities;

/// <summary>An STM32F405/407 with a build of F4Bootloader in its first sector.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Build">Which build.</param>
internal sealed record F4BootloaderBoard(string Name, F4Bootloader.Build Build) : IPersonality
{
    // main.c of 54c6ba5: 50 ms, and a blink of 1 s before the flag is read, one of 1 s before the sketch is looked at, one
    // of 210 ms before it starts; five of 200 ms before USB comes up.
    private static readonly TimeSpan OldFlagRead = TimeSpan.FromMilliseconds(1050);
    private static readonly TimeSpan OldSketchRead = TimeSpan.FromMilliseconds(1000);
    private static readonly TimeSpan OldSketchStarts = TimeSpan.FromMilliseconds(210);
    private static readonly TimeSpan OldUsb = TimeSpan.FromMilliseconds(1000);

    public string DefaultSketch => "libmaple-f4";

    public uint SketchAddress => Build.SketchAddress;

    public bool LeavesGhost => Build.LeavesGhost;

    public IReadOnlyDictionary<string, IPersonality> Variants =>
        Build == F4Bootloader.Build.Fixed
            ? new Dictionary<string, IPersonality> { ["ghost=1"] = this with { Build = F4Bootloader.Build.Ghost } }
            : [];

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(FlashPart.Stm32F405());
        flash.Preload(flash.Base, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("F4Bootloader!!! ", 0x4000 / 16))));
        return flash;
    }

    public TimeSpan BootTime(FlashMemory flash, BootCause cause) => (Build.HasWindow, cause) switch
    {
        (true, _) or (_, BootCause.Boot0) => IPersonality.ResetTime,
        (_, BootCause.Flag) => OldFlagRead + OldUsb,
        (_, BootCause.ByHand) => OldFlagRead + OldUsb,
        _ => OldFlagRead + OldSketchRead + (F4Bootloader.HasSketch(flash, Build) ? OldSketchStarts : OldUsb),
    };

    public UsbFunction? Boot(IBoardCore board, BootCause cause)
    {
        if (cause == BootCause.Boot0)
        {
            return new F4Rom(board);
        }

        // The old build stays for any flag, for its button, and without a sketch, for ever; else USB never comes up.
        var passes = !Build.HasWindow && cause is not (BootCause.Flag or BootCause.ByHand) && F4Bootloader.HasSketch(board.Flash, Build);
        return passes ? null : new F4Bootloader(board, Build);
    }
}
