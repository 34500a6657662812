using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The bootloader in the ROM of an STM32L496 (AN2606, V9.3). It erases behind the GETSTATUS that asks for it, and refuses
/// another one with a STALL until that is over: it asks for 21 ms, and a page takes 22 to 24.5 (dfu-util tickets 40 and
/// 208: a pipe error now and then). Double words with an ECC: one that is not erased cannot be programmed (RM0351).
/// </summary>
public sealed class L4Rom : SystemBootloader
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 2048;

    private const byte EraseCommand = 0x41;

    // Each of the latter takes as long as a page ever does (DS11585).
    private const int PagesPerSlowOne = 16;
    private static readonly TimeSpan SlowErase = TimeSpan.FromMilliseconds(24.47);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(21);

    private static readonly string[] Maps =
    [
        "@Internal Flash  /0x08000000/512*0002Kg",
        "@Option Bytes  /0x1FFF7800/01*040 e",
        "@OTP Memory /0x1FFF7000/01*0001Ke",
        "@Device Feature/0xFFFF0000/01*004 e",
    ];

    private bool _erases;
    private TimeSpan _erasedAt;

    /// <summary>The ROM, just started: it powers up in dfuERROR.</summary>
    public L4Rom(IBoardCore board)
        : base(Identify(board.Now), board, TransferSize, Maps) => Fail(DfuStatusCode.ErrFirmware);

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

    // The serial number may be another one after each power-up.
    private static UsbIdentity Identify(TimeSpan poweredUp) => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0100,
        Release: 0x2200,
        DeviceClass: 0,
        ["STMicroelectronics", "STM32  BOOTLOADER", $"{0x205F_33AE_5442 + (long)poweredUp.TotalMilliseconds:X12}", .. Maps],
        DfuDescriptors.Configuration(Maps.Length, attributes: 0x0B, TransferSize, DfuFunctionalDescriptor.DfuSeVersion));
}
