using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The bootloader in the ROM of an STM32L496 (AN2606, V9.3). The GETSTATUS that starts an erase
/// returns before it ends, and until then every request stalls: bwPollTimeout is 21 ms, and a page takes 22 to 24.5 (dfu-util tickets 40 and
/// 208: a pipe error now and then). Double words have an ECC: only an erased one can be programmed (RM0351).
/// </summary>
public sealed class L4Rom : SystemBootloader
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 2048;

    private const byte EraseCommand = 0x41;

    // One page in 16 takes the longest time in the data sheet (DS11585).
    private const int PagesPerSlowOne = 16;
    private static readonly TimeSpan SlowErase = TimeSpan.FromMilliseconds(24.47);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(21);

    private const string FlashMap = "@Internal Flash  /0x08000000/512*0002Kg";

    private static readonly RomMemory[] Memories =
    [
        new("@Option Bytes  /0x1FFF7800/01*040 e", 0x1FFF_7800, 40),
        new("@OTP Memory /0x1FFF7000/01*0001Ke", 0x1FFF_7000, 1024),
        new("@Device Feature/0xFFFF0000/01*004 e", 0xFFFF_0000, 4),
    ];

    private bool _erases;
    private TimeSpan _erasedAt;

    /// <summary>The ROM, just started: it powers up in dfuERROR.</summary>
    public L4Rom(IMicrocontroller board)
        : base(Identify(board.Now), board, TransferSize, Memories) => Fail(DfuStatusCode.ErrFirmware);

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command)
    {
        _erases = command == EraseCommand;
        return Poll;
    }

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (Board.Now >= _erasedAt)
        {
            return base.Class(setup, data);
        }

        Board.Log(BoardEventKind.Request, "refused: still erasing");
        return Stall();
    }

    /// <inheritdoc/>
    protected override TimeSpan? Erase(uint address) =>
        base.Erase(address) is { } took
            ? Board.Flash.SectorAt(address) % PagesPerSlowOne == PagesPerSlowOne - 1 ? SlowErase : took
            : null;

    /// <inheritdoc/>
    protected override ControlReply Executed(byte[] answer, TimeSpan took)
    {
        if (!_erases)
        {
            return base.Executed(answer, took);
        }

        _erasedAt = Board.Now + took;
        return Done(answer);
    }

    // PROGERR, at the first double word that is not erased.
    /// <inheritdoc/>
    protected override TimeSpan? ProgramTwice(uint address, ReadOnlySpan<byte> data)
    {
        var unit = Board.Flash.Part.ProgramUnit;
        for (var at = 0; Board.Flash.Accepts(address + (uint)at, data.Slice(at, unit)); at += unit)
        {
            Board.Flash.Program(address + (uint)at, data.Slice(at, unit));
        }

        Fail(DfuStatusCode.ErrWrite);
        return null;
    }

    // The serial number can change with each power-up.
    private static UsbIdentity Identify(TimeSpan poweredUp) => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0100,
        Release: 0x2200,
        DeviceClass: 0,
        ["STMicroelectronics", "STM32  BOOTLOADER", $"{0x205F_33AE_5442 + (long)poweredUp.TotalMilliseconds:X12}", FlashMap, .. Memories.Select(m => m.Map)],
        Dfu.Configuration(1 + Memories.Length, attributes: 0x0B, TransferSize, Dfu.DfuSeVersion));
}
