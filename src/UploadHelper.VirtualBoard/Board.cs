using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard;

/// <summary>A virtual board: flash, a bootloader, a sketch, and its USB port. It is passive: its user advances its time.</summary>
public sealed class Board : IUsbPort, IFaultTarget
{
    // Stack pointer and reset vector.
    private const int VectorSize = 8;

    private readonly IBoardKind _made;
    private readonly SimulationOptions _options;
    private readonly Action<BoardEvent> _events;
    private readonly List<BoardEvent> _violations = [];
    private readonly FaultInjector _faults;
    private readonly BoardUsb _usb;
    private readonly BoardUart? _uart;
    private IBoardKind _kind;
    private bool _isInRom;
    private (TimeSpan At, Action Work)? _pending;

    /// <summary>A board that has just been plugged in.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="flash">Its flash.</param>
    /// <param name="spiFlash">The flash chip on its SPI, or null.</param>
    /// <param name="options">How it starts.</param>
    /// <param name="events">Called for each event.</param>
    internal Board(IBoardKind kind, FlashMemory flash, FlashMemory? spiFlash, SimulationOptions options, Action<BoardEvent> events)
    {
        _made = kind;
        _kind = WrittenBootloader.In(flash) ?? kind;
        _options = options;
        _events = events;
        Flash = flash;
        SpiFlash = spiFlash;
        _faults = new FaultInjector(this, options.Faults);
        _usb = new BoardUsb(this, _faults);
        _uart = options.HasAdapter && kind.Uart is { } chip
            ? new BoardUart(this, chip, options, () => Reset("NRST released", BootCause.ResetButton), HoldInReset)
            : null;
        _uart?.Connect();
        if (_uart?.IsHeld == true)
        {
            Log(BoardEventKind.Start, "the serial adapter keeps the chip in reset");
        }
        else if (options.Start != StartState.Sketch || options.Boot0 || _uart?.IsBoot0High == true)
        {
            Boot(Boot0Or(BootCause.ByHand));
        }
        else if (_kind.ReadSketch(flash, _kind.SketchIn(flash)).Runs)
        {
            StartSketch(_kind.SketchIn(flash));
        }
        else
        {
            Boot(BootCause.Power);
        }
    }

    /// <summary>The name of the kind that it was made as; it boots as another if another bootloader is written to it.</summary>
    public string Name => _made.Name;

    /// <summary>The initial stack pointer of a sketch for it: the end of its RAM.</summary>
    public uint StackPointer => _made.StackPointer;

    /// <inheritdoc/>
    public TimeSpan Now { get; private set; }

    /// <inheritdoc/>
    public FlashMemory Flash { get; }

    /// <inheritdoc/>
    public FlashMemory? SpiFlash { get; }

    /// <summary>How many sectors were erased, in all memories.</summary>
    public int SectorsErased => Flash.Erases.Sum() + (SpiFlash?.Erases.Sum() ?? 0);

    /// <summary>How many bytes were programmed, in all memories.</summary>
    public long BytesProgrammed => Flash.BytesProgrammed + (SpiFlash?.BytesProgrammed ?? 0);

    /// <inheritdoc/>
    public ushort BackupRegister { get; set; }

    /// <summary>The sketch that runs, or null while a bootloader does.</summary>
    public SketchInFlash? RunningSketch { get; private set; }

    /// <summary>Its state and what was done to it, for reports.</summary>
    public SimulationSummary Summary => new(
        Name, SectorsErased, BytesProgrammed, _violations.Count, RunningSketch?.Name, RunningSketch?.Address, Attached is not null);

    /// <summary>What the host did wrong.</summary>
    public IReadOnlyList<BoardEvent> Violations => _violations;

    /// <summary>Number of control transfers, standard requests included.</summary>
    public int ControlTransfers => _usb.ControlTransfers;

    /// <summary>Number of class requests to its bootloader.</summary>
    public int DfuRequests => _usb.DfuRequests;

    /// <summary>Number of control transfers to a bootloader, standard requests included; faults use this count.</summary>
    public int BootloaderTransfers => _faults.Transfers;

    /// <summary>Injects a fault.</summary>
    /// <param name="fault">The fault; its transfer is counted from now.</param>
    public void InjectFault(Fault fault) => _faults.Add(fault);

