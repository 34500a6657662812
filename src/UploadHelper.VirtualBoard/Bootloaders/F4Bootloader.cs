using System.Text;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// victorpv/F4Bootloader in the first sector of an STM32F405/407. It protects nothing: it erases itself
/// when the host asks for it. Sources: main.c, usbd_dfu_flash.c of bcf6ae4, and of 54c6ba5 for the old build, which starts USB
/// only if it stays in DFU mode.
/// </summary>
public sealed class F4Bootloader : DfuSeFunction
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 1024;

    /// <summary>Which build.</summary>
    /// <param name="SketchAddress">Where it starts the sketch.</param>
    /// <param name="Map">The interface string of its memory.</param>
    /// <param name="StartsStack">Whether it starts a sketch that has this stack pointer.</param>
    /// <param name="HasWindow">Whether it waits in DFU mode before it starts the sketch.</param>
    /// <param name="LeavesGhost">Whether it stays on the bus when it starts the sketch.</param>
    public sealed record Build(uint SketchAddress, string Map, Func<uint, bool> StartsStack, bool HasWindow, bool LeavesGhost)
    {
        /// <summary>bcf6ae4.</summary>
        public static readonly Build Fixed = new(
            0x0800_4000,
            "@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg",
            stack => (stack & 0xFFFC_0000) is 0x2000_0000 or 0x1000_0000,
            HasWindow: true,
            LeavesGhost: false);

        /// <summary>54c6ba5.</summary>
        public static readonly Build Old = new(
            0x0801_0000,
            "@Internal Flash   /0x08000000/04*016Ka,01*064Kg,03*128Kg",
            stack => (stack & 0xFFFD_0FFF) == 0x2000_0000,
            HasWindow: false,
            LeavesGhost: false);

        /// <summary>
        /// A build that does not disconnect before it jumps, as a user reported in the forum thread ("my PC permanently shows the
        /// USB DFU device when my Blink sketch is running").
        /// </summary>
        public static readonly Build Ghost = Fixed with { LeavesGhost = true };

        /// <summary>
        /// Not F4Bootloader, but what it was made from: ST's DFU_Standalone example as CubeMX generates it, with three sectors for
        /// itself on an STM32F42x (STM32CubeF4, usbd_dfu_flash.c, main.c). It knows all sectors, and starts a sketch at once
        /// unless its button is pressed.
        /// </summary>
        public static readonly Build Template = new(
            0x0800_C000,
            "@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg,04*016Kg,01*064Kg,07*128Kg",
            stack => (stack & 0x2FFE_0000) == 0x2000_0000,
            HasWindow: false,
            LeavesGhost: false)
        {
            IsTemplate = true,
        };

        /// <summary>Whether it is ST's example.</summary>
        public bool IsTemplate { get; init; }
    }

    private const int WordSize = 4;
    private static readonly TimeSpan FirstBlink = TimeSpan.FromMilliseconds(1000);
    private static readonly TimeSpan Blink = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private readonly Build _build;
    private TimeSpan _blinkEnds;
    private int _blinksLeft = 30;

    /// <summary>The bootloader, just started.</summary>
    /// <param name="board">The board.</param>
    /// <param name="build">Which build.</param>
    public F4Bootloader(IMicrocontroller board, Build build)
        : base(Describe(build), board, TransferSize)
    {
        _build = build;
        _blinkEnds = board.Now + FirstBlink + Blink;
        Pointer = build.SketchAddress;
    }

    /// <inheritdoc/>
    public override TimeSpan? NextEventAt => _build.HasWindow ? _blinkEnds : null;

    /// <inheritdoc/>
    protected override byte[] Commands => [0x00, 0x21, 0x41];

    /// <inheritdoc/>
    public override void AdvanceTo(TimeSpan now)
    {
        if (!_build.HasWindow || now < _blinkEnds)
        {
            return;
        }

        _blinkEnds += Blink;
        if (State == DfuState.Idle && _blinksLeft > 0)
        {
            _blinksLeft--;
        }

        // After the last blink it starts any sketch that appears: a board that waited without one leaves DFU mode
        // 300 ms after the first word of a new sketch is written, in the middle of an upload.
        if (_blinksLeft == 0 && HasSketch(Board.Flash, _build))
        {
            Board.StartSketch(_build.SketchAddress);
        }
    }

    /// <inheritdoc/>
    public override void BusReset()
    {
        // USBD_LL_Reset() shuts the class down; SET_CONFIGURATION starts it afresh.
        base.BusReset();
        State = DfuState.Idle;
        Status = DfuStatusCode.Ok;
        Pointer = _build.SketchAddress;
    }

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command) => Poll;

    /// <inheritdoc/>
    protected override void SetAddress(uint address) => Pointer = address;

    /// <inheritdoc/>
    protected override TimeSpan? Erase(uint address)
    {
        // GetSector() knows sectors 0 to 6; it returns 7 for any other address, even outside the flash. ST's knows all, and returns the last.
        var last = _build.IsTemplate ? Board.Flash.Part.Sectors.Count - 1 : 7;
        var sector = address < Board.Flash.Part.Sectors[last].Address && Board.Flash.Contains(address) ? Board.Flash.SectorAt(address) : last;
        if (address < _build.SketchAddress || !Board.Flash.Contains(address) || sector != Board.Flash.SectorAt(address))
        {
            Board.Log(BoardEventKind.Violation, $"erase of 0x{address:X8}: wipes sector {sector}");
        }

        Board.Log(BoardEventKind.Flash, $"erase sector {sector} at 0x{Board.Flash.Part.Sectors[sector].Address:X8}");
        if (sector == 0)
        {
            Board.Hang("the bootloader has erased itself");
        }

        return Board.Flash.Erase(sector);
    }

    /// <inheritdoc/>
    protected override TimeSpan? Program(uint address, ReadOnlySpan<byte> data)
    {
        // It programs whole words; what is left in the buffer fills the last one.
        data = Buffer[..((data.Length + WordSize - 1) / WordSize * WordSize)];
        if (!Board.Flash.Contains(address, data.Length))
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: no flash there");
            return null;
        }

        if (address < _build.SketchAddress)
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: the bootloader itself");
        }

        if (!Board.Flash.IsErased(address, data.Length))
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: not erased");
        }

        Board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}");
        var took = TimeSpan.Zero;
        for (var at = 0; at < data.Length; at += WordSize)
        {
            var word = data.Slice(at, WordSize);
            took += Board.Flash.Program(address + (uint)at, word);
            if (!Board.Flash.Read(address + (uint)at, WordSize).SequenceEqual(word))
            {
                // On a mismatch it returns at once, without leaving dfuDNBUSY.
                return null;
            }
        }

        return took;
    }

    /// <inheritdoc/>
    protected override (byte[] Data, TimeSpan Busy)? ReadMemory(uint address, int length) =>
        Board.Flash.Contains(address, length) ? (Board.Flash.Read(address, length).ToArray(), BusModel.ReadTime(length)) : null;

    /// <inheritdoc/>
    protected override ControlReply Leave(byte[] status)
    {
        // It resets before the status stage of this very request.
        Board.Reset("leave", BootCause.Software);
        return new ControlReply(ControlOutcome.Gone, status, TimeSpan.Zero);
    }

    /// <summary>Whether the flash holds a sketch that a build would start.</summary>
    internal static bool HasSketch(FlashMemory flash, Build build) => build.StartsStack(BitConverter.ToUInt32(flash.Read(build.SketchAddress, 4)));

    private static UsbIdentity Describe(Build build) => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0200,
        Release: 0x0200,
        DeviceClass: 0,
        ["STMicroelectronics", "DFU in FS Mode", "3057365A3131", build.Map],
        Dfu.Configuration(1, attributes: 0x0B, TransferSize, Dfu.DfuSeVersion));
}

