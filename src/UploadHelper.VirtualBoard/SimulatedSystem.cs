using System.Globalization;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.InProcess;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard;

/// <summary>The state of a virtual board and what was done to it.</summary>
/// <param name="Name">Its kind.</param>
/// <param name="SectorsErased">How many sectors were erased, in all memories.</param>
/// <param name="BytesProgrammed">How many bytes were programmed, in all memories.</param>
/// <param name="Violations">How often the host did what no host should do.</param>
/// <param name="Sketch">The name of the running sketch, or null if none runs.</param>
/// <param name="SketchAddress">Where that sketch starts, or null.</param>
/// <param name="IsOnBus">Whether a device of the board is on the bus: its sketch's serial port or its bootloader.</param>
public sealed record SimulationSummary(
    string Name, int SectorsErased, long BytesProgrammed, int Violations, string? Sketch, uint? SketchAddress, bool IsOnBus);

/// <summary>A simulated machine with virtual boards: its USB bus, its serial ports, its clock.</summary>
public sealed class SimulatedSystem : IDisposable
{
    /// <summary>Boards that have just started.</summary>
    /// <param name="options">Which, how many, and how they start.</param>
    /// <param name="events">Called for each event; from several threads if several flows use the boards.</param>
    /// <exception cref="FormatException">The flash file does not fit the board.</exception>
    /// <exception cref="IOException">The flash file cannot be read.</exception>
    public SimulatedSystem(SimulationOptions options, Action<BoardEvent> events)
    {
        Boards = [.. options.Each().Select(o => BoardFactory.Create(o, events))];
        if (options.Faults.Any(f => f.Kind == FaultKind.Twin))
        {
            Boards = [.. Boards, TwinOf(Board, options, events)];
        }

        Usb = new InProcessBus(Clock, Boards) { CanReset = options.CanReset, DeniedFor = options.DeniedFor, HeldFor = options.HeldFor };
        SerialPorts = new InProcessSerialPorts(Clock, Boards) { Adapters = [.. Boards.Where(b => b.Adapter is not null).Select(b => ((IUsbPort)b, b.Adapter!))] };
        Clock.Advance(TimeSpan.FromSeconds(1));
        foreach (var board in Boards)
        {
            board.AdvanceTo(Clock.Now);
        }
    }

    /// <summary>The boards; at least one.</summary>
    public IReadOnlyList<Board> Boards { get; }

    /// <summary>The first board.</summary>
    public Board Board => Boards[0];

    /// <summary>The state of each board and what was done to it.</summary>
    public IReadOnlyList<SimulationSummary> Summaries => [.. Boards.Select(b => b.Summary)];

    /// <summary>The clock of boards and host.</summary>
    public VirtualClock Clock { get; } = new();

    /// <summary>The bus with the boards.</summary>
    public IUsbBus Usb { get; }

    /// <summary>The serial ports: one per board, while its sketch runs, and one per serial adapter.</summary>
    public ISerialPorts SerialPorts { get; }

    // The twin is unplugged until the fault plugs it in.
    private Board TwinOf(Board board, SimulationOptions options, Action<BoardEvent> events)
    {
        var twin = BoardFactory.Create(options with { Faults = [], FlashFile = null, SpiFile = null }, events);
        twin.Unplug();
        board.Twin = () =>
        {
            lock (twin)
            {
                twin.AdvanceTo(Clock.Now);
                twin.Reset("plugged in with its button held", BootCause.ByHand);
            }
        };
        return twin;
    }

    /// <summary>Saves the memories that have files.</summary>
    /// <exception cref="IOException">One cannot be written.</exception>
    public void Dispose()
    {
        foreach (var board in Boards)
        {
            board.Save();
        }
    }
}

/// <summary>What a board does when the simulation starts.</summary>
public enum StartState
{
    /// <summary>An old sketch runs.</summary>
    Sketch,

    /// <summary>The bootloader runs; an old sketch is in flash.</summary>
    Bootloader,

