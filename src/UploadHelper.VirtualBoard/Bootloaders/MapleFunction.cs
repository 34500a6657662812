using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The DFU class of the Maple bootloaders (dfu.c, usb.c, main.c). Every class request keeps it in DFU mode until a
/// reset and clears bStatus; only UPLOAD uses wBlockNum; it checks no address.
/// </summary>
public sealed class MapleFunction : StLibraryFunction, IDfuFunction
{
    private readonly IMicrocontroller _board;
    private readonly MapleBuild _build;
    private readonly TimeSpan? _windowEnds;
    private readonly MapleFlash _flash;
    private readonly byte[] _buffer = new byte[2048];
    private bool _refused;
    private TimeSpan _poll;
    private bool _busy;
    private uint? _start;
    private int _done;
    private int _length;
    private int _uploadLength;
    private TimeSpan? _copyEnds;
    private bool _copied;

    /// <summary>The bootloader, just started.</summary>
    /// <param name="board">The board.</param>
    /// <param name="build">Which build.</param>
    /// <param name="stays">Whether it waits for a host without limit: it was requested, or there is no sketch.</param>
    public MapleFunction(IMicrocontroller board, MapleBuild build, bool stays)
        : base(build.Identity, build.Starts.Count)
    {
        _board = board;
        _build = build;
        _flash = new MapleFlash(board, build);
        _windowEnds = stays ? null : board.Now + build.BootWindow;
    }

    /// <inheritdoc/>
    public DfuState State { get; private set; } = DfuState.Idle;

    /// <inheritdoc/>
    public override TimeSpan? NextEventAt => _copyEnds ?? (_busy ? null : _windowEnds);

    /// <inheritdoc/>
    public override void AdvanceTo(TimeSpan now)
    {
        if (now >= _copyEnds)
        {
            _copyEnds = null;
            _copied = true;
        }
        else if (!_busy && now >= _windowEnds && _build.SketchIn(_board.Flash) is { } sketch)
        {
            _board.StartSketch(sketch);
        }
    }

    /// <inheritdoc/>
    public override void BusReset()
    {
        base.BusReset();
        _done = 0;
        if (State != DfuState.Idle)
        {
            _board.Reset($"bus reset in {State.Name()}", BootCause.Software);
        }
    }

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if ((setup.RequestType & 0x7F) != 0x21)
        {
            return Stall();
        }

        _busy = true;
        _refused = false;
        var request = (DfuRequest)setup.Request;
        var took = Enter(request, setup);
        if (_refused)
        {
            return Stall();
        }

