using System.Buffers.Binary;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The DFU class of ST's USB device middleware (usbd_dfu.c), which ST's own and most DfuSe bootloaders use. DNLOAD requests
/// an operation; the GETSTATUS that answers dfuDNBUSY executes it, between its data and its status stage, so that the
/// transfer takes as long as the operation.
/// </summary>
public abstract class DfuSeFunction : UsbFunction, IDfuFunction
{
    // An UPLOAD of the reserved block 1 writes a status code into the state.
    private const DfuState StateAfterReservedUpload = (DfuState)DfuStatusCode.ErrStalledPacket;

    private const ushort CommandBlock = 0;
    private const ushort ReservedBlock = 1;
    private const ushort FirstDataBlock = 2;
    private readonly int _transferSize;
    private readonly byte[] _buffer;
    private int _length;
    private ushort _block;
    private bool _manifesting;

    /// <summary>A device in DFU mode.</summary>
    /// <param name="identity">Its descriptors.</param>
    /// <param name="board">The board it runs on.</param>
    /// <param name="transferSize">wTransferSize.</param>
    protected DfuSeFunction(UsbIdentity identity, IMicrocontroller board, int transferSize)
        : base(identity)
    {
        Board = board;
        _transferSize = transferSize;
        _buffer = new byte[transferSize];
    }

    /// <summary>The board it runs on.</summary>
    protected IMicrocontroller Board { get; }

    /// <summary>bState.</summary>
    public DfuState State { get; protected set; } = DfuState.Idle;

    /// <summary>bStatus.</summary>
    protected DfuStatusCode Status { get; set; }

    /// <summary>The address pointer; ST's default is the base of the flash.</summary>
    public uint Pointer { get; protected set; } = 0x0800_0000;

    /// <summary>The one buffer for all blocks; a short block leaves the rest of the previous one in it.</summary>
    protected ReadOnlySpan<byte> Buffer => _buffer;

    /// <summary>Length of the block that the next GETSTATUS executes, in bytes.</summary>
    protected int Length => _length;

    /// <summary>The commands that UPLOAD of block 0 returns.</summary>
    protected abstract byte[] Commands { get; }

    /// <summary>bwPollTimeout of the GETSTATUS that executes an operation.</summary>
    /// <param name="command">The command byte, or null for data.</param>
    protected abstract TimeSpan PollTimeout(byte? command);

    /// <summary>Sets the address pointer.</summary>
    protected abstract void SetAddress(uint address);

    /// <summary>Executes a command that not all bootloaders have.</summary>
    /// <returns>How long it takes, or null if it failed; a failure sets state and status itself.</returns>
    protected virtual TimeSpan? OtherCommand(ReadOnlySpan<byte> command)
    {
        // It reports success.
        Board.Log(BoardEventKind.Violation, $"unknown command {Convert.ToHexString(command)}");
        return TimeSpan.Zero;
    }

    /// <summary>Erases the sector that holds an address.</summary>
    /// <returns>How long it takes, or null if it failed; a failure sets state and status itself.</returns>
    protected abstract TimeSpan? Erase(uint address);

    /// <summary>Programs data.</summary>
    /// <returns>How long it takes, or null if it failed; a failure sets state and status itself.</returns>
    protected abstract TimeSpan? Program(uint address, ReadOnlySpan<byte> data);

    /// <summary>Reads memory; null if reading hangs the device.</summary>
    /// <returns>The bytes, and how long the device takes.</returns>
    protected abstract (byte[] Data, TimeSpan Busy)? ReadMemory(uint address, int length);

    /// <summary>Answers the GETSTATUS that executes an operation; here the operation runs inside the transfer.</summary>
    /// <param name="answer">The 6 bytes.</param>
    /// <param name="took">How long the operation takes.</param>
    protected virtual ControlReply Executed(byte[] answer, TimeSpan took) => Done(answer, took);

    /// <summary>DETACH: here the device leaves the bus and enumerates again, still in DFU mode.</summary>
    protected virtual ControlReply Detach()
    {
        Board.Reset("DETACH", BootCause.ByHand);
        return Done();
    }

    /// <summary>Executes the request to leave DFU mode.</summary>
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
                return Detach();
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

