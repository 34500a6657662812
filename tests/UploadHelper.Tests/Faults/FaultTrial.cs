using System.Buffers.Binary;
using System.Collections.Concurrent;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.Tests.Faults;

/// <summary>An upload in which something goes wrong, and the same one again without that; what was promised of both is looked at.</summary>
internal sealed class FaultTrial
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(30);

    // The same for all trials of a kind.
    private static readonly ConcurrentDictionary<FaultBench, Goal> Goals = [];

    private readonly FaultBench _kind;
    private readonly Bench _bench;
    private readonly UploadRequest _request;
    private readonly Goal _goal;
    private readonly Fault? _again;
    private readonly List<string> _broken = [];
    private SituationRecorder _recorder;
    private Start _start;
    private string? _halfStarted;
    private string _told = "";

    /// <summary>A trial.</summary>
    /// <param name="kind">The board.</param>
    /// <param name="options">What goes wrong, as options of the virtual board, each behind a comma.</param>
    /// <param name="again">What goes wrong when the upload is run again, its transfers counted from there on; or null. It is run once more then.</param>
    public FaultTrial(FaultBench kind, string options = "", Fault? again = null)
    {
        _kind = kind;
        _again = again;
        _bench = kind.Create(options);
        _request = kind.Request(_bench);
        _goal = Goals.GetOrAdd(kind, k => new Goal(k));
        _start = new Start(_bench);
        Assert.Equal(_goal.Before, _start.Flash);
        _recorder = new SituationRecorder(_bench, StateOfFlash);
        _bench.Seen = See;
    }

    /// <summary>The situations that the upload passed through.</summary>
    public IReadOnlyList<Situation> Situations { get; private set; } = [];

    /// <summary>The situations of the upload that was run again.</summary>
    public IReadOnlyList<Situation> SituationsAgain { get; private set; } = [];

    /// <summary>What no host can help, as the user was told before anything was written; or null.</summary>
    public string? Limit { get; private set; }

    /// <summary>How the upload ended.</summary>
    public string Outcome { get; private set; } = "";

    /// <summary>Carries it out.</summary>
    /// <returns>The promises that were broken.</returns>
    public IReadOnlyList<string> Run()
    {
        // A board without a port to tell its place could be mistaken for its twin.
        Upload(_bench.System.Boards.Count == 1 ? _request : _request with { Filter = _request.Filter with { UsbPath = "1-1" } });
        Situations = _recorder.Situations;
        if (!IsUsableAfter())
        {
            return _broken;
        }

        if (_again is { } fault)
        {
            BeReadyAgain();
            _bench.Board.InjectFault(fault);
            Upload(_request);
            SituationsAgain = _recorder.Situations;
            if (!IsUsableAfter())
            {
                return _broken;
            }
        }

        Again();
        CheckUntouched();
        return _broken;
    }

    private void Upload(UploadRequest request)
    {
        _start = new Start(_bench);
        _recorder = new SituationRecorder(_bench, StateOfFlash);
        _told = "";
        _halfStarted = null;
        try
        {
            var result = _bench.Upload(_recorder, request);
            Outcome = result.Verified ? "verified" : "written";
            if (!IsUnnoticed() && !IsComplete())
            {
                _broken.Add($"success was said (verified: {result.Verified}), and the flash is wrong");
            }
        }
        catch (UploadException e)
        {
            Outcome = e.Error.Code();
            _told = e.Message;
            CheckTold(e);
        }
        catch (Exception e)
        {
            _broken.Add($"{e.GetType().Name}: {e.Message}");
        }
    }

    // Looks at what an upload left behind. False if the bootloader is lost.
    private bool IsUsableAfter()
    {
        CheckUntouched();
        CheckVoltage();
        _bench.Board.ClearFaults();
        _bench.Wait(Settled);
        _bench.Board.PressReset();
        _bench.Wait(Settled);
        if (_halfStarted is { } start && !IsUnnoticed())
        {
            Excuse($"half a sketch is started: {start}", _kind.IsRiscV ? [_kind.Board] : ["maple", "hid", "dapboot"]);
            CheckSaid(InterruptedUpload.Incomplete, InterruptedUpload.LastBlock);
        }

        if (IsLost())
        {
            Excuse("the bootloader is lost", "h0wch33", "dapboot,boot=high", "dapboot,boot=skr-high");
            CheckSaid("bootloader is intact", InterruptedUpload.Incomplete, InterruptedUpload.IncompleteMayStart, InterruptedUpload.LastBlock);
            return false;
        }

        return true;
    }

    // A failure says what happened, how the board is, and what to do.
    private void CheckTold(UploadException e)
    {
        if (e.Error == UploadError.Internal || e.Hint.Length == 0)
        {
            _broken.Add($"a failure that teaches nothing: {e.Message}");
        }

        string[] states =
        [
            InterruptedUpload.EraseUnconfirmed, InterruptedUpload.FirstBlockUnconfirmed, InterruptedUpload.EndUnconfirmed,
            ErrorMessages.NothingErased, ErrorMessages.Unchanged, InterruptedUpload.Incomplete, InterruptedUpload.IncompleteMayStart, InterruptedUpload.LastBlock, InterruptedUpload.LastBlockOfCode,
            InterruptedUpload.LastSector,
            ErrorMessages.Written, InterruptedUpload.WrittenUnverified, InterruptedUpload.Unknown, InterruptedUpload.SketchIncomplete, InterruptedUpload.NothingElseErased,
        ];
        var said = states.Where(e.Message.Contains).ToList();
        if (said.Count == 0)
        {
            _broken.Add($"a failure that does not say how the board is: {e.Message}");
        }

        // The flash at this moment is the judge of every sentence; only what a board acknowledges and does not do escapes, if nothing can be read.
        foreach (var state in said.Where(_ => !IsUnnoticed()))
        {
            if (!IsTrue(state))
            {
                _broken.Add($"the flash is not as it is said to be: {e.Message}");
            }
        }
    }

    // The ROM must not go on with the wider accesses that one upload asked for, unless the user was told.
    private void CheckVoltage()
    {
        var warnings = _start.Events.OfType<UploadWarning>().Count(w => w.Code == WarningCode.VoltageKept);
        if (warnings > 1 || (warnings == 0 && _bench.Board.Function is F4Rom { VoltageRange: > 0 }))
        {
            _broken.Add($"the voltage range is kept, with {warnings} warnings");
        }
    }

    private bool IsTrue(string state) => state switch
    {
        ErrorMessages.NothingErased or ErrorMessages.Unchanged => IsAsBefore(),
        ErrorMessages.Written => IsComplete(),
        InterruptedUpload.WrittenUnverified => IsComplete() || FailsSilently(),
        InterruptedUpload.EraseUnconfirmed => IsAsBefore() || !CanStart(),

        // The same block erases the old sketch and holds all of the new one, or the first half of it.
        InterruptedUpload.FirstBlockUnconfirmed => (_kind.IsInOneGo || (_goal.IsOnePage && _kind.ErasesByWriting)) && (IsAsBefore() || HasNothingButTheNewSketch() || FlashFails()),
        InterruptedUpload.EndUnconfirmed => _kind.IsInOneGo && !IsAsBefore(),
        InterruptedUpload.Incomplete => !HasOldSketch() && !IsComplete() && !CanStart(),
        InterruptedUpload.IncompleteMayStart or InterruptedUpload.SketchIncomplete => !HasOldSketch() && !IsComplete(),

        // Only where it was written once more, or the board has said itself that it is damaged.
        InterruptedUpload.Unknown => _start.Events.Any(e => e is Recovering or UploadWarning { Code: WarningCode.WrittenAgain }) || FailsSilently() || Happened("status-7"),
        InterruptedUpload.LastSector => _kind.Board == "hid-f4" && IsCompleteBehind(_goal.LastBlock),
        InterruptedUpload.LastBlock => IsCompleteBehind(_goal.LastBlock) && (IsComplete() || !CanStart() || ((Happened("cut") || _kind.HasVectorsInHalves) && IsLeftOpen())),

        // Half of an instruction may be one.
        InterruptedUpload.LastBlockOfCode => IsCompleteBehind(_goal.LastBlock) && (IsComplete() || !CanStart() || _told.Contains("if the power failed", StringComparison.Ordinal)),
        InterruptedUpload.NothingElseErased => _bench.Board.SectorsErased == _start.Erased + 1,
        _ => throw new InvalidOperationException(state),
    };

    private bool HasNothingButTheNewSketch()
    {
        var flash = _bench.Board.Flash.Bytes;
        for (var i = _goal.From; i < _goal.To; i++)
        {
            if (flash[i] != 0xFF && flash[i] != _goal.Expected[i] && !(_kind.IsInOneGo && flash[i] == _start.Flash[i]))
            {
                return false;
            }
        }

        return true;
    }

    private bool CanStart() => _bench.Board.Flash.IsReadable(_goal.StackAt, sizeof(uint)) && (_kind.IsRiscV ? HasInstruction() : HasStack());

    private bool HasInstruction() => BinaryPrimitives.ReadUInt16LittleEndian(_bench.Flash(_goal.StackAt, sizeof(ushort))) is not (0 or ushort.MaxValue);

    private bool HasStack() => _bench.Board.Flash.Part.HasStackAt(BinaryPrimitives.ReadUInt32LittleEndian(_bench.Flash(_goal.StackAt, sizeof(uint))));

    // What came otherwise must have been left open.
    private void CheckSaid(params string[] untrue)
    {
        if (untrue.Any(_told.Contains) && !IsLeftOpen())
        {
            _broken.Add($"{Limit}, and what was said is: {_told}");
        }
    }

    private bool IsLeftOpen() => _told.Contains("if the power failed", StringComparison.Ordinal);

    private void CheckUntouched()
    {
        var flash = _bench.Board.Flash;
        if (!flash.Bytes[.._goal.From].SequenceEqual(_goal.Before.AsSpan(0, _goal.From)) || !flash.Bytes[_goal.To..].SequenceEqual(_goal.Before.AsSpan(_goal.To)))
        {
            _broken.Add("the flash outside the sketch has changed");
        }

        for (var i = 0; i < flash.Erases.Count; i++)
        {
            var at = flash.Part.Sectors[i].Address - flash.Base;
            if (flash.Erases[i] > 0 && (at < _goal.From || at >= _goal.To))
            {
                _broken.Add($"sector {i} was erased");
            }
        }

        if (!FlashFails() && _bench.Board.Violations.Count > _start.Violations)
        {
            _broken.Add($"violation: {_bench.Board.Violations[^1].Text}");
        }
    }

    // A ROM or processor that runs into erased flash starts no sketch.
    private void See(BoardEvent e)
    {
        _recorder.See(e);
        if (e.Kind == BoardEventKind.Start && e.Text.StartsWith("sketch", StringComparison.Ordinal) && !IsComplete() && !IsAsBefore() && CanStart())
        {
            _halfStarted ??= e.Text;
        }
    }

    private void BeReadyAgain()
    {
        foreach (var twin in _bench.System.Boards.Skip(1))
        {
            twin.Unplug();
        }

        if (_kind.IsStartedByHand || _bench.Board.Attached is null || _bench.System.SerialPorts.List().Count == 0)
        {
            _bench.Board.Reset("by hand", BootCause.ByHand);
        }
    }

    private void Again()
    {
        BeReadyAgain();
        _recorder = new SituationRecorder(_bench, StateOfFlash);
        try
        {
            _bench.Upload(_recorder, _request);
            SituationsAgain = _again is null ? _recorder.Situations : SituationsAgain;
            if (!IsComplete())
            {
                _broken.Add("the upload run again succeeds, and the flash is wrong");
            }
        }
        catch (UploadException e)
        {
            Excuse($"the upload run again fails: {e.Message}", "h747");
            AgainWithoutReading();
        }
    }

    private void AgainWithoutReading()
    {
        _bench.Board.Reset("by hand", BootCause.ByHand);
        try
        {
            _bench.Upload(_request with { Full = true });
        }
        catch (UploadException e)
        {
            _broken.Add($"with --full it fails too: {e.Message}");
        }
    }

    // What a device makes impossible is no broken promise if its user was told before the first erase.
    private void Excuse(string what, params string[] boards)
    {
        var told = _start.Events.TakeWhile(e => e is not FlashProgress { Phase: not FlashPhase.Compare })
            .OfType<UploadWarning>().Any(w => w.Code == WarningCode.DeviceLimit);
        if (told && boards.Any(b => _kind.Board.StartsWith(b, StringComparison.Ordinal)))
        {
            Limit = what;
        }
        else
        {
            _broken.Add(what);
        }
    }

    // Its own vectors are spoilt.
    private bool IsLost() => _kind.SharesVectors && !_bench.Board.Flash.Bytes[..8].SequenceEqual(_goal.Before.AsSpan(0, 8));

    private bool FlashFails() => FailsSilently() || Happened("cut");

    private bool FailsSilently() => Happened("lost") || Happened("bit");

    private bool Happened(string fault) => _bench.Log.Skip(_start.Log).Any(e => e.Text.StartsWith($"fault: {fault}", StringComparison.Ordinal));

    // On a board that cannot be read, as the user was told. Power that is lost is no such thing.
    private bool IsUnnoticed() => FailsSilently() && _start.Events.OfType<UploadWarning>().Any(w => w.Code == WarningCode.NotVerifiable);

    private bool IsAsBefore() => _bench.Board.Flash.Bytes.SequenceEqual(_start.Flash);

    private bool HasOldSketch() => _bench.Board.Flash.Bytes.SequenceEqual(_goal.Before);

    private bool IsComplete() => IsCompleteBehind(0);

    // How far the flash is, and whether a sketch could start from it.
    private string StateOfFlash() => IsComplete() ? "complete"
        : IsAsBefore() ? "as before"
        : (IsCompleteBehind(_goal.LastBlock) ? "all but the last block" : HasNothingButTheNewSketch() ? "in part" : "partly the old one")
            + (IsLost() ? ", bootloader lost" : CanStart() ? ", can start" : "");

    // Except for so many bytes from the start of the sketch.
    private bool IsCompleteBehind(int bytes)
    {
        foreach (var segment in _kind.Segments(_bench.Board.StackPointer).Select(s => s.Address == _kind.Address ? new Segment(s.Address + (uint)Math.Min(bytes, s.Data.Length), s.Data[Math.Min(bytes, s.Data.Length)..]) : s))
        {
            var at = (int)(segment.Address - _bench.Board.Flash.Base);
            if (!_bench.Board.Flash.Bytes.Slice(at, segment.Data.Length).SequenceEqual(_goal.Expected.AsSpan(at, segment.Data.Length)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How things were before an upload.</summary>
    private sealed class Start(Bench bench)
    {
        private readonly int _events = bench.Events.Count;

        /// <summary>All of the flash.</summary>
        public byte[] Flash { get; } = bench.Board.Flash.Bytes.ToArray();

        /// <summary>How long the board's log was.</summary>
        public int Log { get; } = bench.Log.Count;

        /// <summary>How many sectors had been erased.</summary>
        public int Erased { get; } = bench.Board.SectorsErased;

        /// <summary>How many violations there had been.</summary>
        public int Violations { get; } = bench.Board.Violations.Count;

        /// <summary>What the uploader has reported since.</summary>
        public IEnumerable<UploadEvent> Events => bench.Events.Skip(_events);
    }

    /// <summary>What a kind of board holds before and after the upload.</summary>
    private sealed class Goal
    {
        public Goal(FaultBench kind)
        {
            var board = kind.Create().Board;
            var flash = board.Flash;
            var segments = kind.Segments(board.StackPointer);
            var sectors = flash.Part.Sectors.Where(s => segments.Any(g => s.Address < g.End && s.End > g.Address)).ToList();
            IsOnePage = sectors.Count == 1;
            (From, To) = ((int)(sectors[0].Address - flash.Base), (int)(sectors[^1].End - flash.Base));
            Before = flash.Bytes.ToArray();
            Expected = flash.Bytes.ToArray();
            foreach (var segment in segments)
            {
                segment.Data.CopyTo(Expected.AsMemory((int)(segment.Address - flash.Base)));
            }

            StackAt = kind.Address;

            // Maple and HID bootloaders, h0wch33 and dapboot write a page or a sector at once, the others the words of the stack pointer.
            LastBlock = kind.Board == "hid-f4" ? 0x4000
                : kind.Board.StartsWith("maple", StringComparison.Ordinal) || kind.Board.StartsWith("hid", StringComparison.Ordinal) ? 2048
                : kind.HasVectorsInHalves ? 2048
                : kind.Board == "h0wch33" || kind.Board.StartsWith("dapboot", StringComparison.Ordinal) ? 1024
                : 32;
            if (kind.SharesVectors)
            {
                StackAt = kind.Address + 0x1C;

                // The sketch's stack pointer and reset vector stand where it keeps them, its own in their place.
                Expected.AsSpan(0, 8).CopyTo(Expected.AsSpan(0x1C));
                Before.AsSpan(0, 8).CopyTo(Expected);
            }
        }

        /// <summary>All of the flash before.</summary>
        public byte[] Before { get; }

        /// <summary>All of the flash after.</summary>
        public byte[] Expected { get; }

        /// <summary>Where the first sector of the sketch begins.</summary>
        public int From { get; }

        /// <summary>Whether it is all in one sector.</summary>
        public bool IsOnePage { get; }

        /// <summary>Where its last sector ends.</summary>
        public int To { get; }

        /// <summary>How many bytes are written last.</summary>
        public int LastBlock { get; }

        /// <summary>The address of the sketch's stack pointer.</summary>
        public uint StackAt { get; }
    }
}
