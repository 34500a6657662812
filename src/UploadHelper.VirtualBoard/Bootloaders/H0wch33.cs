using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// h0wch33/stm32f1_dfu at the end of an STM32F103's flash, on the DFU engine of libopencm3's examples. It shares the first
/// page with the sketch: it keeps its own stack pointer and reset vector there, and the sketch's at 0x1C and 0x20. No
/// failure is ever reported, and its own pages are not protected. Source: src/main.c of 5931735.
/// </summary>
public sealed class H0wch33 : UsbFunction, IDfuFunction
{
    /// <summary>wTransferSize; a longer request stalls.</summary>
    public const int TransferSize = 1024;

    /// <summary>Where the sketch's stack pointer is kept, and its reset vector behind it.</summary>
    public const int SketchVectors = 0x1C;

    /// <summary>Where it begins, on 64 KiB of flash.</summary>
    public const uint OwnPages = 0x0800_C800;

    private const uint FlashBase = 0x0800_0000;
    private const byte EraseCommand = 0x41;
    private const byte SetAddressCommand = 0x21;
    private const string Map = "@Internal Flash   /0x08000000/50*001Kg,14*001Ka";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private readonly IBoardCore _board;

    // One buffer for all blocks: behind a short one stand the bytes of the one before.
    private readonly byte[] _buffer = new byte[TransferSize];
    private int _length;
    private ushort _block;
    private uint _pointer;
    private bool _rewritesVectors;

    /// <summary>The bootloader, just started.</summary>
    public H0wch33(IBoardCore board)
        : base(Identify()) => _board = board;

    /// <inheritdoc/>
    public DfuState State { get; private set; } = DfuState.Idle;

    /// <inheritdoc/>
    public override void BusReset()
    {
        // Its handler is registered with the first request after SET_CONFIGURATION; every host sends some.
        if (IsConfigured)
        {
            _board.Reset("bus reset", BootCause.Software);
        }

        base.BusReset();
    }

    /// <inheritdoc/>
    public override void PowerLost()
    {
        if (_rewritesVectors)
        {
            _board.Log(BoardEventKind.Flash, "the power failed while the first page had no vectors: the bootloader is lost");
            _board.Flash.Erase(0);
        }
    }

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if ((setup.RequestType & 0x7F) != 0x21 || setup.Length > TransferSize)
        {
            return Refuse(setup);
        }

        switch ((DfuRequest)setup.Request)
        {
            case DfuRequest.Download:
                Download(setup, data);
                return Done();
            case DfuRequest.GetStatus:
                return GetStatus();
            case DfuRequest.ClearStatus:
                // Only out of dfuERROR, which it never enters.
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

    // Taken in any state.
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
                // Carried out when the status stage is over; then dfuDNLOAD-IDLE at once.
                var answer = Answer(DfuState.DownloadBusy, Poll);
                State = DfuState.DownloadIdle;
                return Done(answer) with { BusyAfter = _block == 0 ? Command() : Program() };
            case DfuState.ManifestSync:
                _board.Reset("leave", BootCause.Software);
                return Done(Answer(DfuState.Manifest, TimeSpan.Zero));
            default:
                return Done(Answer(State, TimeSpan.Zero));
        }
    }

    // Only the first byte is looked at: without an address the one that stands in the buffer is taken.
    private TimeSpan Command()
    {
        _rewritesVectors = false;
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
            _board.Log(BoardEventKind.Flash, "erase of the first page skipped");
            return TimeSpan.Zero;
        }

        if (!_board.Flash.Contains(address))
        {
            Violation($"erase of 0x{address:X8}: no flash there");
            return TimeSpan.Zero;
        }

        var page = _board.Flash.SectorAt(address);
        if (page == 0 || address >= OwnPages)
        {
            Violation($"erase of 0x{address:X8}: {(page == 0 ? "the bootloader's vectors" : "the bootloader itself")}");
        }

        if (address >= OwnPages)
        {
            _board.Hang("the bootloader has erased itself");
        }

        return ErasePage(page);
    }

    private TimeSpan ErasePage(int page)
    {
        _board.Log(BoardEventKind.Flash, $"erase sector {page} at 0x{_board.Flash.Part.Sectors[page].Address:X8}");
        return _board.Flash.Erase(page);
    }

    private TimeSpan Program()
    {
        // Half-words; the last one is filled from the buffer.
        var address = _pointer + (uint)((_block - 2) * TransferSize);
        var data = _buffer.AsSpan(0, (_length + 1) / 2 * 2);
        if (!_board.Flash.Contains(address, data.Length))
        {
            Violation($"program at 0x{address:X8}: no flash there");
            _board.Hang("bus fault in the bootloader");
            return TimeSpan.Zero;
        }

        var took = address == FlashBase ? SwapVectors() : TimeSpan.Zero;
        if (address + (long)data.Length > OwnPages)
        {
            Violation($"program at 0x{address:X8}: the bootloader itself");
        }

        if (!_board.Flash.Accepts(address, data))
        {
            Violation($"program at 0x{address:X8}: not erased, and the status says OK");
        }

        _rewritesVectors = took > TimeSpan.Zero;
        _board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}");
        return took + _board.Flash.Program(address, data);
    }

    private TimeSpan SwapVectors()
    {
        var sketch = _buffer.AsSpan(SketchVectors, 8);
        if (sketch.ContainsAnyExcept((byte)0))
        {
            return TimeSpan.Zero;
        }

        // From here until the page is programmed it has no vectors: a power failure costs the bootloader.
        var own = _board.Flash.Read(FlashBase, 8).ToArray();
        var took = ErasePage(0);
        _buffer.AsSpan(0, 8).CopyTo(sketch);
        own.CopyTo(_buffer, 0);
        return took;
    }

    private ControlReply Refuse(UsbSetup setup)
    {
        Violation($"request {setup.Request} of {setup.Length} bytes: not supported");
        return Stall();
    }

    private void Violation(string text) => _board.Log(BoardEventKind.Violation, text);

    private static byte[] Answer(DfuState state, TimeSpan poll) => [0, (byte)poll.TotalMilliseconds, 0, 0, (byte)state, 0];

    private static UsbIdentity Identify() => new(
        0x0483,
        0xDF11,
        UsbRelease: 0x0200,
        Release: 0x0200,
        DeviceClass: 0,
        ["HCHEW", "STM32 DFU Emulation", "6701173555518970066AFF53", Map],
        DfuDescriptors.Configuration(1, attributes: 0x09, TransferSize, DfuFunctionalDescriptor.DfuSeVersion));
}
