using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>A memory that a ROM names beside the internal flash.</summary>
/// <param name="Map">Its interface string, as a real device has it.</param>
/// <param name="Address">Its first address.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Factory">What each byte reads as when the chip leaves the factory.</param>
public sealed record RomMemory(string Map, uint Address, int Size, byte Factory = 0xFF);

/// <summary>What the bootloaders in ST's ROMs have in common (AN2606, AN3156).</summary>
public abstract class SystemBootloader : DfuSeFunction
{
    private const byte EraseCommand = 0x41;
    private const byte ReadUnprotectCommand = 0x92;
    private static readonly TimeSpan LeaveTime = TimeSpan.FromMilliseconds(10);
    private readonly IReadOnlyList<RomMemory> _memories;
    private TimeSpan? _leavesAt;

    /// <summary>The ROM, just started.</summary>
    /// <param name="identity">Its descriptors.</param>
    /// <param name="board">The board.</param>
    /// <param name="transferSize">wTransferSize.</param>
    /// <param name="memories">The memories that it names beside the internal flash.</param>
    protected SystemBootloader(UsbIdentity identity, IMicrocontroller board, int transferSize, IReadOnlyList<RomMemory> memories)
        : base(identity, board, transferSize) => _memories = memories;

    /// <inheritdoc/>
    public override TimeSpan? NextEventAt => _leavesAt;

    /// <summary>Whether it is removing the read protection.</summary>
    private protected bool Unprotects { get; private set; }

    /// <inheritdoc/>
    protected override byte[] Commands => [0x00, 0x21, 0x41, 0x92];

    /// <inheritdoc/>
    public override void AdvanceTo(TimeSpan now)
    {
        if (now >= _leavesAt)
        {
            _leavesAt = null;
            if (Unprotects)
            {
                Board.Reset("the option bytes are loaded", BootCause.Software);
            }
            else
            {
                Jump();
            }
        }
    }

    /// <inheritdoc/>
    protected override void SetAddress(uint address) => Pointer = address;

    /// <inheritdoc/>
    protected override TimeSpan? OtherCommand(ReadOnlySpan<byte> command)
    {
        switch (command)
        {
            case [EraseCommand]:
                return IsAllowed("erase") ? MassErase() : null;
            case [ReadUnprotectCommand]:
                Unprotects = true;
                var took = MassErase();
                Board.Flash.IsReadProtected = Board.Flash.HasNoPower;
                _leavesAt = Board.Now + took;
                return took;
            default:
                return base.OtherCommand(command);
        }
    }

    // Read protection refuses reading (AN3156, 4.1).
    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data) =>
        setup is { IsIn: true, Request: (byte)DfuRequest.Upload, Value: > 1, Length: > 0 } && State is DfuState.Idle or DfuState.UploadIdle && !IsAllowed("UPLOAD")
            ? Stall()
            : base.Class(setup, data);

    /// <inheritdoc/>
    protected override TimeSpan? Erase(uint address)
    {
        if (!IsAllowed("erase"))
        {
            return null;
        }

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
        if (!IsAllowed("program"))
        {
            return null;
        }

        if (WriteSetting(address, data) is { } accepted)
        {
            if (!accepted)
            {
                Board.Log(BoardEventKind.Violation, $"write of {Convert.ToHexString(data)} at 0x{address:X8} refused");
                Fail(DfuStatusCode.ErrTarget);
            }

            return accepted ? TimeSpan.Zero : null;
        }

        // Whole units; what is left in the buffer fills the last one.
        var unit = Board.Flash.Part.ProgramUnit;
        if (data.Length % unit != 0)
        {
            Board.Log(BoardEventKind.Violation, $"program of {data.Length} bytes at 0x{address:X8}: not a multiple of {unit}");
            data = Buffer[..((data.Length + unit - 1) / unit * unit)];
        }

        if (!Board.Flash.Contains(address, data.Length) || address % unit != 0)
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: {(address % unit != 0 ? $"not a multiple of {unit}" : "no flash there")}");
            Fail(DfuStatusCode.ErrTarget);
            return null;
        }

        Board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}");
        if (Board.Flash.Accepts(address, data))
        {
            return Board.Flash.Program(address, data);
        }

        Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: not erased");
        return ProgramTwice(address, data);
    }

    /// <summary>Writes a setting of the bootloader that has an address like a memory; by default there is none.</summary>
    /// <returns>Whether it takes the value; null if no setting has this address.</returns>
    protected virtual bool? WriteSetting(uint address, ReadOnlySpan<byte> data) => null;

    /// <summary>Reads memory other than the flash: option bytes, OTP, EEPROM and device features, as they leave the factory.</summary>
    /// <returns>The bytes, or null if there is none.</returns>
    protected virtual byte[]? ReadOther(uint address, int length) =>
        _memories.FirstOrDefault(m => address >= m.Address && address + (long)length <= m.Address + (long)m.Size) is { } other
            ? [.. Enumerable.Repeat(other.Factory, length)]
            : null;

    /// <summary>Programs data over flash that is not erased; by default the flash decides the result, and no error is reported.</summary>
    /// <returns>How long it takes, or null if it failed; a failure sets state and status itself.</returns>
    protected virtual TimeSpan? ProgramTwice(uint address, ReadOnlySpan<byte> data) => Board.Flash.Program(address, data);

    /// <inheritdoc/>
    protected override (byte[] Data, TimeSpan Busy)? ReadMemory(uint address, int length)
    {
        if (Board.Flash.Contains(address, length))
        {
            return Board.Flash.IsReadable(address, length) ? (Board.Flash.Read(address, length).ToArray(), BusModel.ReadTime(length)) : null;
        }

        return ReadOther(address, length) is { } other ? (other, BusModel.ReadTime(length)) : null;
    }

    /// <inheritdoc/>
    protected override ControlReply Leave(byte[] status)
    {
        // The status stage still goes through; then it jumps.
        _leavesAt = Board.Now + LeaveTime;
        return Done(status);
    }

    // Read unprotect: the host gets the answer that says dfuDNBUSY, and no other. The reset that follows the erase loads the new option
    // bytes (AN2662, 4.5.4).
    /// <inheritdoc/>
    protected override ControlReply Executed(byte[] answer, TimeSpan took) =>
        Unprotects ? new ControlReply(ControlOutcome.Done, answer, TimeSpan.Zero, BusyAfter: took) : base.Executed(answer, took);

    /// <summary>Jumps to the address pointer; without a program there, a reset restarts DFU mode.</summary>
    protected void Jump()
    {
        if (Board.Flash.Contains(Pointer, 8) && Board.Flash.Part.HasStackAt(BitConverter.ToUInt32(Board.Flash.Read(Pointer, 4))))
        {
            Board.StartSketch(Pointer);
        }
        else
        {
            Board.Reset($"leave to 0x{Pointer:X8}: no program there", BootCause.ByHand);
        }
    }

    private bool IsAllowed(string request)
    {
        if (!Board.Flash.IsReadProtected)
        {
            return true;
        }

        Board.Log(BoardEventKind.Request, $"{request} refused: read protection");
        Fail(DfuStatusCode.ErrVendor);
        return false;
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
}