    /// <summary>Accepts a block; the next GETSTATUS executes it.</summary>
    protected virtual ControlReply Download(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        // A refusal changes neither state nor status.
        if (State is not (DfuState.Idle or DfuState.DownloadIdle) || data.Length > _transferSize)
        {
            Board.Log(BoardEventKind.Violation, $"DNLOAD of block {setup.Value}, {data.Length} bytes, in {State.Name()}");
            return Stall();
        }

        if (data.IsEmpty)
        {
            _manifesting = true;
            State = DfuState.ManifestSync;
            return Done();
        }

        _block = setup.Value;
        _length = data.Length;
        data.CopyTo(_buffer);
        State = DfuState.DownloadSync;
        return Done();
    }

    private ControlReply Upload(UsbSetup setup)
    {
        if (setup.Length == 0)
        {
            State = DfuState.Idle;
            return Done();
        }

        if (State is not (DfuState.Idle or DfuState.UploadIdle) || setup.Value == ReservedBlock || setup.Length > _transferSize)
        {
            Board.Log(BoardEventKind.Violation, $"UPLOAD of block {setup.Value}, {setup.Length} bytes, in {State.Name()}");
            if (State is DfuState.Idle or DfuState.UploadIdle && setup.Value == ReservedBlock)
            {
                State = StateAfterReservedUpload;
            }

            return Stall();
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
            read.Data.CopyTo(_buffer, 0);
            return Done(read.Data, read.Busy);
        }

        Board.Log(BoardEventKind.Violation, $"UPLOAD at 0x{address:X8}: no readable memory there");
        Board.Hang("bus fault in the bootloader");
        return Done();
    }

    private ControlReply GetStatus(UsbSetup setup)
    {
        if (setup.Length < DfuStatus.Size)
        {
            return Stall();
        }

        // A failed operation runs again: the bootloader stays in dfuDNBUSY and keeps the block.
        if ((State is DfuState.DownloadSync or DfuState.DownloadBusy) && _length > 0)
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
        State = DfuState.DownloadBusy;
        var answer = Answer(PollTimeout(_block == CommandBlock ? _buffer[0] : null));
        var took = _block switch
        {
            CommandBlock => Command(_buffer.AsSpan(0, _length)),
            ReservedBlock => TimeSpan.Zero,
            _ => Program(Pointer + (uint)((_block - FirstDataBlock) * _transferSize), _buffer.AsSpan(0, _length)),
        };
        if (took is not null)
        {
            State = DfuState.DownloadSync;
            _length = 0;
        }

        return Executed(answer, took ?? TimeSpan.Zero);
    }

    private TimeSpan? Command(ReadOnlySpan<byte> data)
    {
        switch (data)
        {
            case [0x00]:
                return TimeSpan.Zero;
            case [0x21, _, _, _, _]:
                SetAddress(BinaryPrimitives.ReadUInt32LittleEndian(data[1..]));
                return TimeSpan.Zero;
            case [0x41, _, _, _, _]:
                // Erase also sets the address pointer.
                Pointer = BinaryPrimitives.ReadUInt32LittleEndian(data[1..]);
                return Erase(Pointer);
            default:
                return OtherCommand(data);
        }
    }

    /// <summary>CLRSTATUS: leaves dfuERROR; in any other state it enters it. It is the only way out of a dfuDNBUSY that never ends.</summary>
    protected virtual void ClearStatus()
    {
        if (State == DfuState.Error)
        {
            State = DfuState.Idle;
            Status = DfuStatusCode.Ok;
        }
        else
        {
            Board.Log(State == DfuState.DownloadBusy ? BoardEventKind.Request : BoardEventKind.Violation, $"CLRSTATUS in {State.Name()}");
            Fail(DfuStatusCode.ErrUnknown);
        }
    }

    private void Abort()
    {
        if (State is DfuState.Idle or DfuState.DownloadSync or DfuState.DownloadIdle or DfuState.ManifestSync or DfuState.UploadIdle)
        {
            State = DfuState.Idle;
            Status = DfuStatusCode.Ok;
            _length = 0;
            _manifesting = false;
        }
    }

    /// <summary>Enters dfuERROR.</summary>
    protected void Fail(DfuStatusCode code)
    {
        State = DfuState.Error;
        Status = code;
    }

    private byte[] Answer(TimeSpan poll) => new DfuStatus(Status, poll, State).ToBytes();
}
