using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// h0wch33/stm32f1_dfu at the end of an STM32F103's flash, on the DFU engine of libopencm3's examples. It shares the first
/// page with the sketch: it keeps its own stack pointer and reset vector there, and the sketch's at 0x1C and 0x20. It
/// never reports a failure, and does not protect its own pages. Source: src/main.c of 5931735.
/// </summary>
public sealed class H0wch33 : OpenCm3DfuFunction
{
    /// <summary>Where it keeps the sketch's stack pointer, followed by its reset vector.</summary>
    public const int SketchVectors = 0x1C;

    /// <summary>Where it begins, on 64 KiB of flash.</summary>
    public const uint OwnPages = 0x0800_C800;

    private const uint FlashBase = 0x0800_0000;
    private const byte EraseCommand = 0x41;
    private const byte SetAddressCommand = 0x21;
    private const string Map = "@Internal Flash   /0x08000000/50*001Kg,14*001Ka";

    // One buffer for all blocks: a short block leaves the rest of the previous one in it.
    private readonly byte[] _buffer = new byte[TransferSize];
    private int _length;
    private ushort _block;
    private uint _pointer;

    /// <summary>The bootloader, just started.</summary>
    public H0wch33(IMicrocontroller board)
        : base(Identify(), board)
    {
    }

    /// <inheritdoc/>
    private protected override ControlReply Request(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        switch ((DfuRequest)setup.Request)
        {
            case DfuRequest.Download:
                Download(setup, data);
                return Done();
            case DfuRequest.GetStatus:
                return GetStatus();
            case DfuRequest.ClearStatus:
                // It only leaves dfuERROR, which the bootloader never enters.
                return Done();
            case DfuRequest.Abort:
                State = DfuState.Idle;
                return Done();
            case DfuRequest.GetState:
                return Done(new[] { (byte)State });
            default:
                return Refuse(setup);
        }
    }

    // Accepted in any state.
    private void Download(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (State is not (DfuState.Idle or DfuState.DownloadIdle))
        {
            Violation($"DNLOAD of block {setup.Value}, {data.Length} bytes, in {State.Name()}");
        }

        if (data.IsEmpty)
        {
            State = DfuState.ManifestSync;
            return;
        }

        (_block, _length) = (setup.Value, data.Length);
        data.CopyTo(_buffer);
        State = DfuState.DownloadSync;
    }

    private ControlReply GetStatus()
    {
        switch (State)
        {
            case DfuState.DownloadSync:
                // It executes the operation after the status stage, and is in dfuDNLOAD-IDLE at once.
                var answer = Answer(DfuState.DownloadBusy, Poll);
                State = DfuState.DownloadIdle;
                return Done(answer) with { BusyAfter = _block == 0 ? Command() : Program() };
            case DfuState.ManifestSync:
                Board.Reset("leave", BootCause.Software);
                return Done(Answer(DfuState.Manifest, TimeSpan.Zero));
            default:
                return Done(Answer(State, TimeSpan.Zero));
        }
    }

