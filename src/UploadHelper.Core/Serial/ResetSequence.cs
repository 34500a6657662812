using UploadHelper.Core.Timing;

namespace UploadHelper.Core.Serial;

/// <summary>What an adapter's modem lines do to RESET and BOOT0, to start the bootloader in ROM and to end it.</summary>
public sealed class ResetSequence
{
    private static readonly string[] Lines = ["dtr", "-dtr", "rts", "-rts"];

    private ResetSequence(string text, IReadOnlyList<LineStep> enter, IReadOnlyList<LineStep> exit) => (Text, Enter, Exit) = (text, enter, exit);

    /// <summary>The lines are not touched: the user sets BOOT0 and presses RESET.</summary>
    public static ResetSequence Manual { get; } = new("manual", [], []);

    /// <summary>
    /// Listens, then tries the <see cref="UsualWirings"/>, and then asks the user. If the port turns out to be the sketch's own, on USB, the
    /// sketch is reset as for any upload over USB.
    /// </summary>
    public static ResetSequence Auto { get; } = new("auto", [], []);

    /// <summary>
    /// The wirings that boards and adapters have. An adapter's pin is low while its line is raised, so that a line at RESET resets when it is
    /// raised, and one at BOOT0 starts the bootloader when it is dropped; a transistor turns that round. In the last, two transistors between
    /// both lines keep the board running while no program has the port open (one-click circuits with a CH340).
    /// </summary>
    public static IReadOnlyList<ResetSequence> UsualWirings { get; } =
    [
        Wired("dtr", "-rts"),
        Wired("dtr", "rts"),
        Wired("rts", "-dtr"),
        Wired("rts", "dtr"),
        Wired("-dtr", "rts"),
    ];

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>The steps that start the bootloader; none for <see cref="Manual"/> and <see cref="Auto"/>.</summary>
    public IReadOnlyList<LineStep> Enter { get; }

    /// <summary>The steps that start the program at the end, instead of the bootloader's command for that; none if they are not given.</summary>
    public IReadOnlyList<LineStep> Exit { get; }

    /// <summary>
    /// Reads it: "auto", "manual", a wiring ("nrst=dtr,boot0=-rts": the line that resets while it is raised, or dropped if it has a minus
    /// sign), or steps as in stm32flash -i ("rts&amp;dtr,-dtr:-rts&amp;dtr,-dtr": "dtr" raises a line, "-dtr" drops it; a pause of 100 ms follows
    /// a comma, none an ampersand; those behind the colon start the program at the end). A step may also be written as STM32CubeProgrammer
    /// does: "rts=high" raises a line, "rts=low" drops it.
    /// </summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static ResetSequence Parse(string text) => text switch
    {
        "" or "auto" => Auto,
        "manual" => Manual,
        _ when text.Contains("nrst=", StringComparison.Ordinal) || text.Contains("boot0=", StringComparison.Ordinal) => Wiring(text),
        _ => text.Split(':') is [var enter, .. var exit] && exit.Length <= 1
            ? new ResetSequence(text, Steps(enter), exit is [var steps] ? Steps(steps) : [])
            : throw new FormatException($"\"{text}\" has more than one colon: expected the steps that start the bootloader, a colon, and those that start the program."),
    };

    /// <summary>Carries out steps on a line.</summary>
    /// <exception cref="SerialException">The line failed.</exception>
    internal static void Run(IReadOnlyList<LineStep> steps, ISerialLine line, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            (step.IsDtr ? (Action<bool>)line.SetDtr : line.SetRts)(step.Raises);
            time.Wait(step.Pause, cancellationToken);
        }
    }

    // BOOT0 is sampled when RESET is released (AN2606).
    private static ResetSequence Wired(string reset, string? boot0) => new(
        boot0 is null ? $"nrst={reset}" : $"nrst={reset},boot0={boot0}",
        [.. boot0 is null ? (LineStep[])[] : [new LineStep(boot0, TimeSpan.Zero)], new LineStep(reset, LineStep.UsualPause), new LineStep(Opposite(reset), LineStep.UsualPause)],
        []);

    private static string Opposite(string line) => line[0] == '-' ? line[1..] : $"-{line}";

    private static ResetSequence Wiring(string text)
    {
        var pins = text.Split(',').Select(p => p.Split('=')).ToList();
        string? LineOf(string pin) => pins.Find(p => p[0] == pin) is [_, var line] ? line : null;
        var (reset, boot0) = (LineOf("nrst"), LineOf("boot0"));
        return Lines.Contains(reset) && (boot0 is null ? pins.Count == 1 : pins.Count == 2 && Lines.Contains(boot0) && boot0.TrimStart('-') != reset!.TrimStart('-'))
            ? Wired(reset!, boot0)
            : throw new FormatException($"\"{text}\" is not a wiring: write nrst=LINE,boot0=LINE with two of the lines dtr and rts, each with a minus sign if dropping it acts on the pin.");
    }

    private static List<LineStep> Steps(string text)
    {
        var steps = new List<LineStep>();
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOfAny([',', '&'], at) is var found and >= 0 ? found : text.Length;
            var name = text[at..end] switch
            {
                "dtr=high" or "rts=high" => text[at..(at + 3)],
                "dtr=low" or "rts=low" => $"-{text[at..(at + 3)]}",
                var other => other,
            };
            if (!Lines.Contains(name))
            {
                throw new FormatException($"\"{name}\" is not a step of a reset sequence: write dtr, -dtr, rts or -rts, with commas between them; a wiring such as nrst=dtr,boot0=-rts; or manual.");
            }

            steps.Add(new LineStep(name, end < text.Length && text[end] == '&' ? TimeSpan.Zero : LineStep.UsualPause));
            at = end + 1;
        }

        return steps;
    }
}

/// <summary>One step of a reset sequence.</summary>
/// <param name="change">"dtr" or "rts" raises a line, "-dtr" or "-rts" drops it.</param>
/// <param name="pause">How long to wait afterwards.</param>
public sealed class LineStep(string change, TimeSpan pause)
{
    internal static readonly TimeSpan UsualPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether it changes DTR; else RTS.</summary>
    public bool IsDtr => change.EndsWith("dtr", StringComparison.Ordinal);

    /// <summary>Whether it raises the line.</summary>
    public bool Raises => change[0] != '-';

    /// <summary>How long to wait afterwards.</summary>
    public TimeSpan Pause => pause;
}
