using System.Buffers.Binary;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The DFU class of ST's USB device middleware (usbd_dfu.c), on which ST's own and most DfuSe bootloaders stand. An
/// operation is asked for by DNLOAD, and carried out inside the GETSTATUS that answers dfuDNBUSY: between its data
/// and its status stage, so that the transfer itself takes as long.
/// </summary>
public abstract class DfuSeFunction : UsbFunction
{
    private const ushort CommandBlock = 0;
    private const ushort FirstDataBlock = 2;
    private readonly int _transferSize;
    private byte[] _data = [];
    private ushort _block;
    private bool _manifesting;

    /// <summary>A device in DFU mode.</summary>
    /// <param name="identity">Its descriptors.</param>
    /// <param name="board">The board it runs on.</param>
    /// <param name="transferSize">wTransferSize.</param>
    protected DfuSeFunction(UsbIdentity identity, IBoardCore board, int transferSize)
        : base(identity)
    {
        Board = board;
        _transferSize = transferSize;
    }

    /// <summary>The board it runs on.</summary>
    protected IBoardCore Board { get; }

    /// <summary>bState.</summary>
    public DfuState State { get; protected set; } = DfuState.Idle;

    /// <summary>bStatus.</summary>
    protected DfuStatusCode Status { get; set; }

    /// <summary>The address pointer; ST's default is the base of the flash.</summary>
    public uint Pointer { get; protected set; } = 0x0800_0000;

    /// <summary>The commands that UPLOAD of block 0 names.</summary>
    protected abstract byte[] Commands { get; }

    /// <summary>bwPollTimeout of the GETSTATUS that carries out an operation.</summary>
    /// <param name="command">The command byte, or null for data.</param>
    protected abstract TimeSpan PollTimeout(byte? command);

    /// <summary>Sets the address pointer.</summary>
    protected abstract void SetAddress(uint address);

    /// <summary>Erases the sector that holds an address.</summary>
    /// <returns>How long it takes, or null if it failed; a failure sets state and status itself.</returns>
    protected abstract TimeSpan? Erase(uint address);

    /// <summary>Programs data.</summary>
    /// <returns>How long it takes, or null if it failed; a failure sets state and status itself.</returns>
    protected abstract TimeSpan? Program(uint address, ReadOnlySpan<byte> data);

    /// <summary>Reads memory; null if the device hangs there.</summary>
    /// <returns>The bytes, and how long the device takes for them.</returns>
    protected abstract (byte[] Data, TimeSpan Busy)? ReadMemory(uint address, int length);

    /// <summary>Carries out the request to leave.</summary>
    /// <param name="status">The 6 bytes of the GETSTATUS that says dfuMANIFEST.</param>
    protected abstract ControlReply Leave(byte[] status);

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if ((setup.RequestType & 0x7F) != 0x21)
        {
            return Stall();
        }