/// <summary>An STM32F405/407 with a build of F4Bootloader in its first sector.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Build">Which build.</param>
internal sealed record F4BootloaderBoard(string Name, F4Bootloader.Build Build) : IBoardKind
{
    // main.c of 54c6ba5: 50 ms and a blink of 1 s before it reads the flag, one of 1 s before it checks the sketch, one of
    // 210 ms before it starts it; five of 200 ms before USB starts.
    private static readonly TimeSpan OldFlagRead = TimeSpan.FromMilliseconds(1050);
    private static readonly TimeSpan OldSketchRead = TimeSpan.FromMilliseconds(1000);
    private static readonly TimeSpan OldSketchStarts = TimeSpan.FromMilliseconds(210);
    private static readonly TimeSpan OldUsb = TimeSpan.FromMilliseconds(1000);

    public string DefaultSketch => "libmaple-f4";

    public uint SketchAddress => Build.SketchAddress;

    public GhostKind? Ghost => Build.LeavesGhost ? GhostKind.Silent : null;

    public IReadOnlyDictionary<string, IBoardKind> Variants =>
        Build == F4Bootloader.Build.Fixed
            ? new Dictionary<string, IBoardKind>
            {
                ["ghost=1"] = this with { Build = F4Bootloader.Build.Ghost },
                ["build=cubemx"] = this with { Build = F4Bootloader.Build.Template },
            }
            : [];

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(Build.IsTemplate ? Part.Stm32F429() : Part.Stm32F405());
        flash.Preload(flash.Base, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("F4Bootloader!!! ", 0x4000 / 16))));
        return flash;
    }

    public TimeSpan BootTime(FlashMemory flash, BootCause cause) => (Build.HasWindow, cause) switch
    {
        (true, _) or (_, BootCause.Boot0) => IBoardKind.ResetTime,
        _ when Build.IsTemplate => IBoardKind.ResetTime,
        (_, BootCause.Flag) => OldFlagRead + OldUsb,
        (_, BootCause.ByHand) => OldFlagRead + OldUsb,
        _ => OldFlagRead + OldSketchRead + (F4Bootloader.HasSketch(flash, Build) ? OldSketchStarts : OldUsb),
    };

    public UsbFunction? Boot(IMicrocontroller board, BootCause cause)
    {
        if (cause == BootCause.Boot0)
        {
            return new F4Rom(board);
        }

        // The old build stays in DFU mode after any flag, with its button, or without a sketch; otherwise USB never starts.
        var isRequested = cause == BootCause.ByHand || (cause == BootCause.Flag && !Build.IsTemplate);
        var startsSketch = !Build.HasWindow && !isRequested && F4Bootloader.HasSketch(board.Flash, Build);
        return startsSketch ? null : new F4Bootloader(board, Build);
    }
}
