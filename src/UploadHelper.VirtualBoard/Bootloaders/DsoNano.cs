using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The bootloader of a DSO Nano oscilloscope (cyberwasp/dso-nano-dfu at d39e329), on ST's first DFU class of 2007. The
/// address, not the alternate setting, selects one of its two memories. It never reports a failure, and after the first one
/// it neither erases nor programs the internal flash until a reset. Sources: usb_prop.c, main.c, spi_flash.c, and
/// stm32f10x_flash.c, where nothing clears PGERR.
/// </summary>
public sealed class DsoNano : DfuSeFunction
{
    /// <summary>wTransferSize.</summary>
    public const int TransferSize = 1024;

    /// <summary>Where it starts the program; its own code is below, whatever its map says.</summary>
    public const uint SketchAddress = 0x0800_4000;

    private const uint EndOfSpiFlash = 0x80_0000;
    private const int SpiPage = 256;
    private const int PacketSize = 64;
    private const byte EraseCommand = 0x41;

    // SPI_BaudRatePrescaler_4 of 72 MHz.
    private static readonly TimeSpan SpiByte = TimeSpan.FromSeconds(8 / 18e6);

    private static readonly string[] Maps =
    [
        "@Internal Flash  /0x08000000/12*001Ka,116*001Kg",
        "@SPI Flash : M25P64/0x00000000/64*064Kg,64*064Kg",
    ];

    private bool _flashRefuses;

    /// <summary>The bootloader, just started: it powers up in dfuERROR.</summary>
    public DsoNano(IMicrocontroller board)
        : base(Identify(), board, TransferSize)
    {
        Pointer = SketchAddress;
        Fail(DfuStatusCode.ErrFirmware);
    }

    /// <inheritdoc/>
    protected override byte[] Commands => [0x00, 0x21, 0x41];

    /// <inheritdoc/>
    protected override TimeSpan PollTimeout(byte? command) => TimeSpan.FromMilliseconds(command switch
    {
        // From the address pointer before the command: the first erase in the other memory gets the wrong time.
        EraseCommand => Pointer < EndOfSpiFlash ? 1500 : 32,
        _ => (Length >> 8) * 20,
    });

    /// <inheritdoc/>
    protected override void SetAddress(uint address) => Pointer = address;

    /// <inheritdoc/>
    protected override ControlReply Detach() => Stall();

    // Its buffer has no room for more, and it does not check.
    /// <inheritdoc/>
    protected override ControlReply Download(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (data.Length <= TransferSize || State is not (DfuState.Idle or DfuState.DownloadIdle))
        {
            return base.Download(setup, data);
        }

        Board.Log(BoardEventKind.Violation, $"DNLOAD of {data.Length} bytes");
        Board.Hang("buffer overrun in the bootloader");
        return Done();
    }

    // An operation runs in the handler of the status stage; the next request has to wait for it.
    /// <inheritdoc/>
    protected override ControlReply Executed(byte[] answer, TimeSpan took) => Done(answer) with { BusyAfter = took };

    /// <inheritdoc/>
    protected override TimeSpan? Erase(uint address)
    {
        if (address <= EndOfSpiFlash)
        {
            var sector = (int)(address % EndOfSpiFlash / 0x1_0000);
            Board.Log(BoardEventKind.Flash, $"erase SPI sector {sector} at 0x{sector * 0x1_0000:X8}");
            return Board.SpiFlash!.Erase(sector);
        }

        if (!Board.Flash.Contains(address))
        {
            Board.Log(BoardEventKind.Violation, $"erase of 0x{address:X8}: no flash there");
            return TimeSpan.Zero;
        }

        if (address < SketchAddress)
        {
            Board.Log(BoardEventKind.Violation, $"erase of 0x{address:X8}: the bootloader itself");
            Board.Hang("the bootloader has erased itself");
        }

        if (_flashRefuses)
        {
            Board.Log(BoardEventKind.Violation, $"erase of 0x{address:X8}: not done, but the status is OK");
            return TimeSpan.Zero;
        }

        var page = Board.Flash.SectorAt(address);
        Board.Log(BoardEventKind.Flash, $"erase sector {page} at 0x{Board.Flash.Part.Sectors[page].Address:X8}");
        return Board.Flash.Erase(page);
    }

    // The address pointer selects the memory, not the address of the block.
    /// <inheritdoc/>
    protected override TimeSpan? Program(uint address, ReadOnlySpan<byte> data) =>
        Pointer > EndOfSpiFlash ? ProgramInternal(address, Filled(data, 4)) : ProgramSpi(address, Filled(data, SpiPage));