        switch ((DfuRequest)setup.Request)
        {
            case DfuRequest.Detach when !setup.IsIn:
                Board.Reset("DETACH", intoBootloader: true);
                return Done();
            case DfuRequest.Download when !setup.IsIn:
                return Download(setup, data);
            case DfuRequest.Upload when setup.IsIn:
                return Upload(setup);
            case DfuRequest.GetStatus when setup.IsIn:
                return GetStatus(setup);
            case DfuRequest.ClearStatus when !setup.IsIn:
                ClearStatus();
                return Done();
            case DfuRequest.GetState when setup.IsIn:
                return Done(new[] { (byte)State }.AsMemory(0, Math.Min(1, (int)setup.Length)));
            case DfuRequest.Abort when !setup.IsIn:
                Abort();
                return Done();
            default:
                return Stall();
        }
    }

    /// <summary>Takes a block; it is carried out by the next GETSTATUS.</summary>
    protected virtual ControlReply Download(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (State is not (DfuState.Idle or DfuState.DownloadIdle) || data.Length > _transferSize || (setup.Value == 1 && data.Length > 0))
        {
            Board.Log(BoardEventKind.Violation, $"DNLOAD of block {setup.Value}, {data.Length} bytes, in {State.Name()}");
            Fail(DfuStatusCode.ErrStalledPacket);
            return Stall();
        }

        if (data.IsEmpty)
        {
            _manifesting = true;
            State = DfuState.ManifestSync;
            return Done();
        }

        _block = setup.Value;
        _data = data.ToArray();
        State = DfuState.DownloadSync;
        return Done();
    }

    private ControlReply Upload(UsbSetup setup)
    {
        if (State is not (DfuState.Idle or DfuState.UploadIdle) || setup.Value == 1)
        {
            Board.Log(BoardEventKind.Violation, $"UPLOAD of block {setup.Value} in {State.Name()}");
            Fail(DfuStatusCode.ErrStalledPacket);
            return Stall();
        }

        if (setup.Length == 0)
        {
            State = DfuState.Idle;
            return Done();
        }

        if (setup.Value == CommandBlock)
        {
            State = setup.Length > Commands.Length ? DfuState.Idle : DfuState.UploadIdle;
            return Done(Commands.AsMemory(0, Math.Min(Commands.Length, setup.Length)));
        }

        State = DfuState.UploadIdle;
        var address = Pointer + (uint)((setup.Value - FirstDataBlock) * _transferSize);
        if (ReadMemory(address, setup.Length) is { } read)
        {
            return Done(read.Data, read.Busy);
        }

        Board.Log(BoardEventKind.Violation, $"UPLOAD at 0x{address:X8}, past the end of the memory: the bootloader hangs");
        return new ControlReply(ControlOutcome.Silent, default, default);
    }

    private ControlReply GetStatus(UsbSetup setup)
    {
        if (setup.Length < DfuStatus.Size)
        {
            return Stall();
        }

        if (State == DfuState.DownloadSync && _data.Length > 0)
        {
            return Execute();
        }

        if (State == DfuState.DownloadSync)
        {
            State = DfuState.DownloadIdle;
        }

        if (State == DfuState.ManifestSync && _manifesting)
        {
            State = DfuState.Manifest;
            return Leave(Answer(TimeSpan.FromMilliseconds(1)));
        }

        return Done(Answer(TimeSpan.Zero));
    }

    private ControlReply Execute()
    {
        var (block, data) = (_block, _data);
        (_block, _data) = (0, []);
        State = DfuState.DownloadBusy;
        var answer = Answer(PollTimeout(block == CommandBlock ? data[0] : null));
        var took = block == CommandBlock
            ? Command(data)
            : Program(Pointer + (uint)((block - FirstDataBlock) * _transferSize), data);
        if (took is not null)
        {
            State = DfuState.DownloadSync;
        }

        return Done(answer, took ?? TimeSpan.Zero);
    }

    private TimeSpan? Command(byte[] data)
    {
        switch (data)
        {
            case [0x21, _, _, _, _]:
                SetAddress(BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(1)));
                return TimeSpan.Zero;
            case [0x41, _, _, _, _]:
                // Erasing moves the pointer.
                Pointer = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(1));
                return Erase(Pointer);
            default:
                Board.Log(BoardEventKind.Violation, $"unknown command {Convert.ToHexString(data)}");
                return TimeSpan.Zero;
        }
    }

    /// <summary>CLRSTATUS: out of dfuERROR, and anywhere else into it.</summary>
    protected virtual void ClearStatus()
    {
        if (State == DfuState.Error)
        {
            State = DfuState.Idle;
            Status = DfuStatusCode.Ok;
        }
        else
        {
            Board.Log(BoardEventKind.Violation, $"CLRSTATUS in {State.Name()}");
            Fail(DfuStatusCode.ErrUnknown);
        }
    }

    private void Abort()
    {
        if (State is DfuState.Idle or DfuState.DownloadSync or DfuState.DownloadIdle or DfuState.ManifestSync or DfuState.UploadIdle)
        {
            State = DfuState.Idle;
            Status = DfuStatusCode.Ok;
            _data = [];
            _manifesting = false;
        }
    }

    /// <summary>Enters dfuERROR.</summary>
    protected void Fail(DfuStatusCode code)
    {
        State = DfuState.Error;
        Status = code;
    }

    private byte[] Answer(TimeSpan poll)
    {
        var milliseconds = (int)poll.TotalMilliseconds;
        return [(byte)Status, (byte)milliseconds, (byte)(milliseconds >> 8), (byte)(milliseconds >> 16), (byte)State, 0];
    }
}
