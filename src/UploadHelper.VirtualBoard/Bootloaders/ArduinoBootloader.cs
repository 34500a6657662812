using System.Buffers.Binary;
using System.Text;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// Arduino's bootloader on a Portenta H7 (arduino/mcuboot-arduino-stm32h7: main.cpp, usbd_dfu.cpp, usbd_dfu_flash.cpp), version
/// 25 without keys, on ST's middleware. It gives access to the internal flash and to a flash chip on the QSPI, and
/// protects nothing. A failed operation stays in dfuDNBUSY. Its descriptors as dfu-util lists them; its second interface, a
/// serial port that does nothing, is left out.
/// </summary>
public sealed class ArduinoBootloader : DfuSeFunction
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 4096;

    /// <summary>Where it starts the sketch.</summary>
    public const uint SketchAddress = 0x0804_0000;

    /// <summary>Where the flash chip on the QSPI begins.</summary>
    public const uint QspiBase = 0x9000_0000;

    private const uint FileBase = 0xA000_0000;
    private const uint FlashBase = 0x0800_0000;

    // MBED_CONF: the program unit of the H7, to which FlashIAP::program() pads.
    private const int FlashWord = 32;
    private static readonly TimeSpan RestartTime = TimeSpan.FromMilliseconds(200);

    private static readonly string[] Maps =
    [
        "@Internal Flash  2MB   /0x08000000/01*128Ka,15*128Kg",
        "@Ext RAW  Flash 16MB   /0x90000000/4096*4Kg",
        "@Ext File Flash  0MB   /0x00000000/0*4Kg",
        "@Arduino  boot  v.25   /0x00000000/0*4Kg",
    ];

    private bool _isDeferred;
    private TimeSpan? _restartsAt;

    /// <summary>The bootloader, just started.</summary>
    public ArduinoBootloader(IMicrocontroller board)
        : base(Identify(), board, TransferSize) => Pointer = SketchAddress;

    /// <inheritdoc/>
    public override TimeSpan? NextEventAt => _restartsAt;

    /// <inheritdoc/>
    protected override byte[] Commands => [0x00, 0x21, 0x41];

    /// <inheritdoc/>
    public override void AdvanceTo(TimeSpan now)
    {
        if (now >= _restartsAt)
        {
            _restartsAt = null;
            Board.Reset("leave", BootCause.Software);
        }
    }

    /// <inheritdoc/>
    public override void BusReset()
    {
        // USBD_DFU_DeInit() and USBD_DFU_Init().
        base.BusReset();
        State = DfuState.Idle;
        Status = DfuStatusCode.Ok;
        Pointer = SketchAddress;
    }

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command) => TimeSpan.Zero;

    /// <inheritdoc/>
    protected override void SetAddress(uint address) => Pointer = address;

    // Data for the internal flash is handed to another thread, which keeps the processor busy once the transfer has ended.
    /// <inheritdoc/>
    protected override ControlReply Executed(byte[] answer, TimeSpan took)
    {
        var deferred = _isDeferred;
        _isDeferred = false;
        return deferred ? Done(answer) with { BusyAfter = took } : Done(answer, took);
    }

    /// <inheritdoc/>
    protected override TimeSpan? Erase(uint address)
    {
        var (memory, name) = MemoryAt(address);
        if (memory is null || !memory.Contains(address) || memory.Part.Sectors[memory.SectorAt(address)].Address != address)
        {
            Board.Log(BoardEventKind.Violation, $"erase of 0x{address:X8}: no {name} sector begins there");
            return null;
        }

        if (address == FlashBase)
        {
            Board.Log(BoardEventKind.Violation, $"erase of 0x{address:X8}: the bootloader itself");
            Board.Hang("the bootloader has erased itself");
        }

        var sector = memory.SectorAt(address);
        Board.Log(BoardEventKind.Flash, $"erase {name} sector {sector} at 0x{address:X8}");
        return memory.Erase(sector);
    }

    /// <inheritdoc/>
    protected override TimeSpan? Program(uint address, ReadOnlySpan<byte> data)
    {
        var (memory, name) = MemoryAt(address);
        if (memory == Board.SpiFlash && memory is not null)
        {
            // Flash_If_Write(): never less than a sector; a short block is followed by what earlier ones left in the buffer.
            if (data.Length < TransferSize)
            {
                Board.Log(BoardEventKind.Violation, $"program of {data.Length} bytes of {name} at 0x{address:X8}: {TransferSize} are programmed");
            }

            data = Buffer;
        }
        else
        {
            data = Filled(data);
            _isDeferred = true;
        }

        if (memory is null || !memory.Contains(address, data.Length) || address % FlashWord != 0)
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: {(address % FlashWord != 0 ? $"not a multiple of {FlashWord}" : $"no {name} there")}");
            return memory == Board.Flash ? TimeSpan.Zero : null;
        }

        if (address < SketchAddress && memory == Board.Flash)
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: below the sketch");
        }

        if (!memory.IsErased(address, data.Length) && !memory.Read(address, data.Length).SequenceEqual(data))
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: not erased");
        }

        Board.Log(BoardEventKind.Flash, $"program {data.Length} bytes of {name} at 0x{address:X8}");
        return memory.Program(address, data);
    }

    /// <inheritdoc/>
    protected override (byte[] Data, TimeSpan Busy)? ReadMemory(uint address, int length)
    {
        var (memory, _) = MemoryAt(address);
        if (memory is not null && memory.Contains(address, length))
        {
            return memory.IsReadable(address, length) ? (memory.Read(address, length).ToArray(), BusModel.ReadTime(length)) : null;
        }

        // Outside of the chips it sends what is in the buffer; a read outside of the internal flash is a bus fault.
        return address >= QspiBase ? (Buffer[..length].ToArray(), TimeSpan.Zero) : null;
    }

    /// <inheritdoc/>
    protected override ControlReply Leave(byte[] status)
    {
        State = DfuState.ManifestWaitReset;
        _restartsAt = Board.Now + RestartTime;
        return Done(status);
    }

    // Behind the QSPI's 256 MiB: the files on it, which need keys.
    private (FlashMemory? Memory, string Name) MemoryAt(uint address) => address switch
    {
        >= FileBase => (null, "file flash"),
        >= QspiBase => (Board.SpiFlash, "QSPI flash"),
        _ => (Board.Flash, "internal flash"),
    };

    private static byte[] Filled(ReadOnlySpan<byte> data)
    {
        var filled = new byte[(data.Length + FlashWord - 1) / FlashWord * FlashWord];
        filled.AsSpan().Fill(0xFF);
        data.CopyTo(filled);
        return filled;
    }

    private static UsbIdentity Identify() => new(
        0x2341,
        0x035B,
        UsbRelease: 0x0200,
        Release: 0x0200,
        DeviceClass: 0,
        ["Arduino SA", "Portenta MCUBoot", "003D00473133511137323532", .. Maps],
        Dfu.Configuration(Maps.Length, attributes: 0x0B, TransferSize, Dfu.DfuSeVersion));
}

