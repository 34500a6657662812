using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// victorpv/F4Bootloader in the first sector of an STM32F405/407. Nothing is protected on the device: it erases itself
/// if it is told to. Sources: main.c, usbd_dfu_flash.c of bcf6ae4, and of 54c6ba5 for the old build, which brings USB up
/// only to stay.
/// </summary>
public sealed class F4Bootloader : DfuSeFunction
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 1024;

    /// <summary>Which build.</summary>
    /// <param name="SketchAddress">Where it starts the sketch.</param>
    /// <param name="Map">What it says of its memory.</param>
    /// <param name="StartsStack">Whether it starts a sketch with a stack pointer.</param>
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
        /// One that does not disconnect before it jumps, as a user of the forum thread had it ("my PC permanently shows the
        /// USB DFU device when my Blink sketch is running").
        /// </summary>
        public static readonly Build Ghost = Fixed with { LeavesGhost = true };
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
    public F4Bootloader(IBoardCore board, Build build)
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

        // Once the blinks are used up it starts whatever appears at the sketch's address: a board that has waited
        // without a sketch is gone 300 ms after the first word of a new one is written, in the middle of an upload.
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
        // GetSector() knows sectors 0 to 6; everything else is sector 7 to it, also what is no flash at all.
        const int Last = 7;
        var sector = address < 0x0806_0000 && Board.Flash.Contains(address) ? Board.Flash.SectorAt(address) : Last;
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
        // It programs whole words; what fills the last one is left over in the buffer.
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
        Board.Flash.Contains(address, length) ? (Board.Flash.Read(address, length).ToArray(), ReadBack.Time(length)) : null;

    /// <inheritdoc/>
    protected override ControlReply Leave(byte[] status)
    {
        // It resets before the status stage of this very request.
        Board.Reset("leave", BootCause.Software);
        return new ControlReply(ControlOutcome.Gone, status, TimeSpan.Zero);
    }

    /// <summary>Whether a build takes what stands in flash for a sketch.</summary>
    internal static bool HasSketch(FlashMemory flash, Build build) => build.StartsStack(BitConverter.ToUInt32(flash.Read(build.SketchAddress, 4)));

    private static UsbIdentity Describe(Build build) => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0200,
        Release: 0x0200,
        DeviceClass: 0,
        ["STMicroelectronics", "DFU in FS Mode", "3057365A3131", build.Map],
        DfuDescriptors.Configuration(1, attributes: 0x0B, TransferSize, DfuFunctionalDescriptor.DfuSeVersion));
}