    /// <summary>Removes all faults.</summary>
    public void ClearFaults() => _faults.Clear();

    /// <summary>Plugs in a second board of the kind; does nothing by default.</summary>
    internal Action Twin { private get; set; } = () => { };

    /// <inheritdoc/>
    public void PlugInTwin() => Twin();

    /// <inheritdoc/>
    public AttachedDevice? Attached => _usb.Attached;

    /// <summary>The device that is on the bus and answers, or null.</summary>
    public UsbFunction? Function => _usb.Function;

    /// <summary>The serial adapter at its ROM's USART, or null.</summary>
    public SerialAdapter? Adapter => _uart?.Adapter;

    /// <inheritdoc/>
    public TimeSpan? NextEventAt => _uart?.NextEventAt is { } uart && !(OwnEventAt <= uart) ? uart : OwnEventAt;

    private TimeSpan? OwnEventAt => _pending?.At ?? Function?.NextEventAt;

    /// <inheritdoc/>
    public void AdvanceTo(TimeSpan now)
    {
        while (NextEventAt is { } at && at <= now)
        {
            Now = at > Now ? at : Now;
            if (at != OwnEventAt)
            {
                _uart!.AdvanceTo(Now);
            }
            else if (_pending is { } pending)
            {
                _pending = null;
                pending.Work();
            }
            else
            {
                Function!.AdvanceTo(Now);
            }
        }

        if (now > Now)
        {
            Now = now;
            Function?.AdvanceTo(now);
            _uart?.AdvanceTo(now);
        }
    }

