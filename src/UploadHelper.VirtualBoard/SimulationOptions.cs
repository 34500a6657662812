using System.Globalization;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Sketches;

namespace UploadHelper.VirtualBoard;

/// <summary>What a board does when the simulation begins.</summary>
public enum StartState
{
    /// <summary>An old sketch runs.</summary>
    Sketch,

    /// <summary>The bootloader runs; an old sketch is in flash.</summary>
    Bootloader,

    /// <summary>The bootloader runs; there is no sketch.</summary>
    Empty,
}

/// <summary>Which virtual board is wanted.</summary>
/// <param name="Board">Name of its kind.</param>
public sealed record SimulationOptions(string Board)
{
    private const int MaxCount = 64;

    /// <summary>How many boards of this kind there are.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The file that keeps its flash between runs, or null; the second board's has ".2" behind its name, and so on.</summary>
    public string? FlashFile { get; init; }

    /// <summary>The file that keeps its SPI flash between runs, or null.</summary>
    public string? SpiFile { get; init; }

    /// <summary>What it does at first.</summary>
    public StartState Start { get; init; }

    /// <summary>The core its sketches are built with, <see cref="SketchKind.None"/> for one without USB, or null for the board's own.</summary>
    public string? Sketch { get; init; }

    /// <summary>Whether the BOOT0 pin is high.</summary>
    public bool Boot0 { get; init; }

    /// <summary>The variant of its kind that is wanted, "KEY=VALUE" (<see cref="IPersonality.Variants"/>), or null.</summary>
    public string? Variant { get; init; }

    /// <summary>Whether the host, where it is simulated too, can reset the bus; with WinUSB it cannot.</summary>
    public bool CanReset { get; init; } = true;

    /// <summary>How long after it has come onto the bus the user of a simulated host may not open it.</summary>
    public TimeSpan DeniedFor { get; init; }

    /// <summary>How long after it has come onto the bus another program of a simulated host has its interface.</summary>
    public TimeSpan HeldFor { get; init; }

    /// <summary>What goes wrong with it.</summary>
    public IReadOnlyList<Fault> Faults { get; init; } = [];

    /// <summary>The options of each board alone.</summary>
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

    /// <summary>Reads "f4boot,count=N,flash=FILE,start=sketch|bootloader|empty,sketch=NAME,boot0=1,reset=no,fault=stall@12,denied=MS,held=MS", and the board's own variants.</summary>
    /// <param name="text">The options.</param>
    /// <param name="start">What the board does at first if nothing is said.</param>
    /// <exception cref="FormatException">An unknown name, key or value; the message lists those that are known.</exception>
    public static SimulationOptions Parse(string text, StartState start = StartState.Sketch)
    {
        var parts = text.Split(',');
        if (!BoardFactory.Names.Contains(parts[0]))
        {
            throw new FormatException($"There is no virtual board \"{parts[0]}\". There are: {string.Join(", ", BoardFactory.Names)}.");
        }

        var options = new SimulationOptions(parts[0]) { Start = start };
        foreach (var part in parts.Skip(1))
        {
            var at = part.IndexOf('=');
            options = at < 0
                ? throw new FormatException($"\"{part}\" is no option of a virtual board; write KEY=VALUE.")
                : options.With(part[..at], part[(at + 1)..]);
        }

        return options;
    }

    private SimulationOptions With(string key, string value) => (key, value) switch
    {
        ("flash", { Length: > 0 }) => this with { FlashFile = value },
        ("spi", { Length: > 0 }) => this with { SpiFile = value },
        ("count", _) when int.TryParse(value, out var count) && count is >= 1 and <= MaxCount => this with { Count = count },
        ("count", _) => throw new FormatException($"\"{value}\" is no number of virtual boards; give 1 to {MaxCount}."),
        ("start", "sketch") => this with { Start = StartState.Sketch },
        ("start", "bootloader") => this with { Start = StartState.Bootloader },
        ("start", "empty") => this with { Start = StartState.Empty },
        ("start", _) => throw new FormatException($"\"{value}\" is no start of a virtual board. There are: sketch, bootloader, empty."),
        ("sketch", _) when value == SketchKind.None || SketchKind.All.Any(k => k.Name == value) => this with { Sketch = value },
        ("sketch", _) => throw new FormatException(
            $"There is no virtual sketch \"{value}\". There are: {string.Join(", ", SketchKind.All.Select(k => k.Name))}, {SketchKind.None}."),
        ("fault", _) => this with { Faults = [.. Faults, Fault.Parse(value)] },
        ("denied", _) => this with { DeniedFor = Milliseconds(value) },
        ("held", _) => this with { HeldFor = Milliseconds(value) },
        ("reset", "yes" or "no") => this with { CanReset = value == "yes" },
        ("boot0", "0" or "1") => this with { Boot0 = value == "1" },
        _ when BoardFactory.Variants(Board).Contains($"{key}={value}") => this with { Variant = $"{key}={value}" },
        _ => throw new FormatException(
            $"\"{key}={value}\" is no option of a virtual {Board}. There are: "
                + $"{string.Join(", ", ["flash=FILE", "spi=FILE", "count=N", "start=", "sketch=", "boot0=0|1", "reset=yes|no", "fault=KIND@TRANSFER", "denied=MS", "held=MS", .. BoardFactory.Variants(Board)])}."),
    };

    private static TimeSpan Milliseconds(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new FormatException($"\"{value}\" is no time; give milliseconds.");
}
