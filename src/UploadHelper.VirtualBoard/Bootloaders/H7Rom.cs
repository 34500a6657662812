using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The bootloader in the ROM of an STM32H743/747 (AN2606), on ST's middleware. Descriptors as listed by dfu-util on many
/// boards; poll times as in ST's template (INF). Flash words of 32 bytes have an ECC; there are two banks.
/// </summary>
public sealed class H7Rom : SystemBootloader
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 1024;

    /// <summary>Where the second bank begins.</summary>
    public const uint Bank2 = 0x0810_0000;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private const string FlashMap = "@Internal Flash   /0x08000000/16*128Kg";

    private static readonly RomMemory[] Memories = [new("@Option Bytes   /0x5200201C/01*128 e", 0x5200_201C, 128)];

    private readonly Version _version;
    private TimeSpan _bank2BusyUntil;

    /// <summary>Which ROM.</summary>
    public enum Version
    {
        /// <summary>V9.0: an erase in bank 2 as in <see cref="V91"/>; on leave the device vanishes, and no sketch starts.</summary>
        V90,

        /// <summary>V9.1: an erase in bank 2 returns while the bank is busy, and dfuDNBUSY never ends (betaflight-configurator PR 1861).</summary>
        V91,

        /// <summary>V9.2: without these faults.</summary>
        V92,
    }

    /// <summary>The ROM, just started.</summary>
    /// <param name="board">The board.</param>
    /// <param name="version">Which ROM.</param>
    public H7Rom(IMicrocontroller board, Version version)
        : base(Identify(), board, TransferSize, Memories) => _version = version;

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command) => Poll;

    /// <inheritdoc/>
    protected override TimeSpan? Erase(uint address)
    {
        if (_version == Version.V92 || address < Bank2 || !Board.Flash.Contains(address))
        {
            return base.Erase(address);
        }

        // Every GETSTATUS requests the erase again; while the bank is busy that does nothing.
        if (Board.Now >= _bank2BusyUntil)
        {
            _bank2BusyUntil = Board.Now + base.Erase(address)!.Value;
        }

        return null;
    }

    /// <inheritdoc/>
    protected override (byte[] Data, TimeSpan Busy)? ReadMemory(uint address, int length)
    {
        var read = base.ReadMemory(address, length);
        return read is { } r && address + (long)length > Bank2 && Board.Now < _bank2BusyUntil
            ? (r.Data, r.Busy + (_bank2BusyUntil - Board.Now))
            : read;
    }

    /// <inheritdoc/>
    protected override ControlReply Leave(byte[] status)
    {
        // Before the status stage, as other bootloaders on the middleware do.
        if (_version == Version.V90)
        {
            Board.Vanish("the ROM hangs on leave");
        }
        else
        {
            Jump();
        }

        return new ControlReply(ControlOutcome.Gone, status, TimeSpan.Zero);
    }

    private static UsbIdentity Identify() => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0200,
        Release: 0x0200,
        DeviceClass: 0,
        ["STMicroelectronics", "DFU in FS Mode", "200364500000", FlashMap, .. Memories.Select(m => m.Map)],
        Dfu.Configuration(1 + Memories.Length, attributes: 0x0B, TransferSize, Dfu.DfuSeVersion));
}