    /// <inheritdoc/>
    public ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data) => _usb.Control(setup, data);

    /// <inheritdoc/>
    public bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet) => Function?.BulkOut(endpoint, packet) ?? false;

    /// <inheritdoc/>
    public byte[]? BulkIn(byte endpoint, int maxLength) => Function?.BulkIn(endpoint, maxLength);

    /// <inheritdoc/>
    public void BusReset()
    {
        Log(BoardEventKind.Bus, "bus reset");
        if (_usb.IsGhost)
        {
            _usb.Detach("the host cannot enumerate it again");
        }
        else
        {
            Function?.BusReset();
        }
    }

    /// <summary>The host suspends the bus.</summary>
    public void Suspend()
    {
        Log(BoardEventKind.Bus, "bus suspend");
        Function?.Suspend();
    }

    /// <summary>Saves the memories that have files.</summary>
    /// <exception cref="IOException">One cannot be written.</exception>
    public void Save()
    {
        try
        {
            if (_options.FlashFile is { } file)
            {
                _options.SaveFile(file, Flash.Bytes.ToArray());
            }
        }
        finally
        {
            if (_options.SpiFile is { } spiFile && SpiFlash is not null)
            {
                _options.SaveFile(spiFile, SpiFlash.Bytes.ToArray());
            }
        }
    }

    /// <summary>Presses the RESET button.</summary>
    public void PressReset() => Reset("RESET button", BootCause.ResetButton);

    /// <summary>Presses RESET while BOOT0 is held, and then releases BOOT0.</summary>
    /// <exception cref="ArgumentException">The ROM has no USB.</exception>
    public void PressResetWithBoot0() =>
        Reset("RESET button, BOOT0 held", _made.HasUsbRom || _uart is not null ? BootCause.Boot0 : throw new ArgumentException($"the ROM of {Name} has no USB"));

    /// <summary>Pulls the cable.</summary>
    public void Unplug()
    {
        _usb.PowerLost();
        _usb.Detach("unplugged");
        _uart?.StopRom();
        BackupRegister = 0;
        _pending = null;
    }

    /// <summary>Plugs the cable in.</summary>
    public void Plug() => Reset("plugged in", BootCause.Power);

    /// <summary>From now on the board is in another port of the host.</summary>
    public void Move() => _usb.Move();

    /// <inheritdoc/>
    public void Reset(string why, BootCause cause)
    {
        if (_kind.StaysThroughReset && cause == BootCause.Software && _usb.HasBootloader && Core is null)
        {
            _usb.Haunt($"reset: {why}; the pull-up stays", GhostKind.Unpowered);
        }
        else
        {
            _usb.Detach($"reset: {why}");
        }

        RunningSketch = null;
        _uart?.StopRom();
        if (_uart?.IsHeld != true)
        {
            var found = Boot0Or(cause);
            _pending = (Now + Booting(found).BootTime(Flash, found), () => Boot(found));
        }
    }

    // What the processor executes after a reset: the ROM that the chip was made with, or what is in the flash now.
    private IBoardKind Booting(BootCause cause) => _kind = cause == BootCause.Boot0 ? _made : WrittenBootloader.In(Flash) ?? _made;

    /// <inheritdoc/>
    public void Hang(string why)
    {
        _uart?.StopRom();
        _usb.Silence($"no longer answers: {why}");
    }

    /// <inheritdoc/>
    public void Vanish(string why)
    {
        _uart?.StopRom();
        _usb.Detach(why);
    }

    /// <inheritdoc/>
    public void StartSketch(uint address)
    {
        if (_isInRom && address == Flash.Base && WrittenBootloader.In(Flash) is { } written)
        {
            StartWritten(written);
            return;
        }

        var enumerated = _usb.HasBootloader;
        var sketch = _kind.ReadSketch(Flash, address);
        var runs = sketch.Runs && Flash.IsReadable(address, VectorSize);
        Log(
            BoardEventKind.Start,
            $"sketch {sketch.Name} starts at 0x{address:X8}, stack pointer 0x{sketch.StackPointer:X8}, reset vector 0x{sketch.Reset:X8}"
            + (runs ? "" : ", and crashes"));
        RunningSketch = runs ? sketch : null;
        _uart?.StopRom();
        if (runs && Core is { } core)
        {
            _usb.Detach("the sketch takes the USB port");
            _pending = (Now + _kind.SketchTime, () => _usb.Attach(new SketchFunction(this, core, sketch.Name, _options.Prints)));
        }
        else if (enumerated && _kind.Ghost is { } ghost)
        {
            _usb.Haunt("the bootloader stays on the bus, but no longer answers", ghost);
        }
        else
        {
            _usb.Detach(runs ? "the sketch has no USB" : "the sketch has crashed");
        }
    }

    private void StartWritten(IBoardKind written)
    {
        Log(BoardEventKind.Start, $"the bootloader that was written to 0x{Flash.Base:X8} starts");
        _usb.Detach("the ROM has started it");
        _uart?.StopRom();
        _pending = (Now + written.BootTime(Flash, BootCause.Software), () => Boot(BootCause.Software));
    }

    /// <inheritdoc/>
    public void Log(BoardEventKind kind, string text)
    {
        var e = new BoardEvent(Now, kind, text);
        if (kind == BoardEventKind.Violation)
        {
            _violations.Add(e);
        }

        _events(e);
    }

    // The core of its sketches, or null if they have no USB.
    private SketchCore? Core => SketchCore.All.FirstOrDefault(c => c.Name == (_options.Sketch ?? _kind.DefaultSketch));

    private BootCause Boot0Or(BootCause cause) => _options.Boot0 || _uart?.IsBoot0High == true ? BootCause.Boot0 : cause;

    private void HoldInReset()
    {
        _usb.Detach("reset: NRST is low");
        _uart!.StopRom();
        RunningSketch = null;
        _pending = null;
    }

    private void Boot(BootCause cause)
    {
        // What the last program set in the flash interface is gone; one that finds it as it is after a reset says so itself.
        Flash.Times = Flash.Part.Times;
        var kind = Booting(cause);
        var bootloader = cause == BootCause.Boot0 && !kind.HasUsbRom ? null : kind.Boot(this, cause);
        if (_pending is not null)
        {
            // It has reset the chip.
            return;
        }

        _isInRom = bootloader is SystemBootloader;
        if (bootloader is null && cause is BootCause.Boot0 or BootCause.ByHand && _uart is not null)
        {
            _isInRom = true;
            Log(BoardEventKind.Start, "the ROM waits at its USART, and has no USB");
            _uart.StartRom(() => { });
        }
        else if (bootloader is not null)
        {
            if (bootloader is SystemBootloader)
            {
                _uart?.StartRom(() => _usb.Detach("the ROM has found a host at its USART"));
            }

            if (kind.RomStartsUsb)
            {
                _usb.Attach(bootloader);
            }
            else
            {
                Log(BoardEventKind.Start, "the bootloader waits at its serial port, and does not start USB");
            }
        }
        else
        {
            StartSketch(_kind.SketchIn(Flash));
        }
    }
}