        return request switch
        {
            _ when setup.Length == 0 => Done(busy: took),
            DfuRequest.GetStatus => Done(Answer().AsMemory(0, Math.Min(DfuStatus.Size, (int)setup.Length)), took),
            DfuRequest.GetState => Done(new[] { (byte)State }),
            DfuRequest.Download => Receive(data, took),
            DfuRequest.Upload => Send(setup.Length),
            _ => Stall(),
        };
    }

    // dfuUpdateByRequest(): enters the next state; returns how long that takes.
    private TimeSpan Enter(DfuRequest request, UsbSetup setup)
    {
        switch (State, request)
        {
            case (DfuState.Idle, DfuRequest.Download) when setup.Length > 0:
                return Begin(setup);
            case (DfuState.Idle, DfuRequest.Upload):
                BeginUpload(setup);
                break;
            case (DfuState.Idle or DfuState.DownloadIdle, DfuRequest.Abort or DfuRequest.GetStatus or DfuRequest.GetState):
            case (DfuState.UploadIdle, DfuRequest.Abort):
                State = DfuState.Idle;
                break;
            case (DfuState.DownloadSync, DfuRequest.GetStatus):
                return Execute();
            case (DfuState.DownloadBusy, _):
                EndExecute();
                break;
            case (DfuState.DownloadIdle, DfuRequest.Download):
                State = setup.Length > 0 ? DfuState.DownloadSync : DfuState.ManifestSync;
                break;
            case (DfuState.ManifestSync, DfuRequest.GetStatus):
                State = DfuState.ManifestWaitReset;
                break;
            case (DfuState.UploadIdle, DfuRequest.Upload) when setup.Length > 0:
                ContinueUpload(setup);
                break;
            case (DfuState.Error, DfuRequest.ClearStatus):
                State = DfuState.Idle;
                break;
            case (DfuState.DownloadSync or DfuState.ManifestSync, DfuRequest.GetState):
            case (DfuState.UploadIdle or DfuState.Error, DfuRequest.GetStatus or DfuRequest.GetState):
            case (DfuState.ManifestWaitReset, _):
                break;
            default:
                Fail(request, setup);
                break;
        }

        return TimeSpan.Zero;
    }

    private TimeSpan Begin(UsbSetup setup)
    {
        _done = 0;
        _start = StartOf(AlternateSetting);
        if (_start is null && _build.UsesBackupRegister)
        {
            Fail(DfuRequest.Download, setup);
            return TimeSpan.Zero;
        }

        State = DfuState.DownloadSync;
        if (!_build.UsesBackupRegister)
        {
            return TimeSpan.Zero;
        }

        _board.BackupRegister = MapleBuild.JustUploaded;
        return _build.AlsoErased is { } page && _start != page ? _flash.Erase(page) : TimeSpan.Zero;
    }

    // The STM32duino bootloader programs here; the others program in their main loop, and report dfuDNBUSY.
    private TimeSpan Execute()
    {
        if (_build.BusyPoll is not { } poll || _start is null)
        {
            State = DfuState.DownloadIdle;
            return Copy();
        }

        State = DfuState.DownloadBusy;
        _poll = poll;
        _copyEnds = _board.Now + Copy();
        return TimeSpan.Zero;
    }

    private void EndExecute()
    {
        if (_copied)
        {
            // It clears only the low byte of the time-out: the F4 port's stays at 0x100 in dfuDNLOAD-IDLE.
            State = DfuState.DownloadIdle;
            _poll = TimeSpan.FromMilliseconds((int)_poll.TotalMilliseconds & ~0xFF);
            _copied = false;
        }
    }

    private TimeSpan Copy()
    {
        var took = _start is { } start ? _flash.Program(start + (uint)_done, _buffer.AsSpan(0, (_length + 3) / 4 * 4)) : TimeSpan.Zero;
        _done += _length;
        _length = 0;
        return took;
    }

    private void BeginUpload(UsbSetup setup)
    {
        State = DfuState.UploadIdle;
        _start = StartOf(AlternateSetting);
        _uploadLength = setup.Length;
        _length = _uploadLength;
        _done = _uploadLength * setup.Value;
        if (_start is null && _build.UsesBackupRegister)
        {
            Fail(DfuRequest.Upload, setup);
        }
    }

    private void ContinueUpload(UsbSetup setup)
    {
        var end = _board.Flash.Base + (long)_board.Flash.Bytes.Length;
        _done = _uploadLength * setup.Value;
        _length = _uploadLength;
        if (_start + _done + _uploadLength > end)
        {
            var rest = end - _start!.Value - _done;
            _length = rest < 0 || rest >= setup.Length ? 0 : (int)rest;
            State = DfuState.Idle;
        }
    }

    private ControlReply Receive(ReadOnlySpan<byte> data, TimeSpan took)
    {
        if (data.Length > _build.PageSize)
        {
            _board.Log(BoardEventKind.Violation, $"DNLOAD of {data.Length} bytes; a block has {_build.PageSize}");
        }

        if (data.Length > _buffer.Length)
        {
            _board.Hang("a block overruns its buffer");
            return Done();
        }

        _length = data.Length;
        data.CopyTo(_buffer);
        return Done(busy: took);
    }

    private ControlReply Send(int wanted)
    {
        // Data_Setup0() takes an answer of no bytes for an unknown request, and sends no more than was asked for.
        if (_length == 0)
        {
            return Stall();
        }

        var length = Math.Min(_length, wanted);

        if (_start is not { } start || !_build.CanUpload)
        {
            // RAM is not modelled, and the answer of the F4 port is not known (dfuCopyUPLOAD gives no length).
            return Done(new byte[length]);
        }

        var address = start + (uint)_done;
        if (_board.Flash.Contains(address, length))
        {
            return Done(_board.Flash.Read(address, length).ToArray(), BusModel.ReadTime(length));
        }

        _board.Log(BoardEventKind.Violation, $"UPLOAD at 0x{address:X8}, past the end of the flash");
        _board.Hang("bus fault in the bootloader");
        return Done();
    }

    private uint? StartOf(int alternateSetting) => alternateSetting < _build.Starts.Count ? _build.Starts[alternateSetting] : null;

    // The next request clears bStatus, so that no host ever sees it.
    private void Fail(DfuRequest request, UsbSetup setup)
    {
        if (setup.Length > 0)
        {
            _board.Log(BoardEventKind.Violation, $"{request} of {setup.Length} bytes in {State.Name()}, alternate setting {AlternateSetting}");
        }

        State = DfuState.Error;
        _refused = true;
    }

    private byte[] Answer() => new DfuStatus(DfuStatusCode.Ok, _poll, State).ToBytes();
}
