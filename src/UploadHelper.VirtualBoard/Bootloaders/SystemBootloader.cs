using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>A memory that a ROM names beside the internal flash.</summary>
/// <param name="Map">Its interface string, as a real device has it.</param>
/// <param name="Address">Its first address.</param>
/// <param name="Size">Its size in bytes.</param>
public sealed record RomMemory(string Map, uint Address, int Size);

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
    protected override void SetAddress(uint address) => Pointer = address;

    /// <inheritdoc/>
    protected override TimeSpan? OtherCommand(ReadOnlySpan<byte> command)
    {
        switch (command)
        {
            case [EraseCommand]:
                return MassErase();
            case [ReadUnprotectCommand]:
                // A reset loads the option bytes once the flash is empty.
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

        // Option bytes, OTP and device features, erased as they leave the factory.
        var other = _memories.Any(m => address >= m.Address && address + (long)length <= m.Address + (long)m.Size);
        return other ? (Enumerable.Repeat((byte)0xFF, length).ToArray(), BusModel.ReadTime(length)) : null;
    }

    /// <inheritdoc/>
    protected override ControlReply Leave(byte[] status)
    {
        // The status stage still goes through; then it jumps.
        _leavesAt = Board.Now + LeaveTime;
        return Done(status);
    }

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

/// <summary>The bootloader in the ROM of an STM32F405/407; descriptors as logged from an F4-Discovery.</summary>
public sealed class F4Rom : SystemBootloader
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 2048;

    private const byte SetAddressCommand = 0x21;

    private const string FlashMap = "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg";

    private static readonly RomMemory[] Memories =
    [
        new("@Option Bytes  /0x1FFFC000/01*016 g", 0x1FFF_C000, 16),
        new("@OTP Memory /0x1FFF7800/01*512 g,01*016 g", 0x1FFF_7800, 528),
        new("@Device Feature/0xFFFF0000/01*004 g", 0xFFFF_0000, 4),
    ];

    /// <summary>
    /// What the ROM of an STM32F429 sends after the map of its flash: the string's length says more than there is, as lsusb
    /// shows it (bigtreetech/BIGTREETECH-OCTOPUS-Pro issue 42).
    /// </summary>
    public const string TooLong = "\uCC50\u01A8\u2E54\uBEBF\u4B7C\uBED5\uCEF8";

    /// <summary>The ROM, just started: it powers up in dfuERROR.</summary>
    /// <param name="board">The board.</param>
    /// <param name="behind">What it sends after the map of the flash; usually nothing.</param>
    public F4Rom(IMicrocontroller board, string behind = "")
        : base(Identify(behind), board, TransferSize, Memories) => Fail(DfuStatusCode.ErrFirmware);

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command) => TimeSpan.FromMilliseconds(command == SetAddressCommand ? 104 : 100);

    private static UsbIdentity Identify(string behind) => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0100,
        Release: 0x2200,
        DeviceClass: 0,
        ["STMicroelectronics", "STM32  BOOTLOADER", "315A34663432", FlashMap + behind, .. Memories.Select(m => m.Map)],
        Dfu.Configuration(1 + Memories.Length, attributes: 0x0B, TransferSize, Dfu.DfuSeVersion));
}

/// <summary>A microcontroller with nothing but the bootloader in its ROM.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Part">Its flash.</param>
/// <param name="StackPointer">The end of its RAM.</param>
/// <param name="CreateRom">Starts the bootloader.</param>
internal sealed record RomBoard(string Name, Part Part, uint StackPointer, Func<IMicrocontroller, SystemBootloader> CreateRom) : IBoardKind
{
    public string DefaultSketch => "stm32generic";

    public uint SketchAddress => 0x0800_0000;

    public IReadOnlyDictionary<string, IBoardKind> Variants { get; init; } = new Dictionary<string, IBoardKind>();

    /// <summary>An STM32F405/407.</summary>
    public static RomBoard F4 { get; } = new("f4rom", Part.Stm32F405(), 0x2002_0000, board => new F4Rom(board))
    {
        Variants = new Dictionary<string, IBoardKind>
        {
            ["map=long"] = new RomBoard("f4rom", Part.Stm32F405(), 0x2002_0000, board => new F4Rom(board, F4Rom.TooLong)),
        },
    };

    /// <summary>An STM32H747, its older ROMs, and Arduino's board with this chip.</summary>
    public static RomBoard H7 { get; } = WithVersion(H7Rom.Version.V92) with
    {
        Variants = new Dictionary<string, IBoardKind>
        {
            ["rom=9.0"] = WithVersion(H7Rom.Version.V90),
            ["rom=9.1"] = WithVersion(H7Rom.Version.V91),
            ["rom=9.2"] = WithVersion(H7Rom.Version.V92),
            ["boot=arduino"] = new PortentaBoard(),
        },
    };

    /// <summary>An STM32L496.</summary>
    public static RomBoard L4 { get; } = new("l496", Part.Stm32L496(), 0x2005_0000, board => new L4Rom(board));

    public FlashMemory CreateFlash() => new(Part);

    // With BOOT0, or from a sketch that jumps to system memory on the magic word.
    public UsbFunction? Boot(IMicrocontroller board, BootCause cause) =>
        cause is BootCause.Power or BootCause.ResetButton ? null : CreateRom(board);

    private static RomBoard WithVersion(H7Rom.Version version) =>
        new("h747", Part.Stm32H743(), 0x2002_0000, board => new H7Rom(board, version));
}