    // It checks only the first byte: a command without an address uses the address that is still in the buffer.
    private TimeSpan Command()
    {
        RewritesVectors = false;
        var address = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(1));
        switch (_buffer[0])
        {
            case EraseCommand:
                return Erase(address);
            case SetAddressCommand:
                _pointer = address;
                return TimeSpan.Zero;
            default:
                Violation($"unknown command {Convert.ToHexString(_buffer.AsSpan(0, _length))}");
                return TimeSpan.Zero;
        }
    }

    private TimeSpan Erase(uint address)
    {
        if (address == FlashBase)
        {
            Board.Log(BoardEventKind.Flash, "erase of the first page skipped");
            return TimeSpan.Zero;
        }

        if (!Board.Flash.Contains(address))
        {
            Violation($"erase of 0x{address:X8}: no flash there");
            return TimeSpan.Zero;
        }

        var isFirst = Board.Flash.SectorAt(address) == 0;
        if (isFirst || address >= OwnPages)
        {
            Violation($"erase of 0x{address:X8}: {(isFirst ? "the bootloader's vectors" : "the bootloader itself")}");
        }

        var took = ErasePage(address);
        if (address >= OwnPages)
        {
            Board.Hang("the bootloader has erased itself");
            return Forever;
        }

        return took;
    }

    private TimeSpan Program()
    {
        // Half-words; what is left in the buffer fills the last one.
        var address = _pointer + (uint)((_block - 2) * TransferSize);
        var data = _buffer.AsSpan(0, (_length + 1) / 2 * 2);
        if (!Board.Flash.Contains(address, data.Length))
        {
            Violation($"program at 0x{address:X8}: no flash there");
            Board.Hang("bus fault in the bootloader");
            RewritesVectors = false;
            return Forever;
        }

        var took = address == FlashBase ? SwapVectors() : TimeSpan.Zero;
        if (address + (long)data.Length > OwnPages)
        {
            Violation($"program at 0x{address:X8}: the bootloader itself");
        }

        if (!Board.Flash.Accepts(address, data))
        {
            Violation($"program at 0x{address:X8}: not erased, but the status is OK");
        }

        RewritesVectors = took > TimeSpan.Zero;
        Board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}");
        return took + Board.Flash.Program(address, data);
    }

    private TimeSpan SwapVectors()
    {
        var sketch = _buffer.AsSpan(SketchVectors, 8);
        if (sketch.ContainsAnyExcept((byte)0))
        {
            return TimeSpan.Zero;
        }

        // Until the page is programmed again it has no vectors: a power failure destroys the bootloader.
        var own = Board.Flash.Read(FlashBase, 8).ToArray();
        var took = ErasePage(FlashBase);
        _buffer.AsSpan(0, 8).CopyTo(sketch);
        own.CopyTo(_buffer, 0);
        return took;
    }

    private static byte[] Answer(DfuState state, TimeSpan poll) => new DfuStatus(DfuStatusCode.Ok, poll, state).ToBytes();

    private static UsbIdentity Identify() => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0200,
        Release: 0x0200,
        DeviceClass: 0,
        ["HCHEW", "STM32 DFU Emulation", "6701173555518970066AFF53", Map],
        Dfu.Configuration(1, attributes: 0x09, TransferSize, Dfu.DfuSeVersion));
}

/// <summary>An STM32F103C8 ("Blue Pill", 64 KiB) with h0wch33/stm32f1_dfu at the end of its flash.</summary>
internal sealed class H0wch33Board : IBoardKind
{
    private const uint RamBase = 0x2000_0000;
    private const uint LargestRam = 96 * 1024;
    private const uint OwnStack = 0x2000_5000;

    public string Name => "h0wch33";

    public string DefaultSketch => "libmaple-f1";

    public uint SketchAddress => 0x0800_0000;

    public uint StackPointer => OwnStack;

    public bool HasUsbRom => false;

    // A reset switches the USB peripheral off. main() starts the sketch before it drives PA12 low, and the pull-up of a Blue Pill is fixed.
    public GhostKind? Ghost => GhostKind.Unpowered;

    public bool StaysThroughReset => true;

    // Its code is at the end, its first seven vectors are at the beginning; the rest of the first page is erased (move_it()).
    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(Part.Stm32F103(64));
        flash.Preload(H0wch33.OwnPages, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("h0wch33 f1 dfu! ", 14 * 1024 / 16))));
        uint[] vectors = [OwnStack, 0x0800_F881, 0x0800_F5FF, 0x0800_F5F9, 0x0800_F5F9, 0x0800_F5F9, 0x0800_F5F9];
        for (var i = 0; i < vectors.Length; i++)
        {
            flash.Preload(flash.Base + (uint)i * 4, BitConverter.GetBytes(vectors[i]));
        }

        return flash;
    }

    public void Install(FlashMemory flash, byte[] sketch)
    {
        flash.Preload(SketchAddress + 8, sketch.AsSpan(8));
        flash.Preload(SketchAddress + H0wch33.SketchVectors, sketch.AsSpan(0, 8));
    }

    public SketchInFlash ReadSketch(FlashMemory flash, uint address) => SketchInFlash.Read(flash, address, H0wch33.SketchVectors);

    // The button starts DFU mode; power and any reset by software start the sketch, whatever flag it leaves (main()).
    // Without its own vectors the processor faults.
    public UsbFunction? Boot(IMicrocontroller board, BootCause cause) =>
        !board.Flash.IsErased(SketchAddress, 8) && (cause is BootCause.ResetButton or BootCause.ByHand || !HasSketch(board.Flash)) ? new H0wch33(board) : null;

    private bool HasSketch(FlashMemory flash)
    {
        var vectors = flash.Read(SketchAddress + H0wch33.SketchVectors, 8);
        var stack = BinaryPrimitives.ReadUInt32LittleEndian(vectors);
        var reset = BinaryPrimitives.ReadUInt32LittleEndian(vectors[4..]);
        return reset >= flash.Base && reset < OwnStack && stack >= RamBase && stack <= RamBase + LargestRam;
    }
}
