using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The DFU class of devanlai/dapboot at 8a1f099 (dfu.c, target_stm32f103.c) on libopencm3. It answers requests in the wrong
/// state as if they were right, ignores wBlockNum, and does not protect its own pages.
/// </summary>
public sealed class DapbootFunction : OpenCm3DfuFunction
{
    private readonly DapbootBuild _build;
    private readonly byte[] _buffer = new byte[TransferSize];

    // What libopencm3 receives to and builds answers in: an UPLOAD in a wrong state returns it.
    private readonly byte[] _control = new byte[TransferSize];
    private DfuStatusCode _status;
    private int _offset;
    private int _length;
    private bool _isManifested;

    // The part of the current page that is erased (target_flash_program_array()).
    private uint _erasedFrom;
    private long _erasedTo;

    /// <summary>The bootloader, just started.</summary>
    /// <param name="board">The board.</param>
    /// <param name="build">Which build.</param>
    public DapbootFunction(IMicrocontroller board, DapbootBuild build)
        : base(build.Identity, board, build.AlternateSetting + 1) => _build = build;

    /// <inheritdoc/>
    protected override void Answered(ReadOnlySpan<byte> data) => data[..Math.Min(data.Length, _control.Length)].CopyTo(_control);

    /// <inheritdoc/>
    private protected override ControlReply Request(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (setup.Index != 0)
        {
            return Refuse(setup);
        }

        if (!setup.IsIn)
        {
            data.CopyTo(_control);
        }

        switch ((DfuRequest)setup.Request)
        {
            case DfuRequest.GetState:
                return Reply(setup, [(byte)State]);
            case DfuRequest.GetStatus:
                return GetStatus(setup);
            case DfuRequest.ClearStatus:
                State = State == DfuState.Error ? DfuState.Idle : State;
                _status = DfuStatusCode.Ok;
                return Done();
            case DfuRequest.Download:
                Download(data);
                return Done();
            case DfuRequest.Abort:
                Abort();
                return Done();
            case DfuRequest.Upload when _build.CanUpload:
                return Upload(setup);
            case DfuRequest.Detach:
                Board.Reset("DETACH", BootCause.Software);
                return Done();
            default:
                Violation($"request {setup.Request}: unknown");
                Fail(DfuStatusCode.ErrStalledPacket);
                return Stall();
        }
    }

    // winusb.c: what Windows asks for with the code in the string 0xEE, before it selects a configuration, is answered: the driver is
    // WinUSB. It has no properties of its interface. webusb.c: what Chrome asks for, once configured: its page. (It sends all of that,
    // also to who asks for less; that is not modelled.) Both come from constants, so that the buffer keeps what is in it.
    /// <inheritdoc/>
    private protected override ControlReply Vendor(UsbSetup setup, bool isConfigured)
    {
        const byte Device = 0xC0, Interface = 0xC1;
        const ushort CompatibleIds = 4, Properties = 5, Url = 2;
        return (setup.RequestType, setup.Request, setup.Index) switch
        {
            (Device, DapbootBuild.WinUsbCode, CompatibleIds) => Cut(setup, DapbootBuild.CompatibleIds),
            (Interface, DapbootBuild.WinUsbCode, Properties) => Stall(),
            (Device, DapbootBuild.WebUsbCode, Url) when isConfigured && setup.Value == 1 => Cut(setup, DapbootBuild.LandingPage),
            _ => Refuse(setup),
        };
    }

    // What is longer than asked for cannot be received.
    private ControlReply Reply(UsbSetup setup, byte[] answer)
    {
        answer.CopyTo(_control, 0);
        return Cut(setup, answer);
    }

    private void Download(ReadOnlySpan<byte> data)
    {
        switch (State)
        {
            case DfuState.Idle when data.IsEmpty:
                // dfu.c asks for a STALL, and then reports the request as handled: the host sees none.
                Violation("DNLOAD of 0 bytes in dfuIDLE");
                Fail(DfuStatusCode.ErrStalledPacket);
                break;
            case DfuState.Idle:
                _offset = 0;
                _isManifested = false;
                Take(data);
                break;
            case DfuState.DownloadIdle when data.IsEmpty:
                State = DfuState.ManifestSync;
                break;
            case DfuState.DownloadIdle:
                Take(data);
                break;
            default:
                Violation($"DNLOAD of {data.Length} bytes in {State.Name()}: taken and lost");
                break;
        }
    }

    private void Take(ReadOnlySpan<byte> data)
    {
        _length = data.Length;
        data.CopyTo(_buffer);
        State = DfuState.DownloadSync;
    }

    private ControlReply GetStatus(UsbSetup setup)
    {
        switch (State)
        {
            case DfuState.DownloadSync:
                // It programs after the status stage; until then, the next request waits.
                State = DfuState.DownloadBusy;
                var busy = Reply(setup, Answer(Poll));
                return busy with { BusyAfter = Program() };
            case DfuState.ManifestSync when _isManifested:
                State = DfuState.Idle;
                return Reply(setup, Answer(TimeSpan.Zero));
            case DfuState.ManifestSync:
                State = DfuState.Manifest;
                var manifest = Reply(setup, Answer(TimeSpan.Zero));
                Manifest();
                return manifest;
            default:
                return Reply(setup, Answer(TimeSpan.Zero));
        }
    }