/// <summary>An Arduino Portenta H7: an STM32H747 with 16 MiB of flash on its QSPI.</summary>
internal sealed class PortentaBoard : IBoardKind
{
    private static readonly TimeSpan PinResetTime = TimeSpan.FromMilliseconds(500);

    public string Name => "h747";

    public string DefaultSketch => "touch1200";

    public uint SketchAddress => ArduinoBootloader.SketchAddress;

    public uint StackPointer => 0x2408_0000;

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(Part.Stm32H743());
        flash.Preload(flash.Base, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("MCUboot Arduino ", 0x2_0000 / 16))));
        return flash;
    }

    public FlashMemory CreateSpiFlash() => new(Part.Mx25L12833F());

    // After the RESET button it waits for a second press.
    public TimeSpan BootTime(FlashMemory flash, BootCause cause) => IBoardKind.ResetTime + (cause == BootCause.ResetButton ? PinResetTime : TimeSpan.Zero);

    // The sketch's magic 0xDF59 in RTC_BKP_DR0 or the second press lead into DFU mode; so does flash without a sketch (valid_application()).
    public UsbFunction? Boot(IMicrocontroller board, BootCause cause) => cause switch
    {
        BootCause.Boot0 => new H7Rom(board, H7Rom.Version.V92),
        BootCause.Flag or BootCause.ByHand => new ArduinoBootloader(board),
        _ => BinaryPrimitives.ReadUInt32LittleEndian(board.Flash.Read(SketchAddress, 4)) >> 24 is 0x20 or 0x24 or 0x30 or 0x38 ? null : new ArduinoBootloader(board),
    };
}