    /// <inheritdoc/>
    protected override (byte[] Data, TimeSpan Busy)? ReadMemory(uint address, int length)
    {
        if (address >= EndOfSpiFlash)
        {
            return Board.Flash.Contains(address, length) ? (Board.Flash.Read(address, length).ToArray(), BusModel.ReadTime(length)) : null;
        }

        // The chip wraps around at its end. It reads the whole block again for every packet, and once before.
        var data = new byte[length];
        for (var i = 0; i < length; i++)
        {
            data[i] = Board.SpiFlash!.Bytes[(int)((address + i) % EndOfSpiFlash)];
        }

        var packets = (length + PacketSize - 1) / PacketSize;
        return (data, BusModel.ReadTime(length) + SpiByte * length * (packets + 1));
    }

    /// <inheritdoc/>
    protected override ControlReply Leave(byte[] status)
    {
        Board.Reset("leave", BootCause.Software);
        return Done(status);
    }

    private TimeSpan ProgramInternal(uint address, byte[] data)
    {
        if (!Board.Flash.Contains(address, data.Length))
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: no flash there");
            Board.Hang("bus fault in the bootloader");
            return TimeSpan.Zero;
        }

        if (address < SketchAddress)
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: the bootloader itself");
        }

        Board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}");
        var took = TimeSpan.Zero;
        for (var at = 0; at < data.Length && !_flashRefuses; at += 2)
        {
            var halfWord = data.AsSpan(at, 2);
            _flashRefuses = !Board.Flash.Accepts(address + (uint)at, halfWord);
            took += Board.Flash.Program(address + (uint)at, halfWord);
        }

        if (_flashRefuses)
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: not erased, but the status is OK");
        }

        return took;
    }

    private TimeSpan ProgramSpi(uint address, byte[] data)
    {
        if (address % SpiPage != 0)
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: wraps around in the page");
        }

        if (!IsErasedSpi(address, data.Length))
        {
            Board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: not erased");
        }

        Board.Log(BoardEventKind.Flash, $"program {data.Length} bytes of SPI flash at 0x{address:X8}");
        var took = TimeSpan.Zero;
        for (var at = 0; at < data.Length; at += SpiPage)
        {
            var page = new byte[SpiPage];
            for (var i = 0; i < SpiPage; i++)
            {
                page[(address + i) % SpiPage] = data[at + i];
            }

            took += Board.SpiFlash!.Program((uint)((address + at) % EndOfSpiFlash / SpiPage * SpiPage), page);
        }

        return took;
    }

    private bool IsErasedSpi(uint address, int length)
    {
        var from = address % EndOfSpiFlash / SpiPage * SpiPage;
        return Board.SpiFlash!.IsErased(from, (int)Math.Min(length, EndOfSpiFlash - from));
    }

    private static byte[] Filled(ReadOnlySpan<byte> data, int unit)
    {
        var filled = new byte[(data.Length + unit - 1) / unit * unit];
        filled.AsSpan().Fill(0xFF);
        data.CopyTo(filled);
        return filled;
    }

    private static UsbIdentity Identify() => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0100,
        Release: 0x011A,
        DeviceClass: 0,
        ["STMicroelectronics", "STM32 DFU", "001", .. Maps],
        UsbIdentity.Configure(
            interfaces: 1,
            attributes: 0x80,
            [9, 4, 0, 0, 0, 0xFE, 1, 0, 4], // bInterfaceProtocol 0
            [9, 4, 0, 1, 0, 0xFE, 1, 0, 5],
            [9, 0x21, 0x0B, 0xFF, 0, TransferSize & 0xFF, TransferSize >> 8, 0x1A, 0x01]));
}

/// <summary>A DSO Nano: an STM32F103VB with an M25P64 on SPI. The library of its firmware begins at 0x08004000, the application at 0x0800C000.</summary>
internal sealed class DsoNanoBoard : IBoardKind
{
    public string Name => "dsonano";

    public string DefaultSketch => SketchCore.None;

    public uint SketchAddress => DsoNano.SketchAddress;

    public uint StackPointer => 0x2000_5000;

    public bool HasUsbRom => false;

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(Part.Stm32F103(128));
        flash.Preload(flash.Base, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("DSO Nano DFU!!! ", 0x4000 / 16))));
        return flash;
    }

    public FlashMemory CreateSpiFlash() => new(Part.M25P64());

    // DFU mode starts when a button is held at power-up, or when the library has no plausible stack pointer (main()).
    public UsbFunction? Boot(IMicrocontroller board, BootCause cause) =>
        cause == BootCause.ByHand || (BinaryPrimitives.ReadUInt32LittleEndian(board.Flash.Read(SketchAddress, 4)) & 0x2FFF_0000) != 0x2000_0000
            ? new DsoNano(board)
            : null;
}