    private void Manifest()
    {
        _isManifested = _build.HasSketch(Board.Flash);
        if (!_isManifested)
        {
            Fail(DfuStatusCode.ErrFirmware);
            return;
        }

        State = DfuState.ManifestSync;
        if (_build.WillDetach)
        {
            Board.Reset("leave", BootCause.Software);
        }
    }

    private void Abort()
    {
        if (State is DfuState.DownloadSync or DfuState.DownloadIdle or DfuState.ManifestSync or DfuState.UploadIdle)
        {
            State = DfuState.Idle;
        }
    }

    private ControlReply Upload(UsbSetup setup)
    {
        if (State is not (DfuState.Idle or DfuState.UploadIdle))
        {
            Violation($"UPLOAD in {State.Name()}: returns what is in the buffer");
            return Done(_control.AsMemory(0, Math.Min(setup.Length, _control.Length)).ToArray());
        }

        if (State == DfuState.Idle)
        {
            _offset = 0;
        }

        var most = (int)(_build.FlashEnd - _build.Start);
        var length = (int)setup.Length;
        State = _offset + length > most ? DfuState.Idle : DfuState.UploadIdle;
        length = Math.Min(length, most - _offset);
        var address = _build.Start + (uint)_offset;
        if (!Board.Flash.Contains(address, length))
        {
            Violation($"UPLOAD at 0x{address:X8}: no flash there");
            Board.Hang("bus fault in the bootloader");
            return Done();
        }

        var data = Board.Flash.Read(address, length).ToArray();
        if (_build.IsHigh && _offset < DapbootBuild.VectorTableSize)
        {
            AsSketch(data);
        }

        _offset += length;
        return Done(data, BusModel.ReadTime(length));
    }

    // The sketch's stack pointer and reset vector stand where they were in its file, and 0 where they are kept.
    private void AsSketch(byte[] data)
    {
        var table = Board.Flash.Read(_build.Start, TransferSize).ToArray();
        table.AsSpan(DapbootBuild.SketchVectors, 8).CopyTo(table);
        table.AsSpan(DapbootBuild.SketchVectors, 8).Clear();
        var length = Math.Min(data.Length, table.Length - _offset);
        table.AsSpan(_offset, length).CopyTo(data);
    }

    // dfu_on_download_request().
    private TimeSpan Program()
    {
        if (_build.IsHigh && _offset == 0)
        {
            if (_length < DapbootBuild.SketchVectors + 4)
            {
                // It goes on all the same, with the block as it is, and the state is dfuDNLOAD-IDLE in the end.
                Violation($"first block of {_length} bytes: the bootloader's vectors are not put in");
                _status = DfuStatusCode.ErrVendor;
            }
            else
            {
                _buffer.AsSpan(0, 8).CopyTo(_buffer.AsSpan(DapbootBuild.SketchVectors));
                DapbootBuild.OwnVectors.CopyTo(_buffer, 0);
            }
        }

        if (_length % 2 != 0)
        {
            Violation($"block of {_length} bytes: the last is not written, and the next block goes to an odd address");
        }

        var address = _build.Start + (uint)_offset;
        RewritesVectors = _build.IsHigh && _offset == 0;
        var (isRight, took) = ProgramHalfWords(address, _buffer.AsSpan(0, _length / 2 * 2));
        if (isRight)
        {
            _offset += _length;
            State = DfuState.DownloadIdle;
        }
        else if (took != Forever)
        {
            Fail(DfuStatusCode.ErrVerify);
        }

        return took;
    }

    // target_flash_program_array(): erases each page that it enters, and compares each half-word.
    private (bool IsRight, TimeSpan Took) ProgramHalfWords(uint address, ReadOnlySpan<byte> data)
    {
        var took = TimeSpan.Zero;
        while (!data.IsEmpty)
        {
            if (address >= _build.FlashEnd)
            {
                return (false, took);
            }

            if (!Board.Flash.Contains(address, 2) || (_build.OwnPages is { } own && address / _build.PageSize * _build.PageSize + _build.PageSize > own))
            {
                Violation($"program at 0x{address:X8}: {(Board.Flash.Contains(address, 2) ? "the bootloader itself" : "no flash there")}");
                Board.Hang("the bootloader is lost");
                return (false, Forever);
            }

            if (address < _erasedFrom || address >= _erasedTo)
            {
                (_erasedFrom, _erasedTo) = (address, address / _build.PageSize * _build.PageSize + (long)_build.PageSize);
                took += ErasePage(address / _build.PageSize * _build.PageSize);
            }

            var part = data[..(int)Math.Min(data.Length, _erasedTo - address)];
            Board.Log(BoardEventKind.Flash, $"program {part.Length} bytes at 0x{address:X8}");
            took += Board.Flash.Program(address, part);
            _erasedFrom = address + (uint)part.Length;
            if (!Board.Flash.Read(address, part.Length).SequenceEqual(part))
            {
                return (false, took);
            }

            address += (uint)part.Length;
            data = data[part.Length..];
        }

        return (true, took);
    }

    private void Fail(DfuStatusCode code)
    {
        State = DfuState.Error;
        _status = code;
    }

    private byte[] Answer(TimeSpan poll) => new DfuStatus(_status, poll, State).ToBytes();
}
