using UploadHelper.Core.Boards;
using UploadHelper.Core.Dfu;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>ST's system bootloader in the ROM of an STM32F405/407 (AN2606, AN3156; descriptors as logged from an F4-Discovery).</summary>
public sealed class F4Rom : DfuSeFunction
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 2048;

    private const byte EraseCommand = 0x41;
    private const byte SetAddressCommand = 0x21;
    private const byte ReadUnprotectCommand = 0x92;
    private static readonly TimeSpan LeaveTime = TimeSpan.FromMilliseconds(10);

    private static readonly string[] Maps =
    [
        "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg",
        "@Option Bytes  /0x1FFFC000/01*016 g",
        "@OTP Memory /0x1FFF7800/01*512 g,01*016 g",
        "@Device Feature/0xFFFF0000/01*004 g",
    ];

    private TimeSpan? _leavesAt;

    /// <summary>The ROM, just started: it powers up in dfuERROR.</summary>
    public F4Rom(IBoardCore board)
        : base(Identify(), board, TransferSize) => Fail(DfuStatusCode.ErrFirmware);

    /// <inheritdoc/>
    public override TimeSpan? NextEventAt => _leavesAt;

    /// <inheritdoc/>
    protected override byte[] Commands => [0x00, 0x21, 0x41, 0x92];

    /// <inheritdoc/>
    public override void AdvanceTo(TimeSpan now)
    {
        if (now >= _leavesAt)
        {
            _leavesAt = null;
            Jump();
        }
    }

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command) =>
        TimeSpan.FromMilliseconds(command switch { EraseCommand => 100, SetAddressCommand => 104, _ => 100 });

    /// <inheritdoc/>
    protected override void SetAddress(uint address) => Pointer = address;

    /// <inheritdoc/>
    protected override TimeSpan? OtherCommand(ReadOnlySpan<byte> command)
    {
        switch (command)
        {
            case [EraseCommand]:
                return MassErase();
            case [ReadUnprotectCommand]:
                // The option bytes are loaded by a reset, when the flash is empty.
                var took = MassErase();
                Board.Reset("read unprotect", BootCause.ByHand);
                return took;
            default:
                return base.OtherCommand(command);
        }
    }

    /// <inheritdoc/>
    protected override TimeSpan? Erase(uint address)
    {
        if (!Board.Flash.Contains(address))
        {
            Board.Log(BoardEventKind.Violation, $"erase of 0x{address:X8}: no flash there");
            Fail(DfuStatusCode.ErrTarget);
            return null;
        }

        var sector = Board.Flash.SectorAt(address);
        Board.Log(BoardEventKind.Flash, $"erase sector {sector} at 0x{Board.Flash.Part.Sectors[sector].Address:X8}");
        return Board.Flash.Erase(sector);
    }

    /// <inheritdoc/>
    protected override TimeSpan? Program(uint address, ReadOnlySpan<byte> data)
    {
        if (!Board.Flash.Contains(address, data.Length))
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: no flash there");
            Fail(DfuStatusCode.ErrTarget);
            return null;
        }

        if (!Board.Flash.IsErased(address, data.Length))
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: not erased");
        }

        Board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}");
        return Board.Flash.Program(address, data);
    }

    /// <inheritdoc/>
    protected override (byte[] Data, TimeSpan Busy)? ReadMemory(uint address, int length) =>
        Board.Flash.Contains(address, length) ? (Board.Flash.Read(address, length).ToArray(), ReadBack.Time(length)) : null;

    /// <inheritdoc/>
    protected override ControlReply Leave(byte[] status)
    {
        // The status stage still goes through; then it jumps.
        _leavesAt = Board.Now + LeaveTime;
        return Done(status);
    }

    private TimeSpan MassErase()
    {
        Board.Log(BoardEventKind.Flash, "erase all sectors");
        var took = TimeSpan.Zero;
        for (var sector = 0; sector < Board.Flash.Part.Sectors.Count; sector++)
        {
            took += Board.Flash.Erase(sector);
        }

        return took;
    }

    private void Jump()
    {
        var plausible = Board.Flash.Contains(Pointer, 8) && RamMap.FitsStack(BitConverter.ToUInt32(Board.Flash.Read(Pointer, 4)));
        if (plausible)
        {
            Board.StartSketch(Pointer);
        }
        else
        {
            Board.Reset($"leave to 0x{Pointer:X8}, which is no program", BootCause.ByHand);
        }
    }

    private static UsbIdentity Identify() => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0100,
        Release: 0x2200,
        DeviceClass: 0,
        ["STMicroelectronics", "STM32  BOOTLOADER", "315A34663432", .. Maps],
        DfuDescriptors.Configuration(Maps.Length, attributes: 0x0B, TransferSize, DfuFunctionalDescriptor.DfuSeVersion));
}