    /// <summary>The bootloader runs; there is no sketch.</summary>
    Empty,
}

/// <summary>Which virtual boards to simulate, and how they start.</summary>
/// <param name="Board">The name of their kind.</param>
public sealed record SimulationOptions(string Board)
{
    private const int MaxCount = 64;
    private const uint LargestPage = 0x2_0000;

    /// <summary>How many boards of this kind there are.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The file that keeps its flash between runs, or null; the second board's file name ends in ".2", and so on.</summary>
    public string? FlashFile { get; init; }

    /// <summary>The file that keeps its SPI flash between runs, or null.</summary>
    public string? SpiFile { get; init; }

    /// <summary>Writes the files that keep memories: called with the path and the content, and may throw what <see cref="File.WriteAllBytes(string, byte[])"/> does.</summary>
    public Action<string, byte[]> SaveFile { get; init; } = File.WriteAllBytes;

    /// <summary>What it does at the start.</summary>
    public StartState Start { get; init; }

    /// <summary>The core its sketches are built with, <see cref="SketchCore.None"/> for one without USB, or null for the board's own.</summary>
    public string? Sketch { get; init; }

    /// <summary>Whether its sketch prints all the time.</summary>
    public bool Prints { get; init; }

    /// <summary>Whether the BOOT0 pin is high.</summary>
    public bool Boot0 { get; init; }

    /// <summary>Whether there is a serial adapter at the USART of the ROM.</summary>
    public bool HasAdapter { get; init; }

    /// <summary>How long that adapter keeps a received byte for more of them. Most hand it on after a millisecond.</summary>
    public TimeSpan AdapterLatency { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>The adapter's line that resets the chip: "dtr", "rts", or with a minus sign if dropping it does; or null.</summary>
    public string? Nrst { get; init; }

    /// <summary>The adapter's line that pulls BOOT0 high, in the same way; or null.</summary>
    public string? Boot0Line { get; init; }

    /// <summary>Whether the flash is write protected.</summary>
    public bool WriteProtected { get; init; }

    /// <summary>Whether the flash is read protected (RDP level 1).</summary>
    public bool ReadProtected { get; init; }

    /// <summary>The variant of its kind, "KEY=VALUE" (<see cref="IBoardKind.Variants"/>), or null.</summary>
    public string? Variant { get; init; }

    /// <summary>How many bytes an erase really takes if the bootloader was built for a part with smaller pages; 0 if it fits its part.</summary>
    public uint ErasesAtOnce { get; init; }

    /// <summary>Whether each operation on its flash takes the longest time in the data sheet.</summary>
    public bool HasSlowFlash { get; init; }

    /// <summary>Whether a simulated host can reset the bus; WinUSB cannot.</summary>
    public bool CanReset { get; init; } = true;

    /// <summary>How long after it appears on the bus the user of a simulated host may not open it.</summary>
    public TimeSpan DeniedFor { get; init; }

    /// <summary>How long after it appears on the bus another program of a simulated host has claimed its interface.</summary>
    public TimeSpan HeldFor { get; init; }

    /// <summary>The faults to inject.</summary>
    public IReadOnlyList<Fault> Faults { get; init; } = [];

    /// <summary>The options of each single board.</summary>
    public IReadOnlyList<SimulationOptions> Each()
    {
        var each = new List<SimulationOptions>();
        for (var n = 1; n <= Count; n++)
        {
            each.Add(this with { Count = 1, FlashFile = FileOf(FlashFile, n), SpiFile = FileOf(SpiFile, n) });
        }

        return each;
    }

    /// <summary>The file of the Nth of several boards, from 1.</summary>
    internal static string? FileOf(string? file, int board) => file is null || board == 1 ? file : $"{file}.{board}";

    /// <summary>Reads "f4boot,count=N,flash=FILE,start=sketch|bootloader|empty,sketch=NAME,prints=yes,boot0=1,rdp=1,wrp=1,adapter=MS,nrst=[-]dtr|rts,boot0=[-]dtr|rts,page=BYTES,times=typical|longest,reset=no,fault=stall@12,denied=MS,held=MS", and the board's own variants.</summary>
    /// <param name="text">The options.</param>
    /// <param name="start">What the board does at the start by default.</param>
    /// <exception cref="FormatException">An unknown name, key or value; the message lists the known ones.</exception>
    public static SimulationOptions Parse(string text, StartState start = StartState.Sketch)
    {
        var parts = text.Split(',');
        if (!BoardFactory.Names.Contains(parts[0]))
        {
            throw new FormatException($"Unknown virtual board \"{parts[0]}\". Known boards: {string.Join(", ", BoardFactory.Names)}.");
        }

        var options = new SimulationOptions(parts[0]) { Start = start };
        foreach (var part in parts.Skip(1))
        {
            var at = part.IndexOf('=');
            options = at < 0
                ? throw new FormatException($"Invalid option \"{part}\" of a virtual board: write KEY=VALUE.")
                : options.With(part[..at], part[(at + 1)..]);
        }

        return options;
    }

    private SimulationOptions With(string key, string value) => (key, value) switch
    {
        ("flash", { Length: > 0 }) => this with { FlashFile = value },
        ("spi", { Length: > 0 }) => this with { SpiFile = value },
        ("count", _) when int.TryParse(value, out var count) && count is >= 1 and <= MaxCount => this with { Count = count },
        ("count", _) => throw new FormatException($"Invalid value \"{value}\" for count: expected 1 to {MaxCount}."),
        ("start", "sketch") => this with { Start = StartState.Sketch },
        ("start", "bootloader") => this with { Start = StartState.Bootloader },
        ("start", "empty") => this with { Start = StartState.Empty },
        ("start", _) => throw new FormatException($"Invalid value \"{value}\" for start: expected one of sketch, bootloader, empty."),
        ("sketch", _) when value == SketchCore.None || SketchCore.All.Any(c => c.Name == value) => this with { Sketch = value },
        ("sketch", _) => throw new FormatException(
            $"Unknown sketch \"{value}\". Known sketches: {string.Join(", ", SketchCore.All.Select(c => c.Name))}, {SketchCore.None}."),
        ("fault", _) => this with { Faults = [.. Faults, Fault.Parse(value)] },
        ("denied", _) => this with { DeniedFor = Milliseconds(value) },
        ("held", _) => this with { HeldFor = Milliseconds(value) },
        ("page", _) => this with { ErasesAtOnce = PageSize(value) },
        ("times", "typical" or "longest") => this with { HasSlowFlash = value == "longest" },
        ("reset", "yes" or "no") => this with { CanReset = value == "yes" },
        ("prints", "yes" or "no") => this with { Prints = value == "yes" },
        ("rdp", "0" or "1") => this with { ReadProtected = value == "1" },
        ("wrp", "0" or "1") => this with { WriteProtected = value == "1" },
        ("adapter", _) => this with { HasAdapter = true, AdapterLatency = Milliseconds(value) },
        ("nrst", "dtr" or "-dtr" or "rts" or "-rts") => this with { HasAdapter = true, Nrst = value },
        ("boot0", "dtr" or "-dtr" or "rts" or "-rts") => this with { HasAdapter = true, Boot0Line = value },
        ("boot0", "0" or "1") => this with { Boot0 = value == "1" },
        _ when BoardFactory.Variants(Board).Contains($"{key}={value}") => this with { Variant = $"{key}={value}" },
        _ => throw new FormatException(
            $"Invalid option \"{key}={value}\" of virtual board {Board}. Known options: "
                + $"{string.Join(", ", ["flash=FILE", "spi=FILE", "count=N", "start=", "sketch=", "prints=yes|no", "boot0=0|1", "rdp=0|1", "wrp=0|1", "adapter=MS", "nrst=[-]dtr|[-]rts", "boot0=[-]dtr|[-]rts", "page=BYTES", "times=typical|longest", "reset=yes|no", "fault=KIND@TRANSFER", "denied=MS", "held=MS", .. BoardFactory.Variants(Board)])}."),
    };

    private static uint PageSize(string value) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && uint.IsPow2(size) && size <= LargestPage
            ? size
            : throw new FormatException($"Invalid value \"{value}\" for page: expected the number of bytes that one erase really erases, a power of two, for example 2048.");

    private static TimeSpan Milliseconds(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new FormatException($"Invalid time \"{value}\": expected milliseconds, for example 500.");
}

/// <summary>The kinds of virtual boards, and how to create a board of each.</summary>
public static class BoardFactory
{
    private static readonly (string Name, Func<IBoardKind> Create)[] Kinds =
    [
        ("f4boot", () => new F4BootloaderBoard("f4boot", F4Bootloader.Build.Fixed)),
        ("f4boot-old", () => new F4BootloaderBoard("f4boot-old", F4Bootloader.Build.Old)),
        ("f4rom", () => RomBoard.F4),
        ("f7rom", () => RomBoard.F7),
        ("h0wch33", () => new H0wch33Board()),
        ("dsonano", () => new DsoNanoBoard()),
        ("h747", () => RomBoard.H7),
        ("l496", () => RomBoard.L4),
        ("blackpill-f411", () => ModuleBoard.BlackPillF411),
        ("blackpill-f401", () => ModuleBoard.BlackPillF401),
        ("f407-rom", () => ModuleBoard.F407),
        ("l476-rom", () => ModuleBoard.L476),
        ("bluepill", () => BareBoard.BluePill),
        ("nucleo-g071", () => BareBoard.NucleoG071),
        ("f072-rom", () => RomBoard.F0),
        ("g431-rom", () => RomBoard.G4),
        ("gd32vf103", () => RomBoard.Gd32),
        ("at32f415", () => RomBoard.At32),
        // jumpToUser() of a build for boards without disconnect hardware powers USB down; of one for Maple hardware, it leaves USB on.
        ("maple20", () => new MapleBoard("maple20", MapleBuild.Stm32duino(1024), Part.Stm32F103(128))
        {
            Ghost = GhostKind.Unpowered,
            Variants = new Dictionary<string, IBoardKind>
            {
                ["size=512"] = new MapleBoard("maple20", MapleBuild.Stm32duino(2048), Part.Stm32F103HighDensity()) { Ghost = GhostKind.Unpowered },
                ["chip=ch32"] = new MapleBoard("maple20", MapleBuild.Stm32duino(1024), Part.Ch32F103()) { Ghost = GhostKind.Unpowered },
            },
        }),
        ("maple-orig", () => new MapleBoard("maple-orig", MapleBuild.LeafLabs(), Part.Stm32F103(128)) { Ghost = GhostKind.TakesOneRequest }),
        ("hid-f1", () => HidBoard.F1),
        ("hid-f4", () => HidBoard.F4),
        ("maple-f4", () => new MapleBoard("maple-f4", MapleBuild.F4Port(), Part.Stm32F405()) { DefaultSketch = "libmaple-f4", StackPointer = 0x2001_0000 }),
        ("dapboot", () => new DapbootBoard(DapbootBuild.BluePill, Part.Stm32F103(128))
        {
            Variants = new Dictionary<string, IBoardKind>
            {
                ["boot=tolerant"] = new DapbootBoard(DapbootBuild.TolerantBluePill, Part.Stm32F103(128)),
                ["boot=high"] = new DapbootBoard(DapbootBuild.High64, Part.Stm32F103(64)),
                ["boot=high-128"] = new DapbootBoard(DapbootBuild.High128, Part.Stm32F103(128)),
                ["ids=custom"] = new DapbootBoard(DapbootBuild.Custom, Part.Stm32F103(128)),
                ["ids=custom-tolerant"] = new DapbootBoard(DapbootBuild.Custom with { WillDetach = false }, Part.Stm32F103(128)),
                ["ids=custom-unreadable"] = new DapbootBoard(DapbootBuild.Custom with { CanUpload = false }, Part.Stm32F103(128)),
                ["boot=skr"] = new DapbootBoard(DapbootBuild.SkrMiniE3, Part.Stm32F103XC()),
                ["boot=skr-high"] = new DapbootBoard(DapbootBuild.SkrMiniE3High, Part.Stm32F103XC()),
            },
        }),
    ];

    /// <summary>The names of all kinds.</summary>
    public static IEnumerable<string> Names => Kinds.Select(k => k.Name);

    /// <summary>The names of the kinds with a bootloader that a host can reach by USB.</summary>
    public static IEnumerable<string> UsbNames => Names.Where(n => KindOf(n) is not BareBoard);

    /// <summary>The options that select a variant of a kind.</summary>
    public static IEnumerable<string> Variants(string name) => KindOf(name).Variants.Keys;

    /// <summary>Creates a board.</summary>
    /// <param name="options">Which board, and how it starts.</param>
    /// <param name="events">Called for each event on the board.</param>
    /// <exception cref="FormatException">The flash file is not as large as the board's flash.</exception>
    /// <exception cref="IOException">The flash file cannot be read.</exception>
    public static Board Create(SimulationOptions options, Action<BoardEvent> events)
    {
        var kind = KindOf(options.Board);
        kind = options.Variant is { } variant ? kind.Variants[variant] : kind;
        if (options.HasAdapter && kind.Uart is null)
        {
            throw new FormatException($"Nothing would answer a serial adapter at {options.Board}: the bootloader at the USART of its ROM is not modelled.");
        }

        if (options.Boot0 && !kind.HasUsbRom && !options.HasAdapter)
        {
            throw new FormatException($"The ROM of {options.Board} has no USB: with boot0=1 no device would appear on the bus.");
        }

        var flash = kind.CreateFlash();
        flash.ErasesAtOnce = options.ErasesAtOnce;
        flash.IsReadProtected = options.ReadProtected;
        flash.IsSlow = options.HasSlowFlash;
        flash.IsWriteProtected = options.WriteProtected;
        var spiFlash = kind.CreateSpiFlash();
        spiFlash?.IsSlow = options.HasSlowFlash;
        if (!Load(options.FlashFile, flash, $"the flash of {options.Board}") && options.Start != StartState.Empty)
        {
            kind.Install(flash, SketchInFlash.Synthesize(kind.SketchAddress, kind.StackPointer, "old"));
        }

        Load(options.SpiFile, spiFlash, $"the SPI flash of {options.Board}");
        return new Board(kind, flash, spiFlash, options, events);
    }

    private static IBoardKind KindOf(string name) => Kinds.Single(k => k.Name == name).Create();

    // The file must have exactly the size of the memory, so no more than one byte beyond that is read: it can be a device or
    // a pipe without end.
    private static bool Load(string? file, FlashMemory? flash, string name)
    {
        if (file is null)
        {
            return false;
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(file));
        if (Directory.Exists(file) || !Directory.Exists(folder))
        {
            throw new FormatException($"Cannot keep {name} in {file}: {(Directory.Exists(file) ? "it is a folder" : $"there is no folder {folder}")}.");
        }

        if (!File.Exists(file))
        {
            return false;
        }

        var size = flash?.Bytes.Length ?? 0;
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var saved = new byte[size + 1];
        var length = stream.CanSeek && stream.Length > size ? stream.Length : stream.ReadAtLeast(saved, saved.Length, throwOnEndOfStream: false);
        if (length != size)
        {
            var has = length > size && (!stream.CanSeek || stream.Length < length) ? $"more than {size}" : $"{length}";
            throw new FormatException($"Wrong size of {file}: it has {has} bytes, expected {size} for {name}.");
        }

        flash?.Preload(flash.Base, saved.AsSpan(0, size));
        return true;
    }
}
