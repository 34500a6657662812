using System.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;

namespace UploadHelper.CommandLine;

/// <summary>
/// Finds what is wrong with a command line, what was probably meant, and the nearest form of the command. The parser
/// alone cannot: it takes a misspelt option for a file.
/// </summary>
/// <param name="commands">The names of all commands.</param>
internal sealed class BadInput(IReadOnlyList<string> commands)
{
    /// <summary>Checks a command line.</summary>
    /// <param name="typed">The arguments as they were typed.</param>
    /// <param name="rewritten">The arguments with positional shapes rewritten to a command.</param>
    /// <param name="parse">The parsed <paramref name="rewritten"/>.</param>
    /// <returns>The error, or null if nothing is wrong.</returns>
    public UploadException? Find(IReadOnlyList<string> typed, IReadOnlyList<string> rewritten, ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var isRoot = command is RootCommand;
        var (words, given, problem) = Scan(rewritten, isRoot ? null : command.Name);
        if (problem is not null)
        {
            return Usage(problem, isRoot ? null : UsageOf(command));
        }

        var shape = typed.TakeWhile(a => !a.StartsWith('-')).ToList();
        var isShape = shape.Count > 0 && !commands.Contains(shape[0]);
        if (isShape && LegacyShape.Read(shape) is { File: { } file, Ignored: var ignored } && ignored.FirstOrDefault(Words.IsImage) is { } second)
        {
            return Usage($"Unexpected argument \"{second}\" after the file {file}.", $"{ArgumentShapes.Usage[1]}. Put quotes around a path with spaces");
        }

        if (shape is [_, var middle, _] && isShape && LegacyShape.IsPair(middle) && !Placeholder.Is(middle))
        {
            return Shape(shape);
        }

        if (!isRoot && OptionTable.Of(command.Name).FirstOrDefault(r => r.IsRequired && !given.Contains(r)) is { } required)
        {
            return Usage($"--{required.Name} is missing. Expected --{required.Name} {required.Value}.", UsageOf(command));
        }

        return parse.Errors.Count == 0 ? null
            : isShape && (isRoot || words.Count == 1) ? Shape(shape)
            : isRoot ? Command(words)
            : Arguments(command, [.. words.Skip(1)]) ?? Usage(string.Join(" ", parse.Errors.Select(e => e.Message)), UsageOf(command));
    }

    // The words that are neither options nor their values, the options with a value, and the first wrong option.
    private static (List<string> Words, HashSet<OptionRow> Given, string? Problem) Scan(IReadOnlyList<string> arguments, string? command)
    {
        var rows = (command is null ? OptionTable.Global : OptionTable.Of(command)).ToList();
        var (words, given) = (new List<string>(), new HashSet<OptionRow>());
        for (var at = 0; at < arguments.Count; at++)
        {
            var argument = arguments[at];
            if (argument == "--")
            {
                words.AddRange(arguments.Skip(at + 1));
                break;
            }

            if (argument is not ['-', _, ..])
            {
                words.Add(argument);
                continue;
            }

            var (name, value) = Split(argument);
            if (IsBuiltIn(name, command))
            {
                continue;
            }

            if (rows.Find(r => Written(r).Contains(name)) is not { } row)
            {
                return (words, given, Unknown(name, command, rows));
            }

            var next = at + 1 < arguments.Count ? arguments[at + 1] : null;
            if (!row.TakesValue)
            {
                if (value is not null && !bool.TryParse(value, out _))
                {
                    return (words, given, $"Invalid value \"{value}\" for {name}. Expected true or false.");
                }

                at += value is null && bool.TryParse(next, out _) ? 1 : 0;
                continue;
            }

            if (value is null && (next is null or "--" || rows.Exists(r => Written(r).Contains(Split(next).Name)) || IsBuiltIn(next, command)))
            {
                return (words, given, $"The value of {name} is missing. Expected {name} {row.Value}.");
            }

            if (!given.Add(row) && row.Kind != OptionKind.Texts)
            {
                return (words, given, $"{name} is given twice.");
            }

            at += value is null ? 1 : 0;
        }

        return (words, given, null);
    }

    private static (string Name, string? Value) Split(string argument) =>
        argument.AsSpan().IndexOfAny('=', ':') is > 0 and var at ? (argument[..at], argument[(at + 1)..]) : (argument, null);

    private static bool IsBuiltIn(string name, string? command) => name is "--help" or "-h" or "-?" || (name == "--version" && command is null);

    private static IEnumerable<string> Written(OptionRow row) =>
        row.Names.Select(n => $"--{n}").Concat(row.ShortName is null ? [] : [$"-{row.ShortName}"]);

    private static string Unknown(string name, string? command, List<OptionRow> rows)
    {
        if (OptionTable.Rows.Where(r => Written(r).Contains(name)).SelectMany(r => r.Commands).ToList() is { Count: > 0 } owners)
        {
            return command is null
                ? $"The command is missing: {name} is an option of {Listed(owners)}."
                : $"{command} has no option {name}; it is an option of {Listed(owners)}.";
        }

        var bare = name.TrimStart('-');
        var meant = Spelling.Nearest(bare, rows.SelectMany(r => r.Names)) ?? Spelling.Nearest(bare, OptionTable.Rows.SelectMany(r => r.Names));
        return $"Unknown option {name}." + (meant is null ? "" : $" Did you mean --{meant}?");
    }

    private UploadException Command(IReadOnlyList<string> words) => words.Count == 0
        ? Usage("The command is missing.", $"{ArgumentShapes.Usage[0]}, or upload-helper COMMAND")
        : Spelling.Nearest(words[0], commands) is { } meant
            ? Usage($"Unknown command \"{words[0]}\". Did you mean \"{meant}\"?", null, meant)
            : Usage($"Unknown command \"{words[0]}\".", null);

    // Words before any command: a misspelt command, a file alone, or a calling shape with a word too many or too few.
    private UploadException Shape(IReadOnlyList<string> words)
    {
        if (Spelling.Nearest(words[0], commands) is not null || !words.Any(Words.IsPartOfShape))
        {
            return Command(words);
        }

        if (words is [var file] && Words.IsImage(file))
        {
            return Usage($"The command is missing. Did you mean: upload-helper upload {file}?", ArgumentShapes.Usage[0]);
        }

        var (usage, (_, missing, extra)) = ArgumentShapes.Usage
            .Select(usage => (Usage: usage, Fit: Fit.Of([.. usage.Split(' ').Skip(1).Select(Slot)], words)))
            .MinBy(s => s.Fit.Cost);
        return Usage(
            Wrong(missing, extra),
            missing is ["OFFSET"] && words is [var port, var hex] && !hex.EndsWith(".bin", StringComparison.OrdinalIgnoreCase)
                ? $"{usage}, or upload-helper upload --port {port} {hex}"
                : usage);
    }

    private static UploadException? Arguments(Command command, IReadOnlyList<string> words)
    {
        var (cost, missing, extra) = Fit.Of([.. command.Arguments.Select(a => (a.Name, a.Arity.MinimumNumberOfValues == 0))], words);
        if (cost == 0 || missing.Count + extra.Count == 0)
        {
            return null;
        }

        var rows = OptionTable.Of(command.Name).ToList();
        var meant = extra
            .Select(word => (Word: word, Row: rows.Find(r => Words.IsNumber(word) ? r.Kind == OptionKind.Address : Words.IsPort(word) && r.Name == SettingKeys.Port)))
            .Where(m => m.Row is not null)
            .Select(m => $"--{m.Row!.Name} {m.Word}")
            .ToList();
        return Usage(Wrong(missing, extra) + (meant.Count == 0 ? "" : $" Did you mean {string.Join(' ', meant)}?"), UsageOf(command));
    }

    private static (string Name, bool IsOptional) Slot(string text) => (text.Trim('[', ']'), text.StartsWith('['));

    private static string Wrong(IReadOnlyList<string> missing, IReadOnlyList<string> extra) => string.Join(
        " ",
        ((string[])
        [
            missing.Count == 0 ? "" : $"{Listed(missing)} {(missing.Count == 1 ? "is" : "are")} missing.",
            extra.Count == 0 ? "" : $"Unexpected argument{(extra.Count == 1 ? "" : "s")} {Quoted(extra)}.",
        ]).Where(s => s.Length > 0));

    private static string Quoted(IReadOnlyList<string> words)
    {
        const int Most = 3;
        var quoted = words.Take(Most).Select(w => $"\"{w}\"");
        return Listed([.. quoted, .. words.Count > Most ? (string[])[$"{words.Count - Most} more"] : []]);
    }

    private static string Listed(IReadOnlyList<string> names) =>
        names.Count == 1 ? names[0] : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";

    private static string UsageOf(Command command) => string.Join(
        " ",
        ["upload-helper", command.Name, .. command.Arguments.Select(a => a.Arity.MinimumNumberOfValues == 0 ? $"[{a.Name}]" : a.Name), "[options]"]);

    private static UploadException Usage(string message, string? usage, string? command = null)
    {
        command ??= usage?.Split(' ') is [_, var word, .., "[options]"] ? word : null;
        return new UploadException(
            UploadError.Usage,
            message,
            (usage is null ? "" : $"Usage: {usage}. ") + $"See: upload-helper {(command is null ? "" : $"{command} ")}--help");
    }
}

/// <summary>Guesses what a word on the command line is.</summary>
internal static class Words
{
    private static readonly string[] Images = [".bin", ".hex", ".ihx", ".s19", ".s28", ".s37", ".srec", ".mot", ".elf", ".axf", ".dfu"];

    /// <summary>Whether it is the name of an image file.</summary>
    public static bool IsImage(string word) => Array.Exists(Images, i => word.EndsWith(i, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether it is a number: an offset, address or length.</summary>
    public static bool IsNumber(string word) => word.Length > 0 && char.IsAsciiDigit(word[0]) && word.All(char.IsAsciiLetterOrDigit);

    /// <summary>Whether it is the name of a serial port.</summary>
    public static bool IsPort(string word) =>
        word.StartsWith("/dev/", StringComparison.Ordinal) || word.StartsWith("tty", StringComparison.Ordinal) || word.StartsWith("cu.", StringComparison.Ordinal)
        || (word.StartsWith("COM", StringComparison.OrdinalIgnoreCase) && word.Length > 3 && word.AsSpan(3).IndexOfAnyExceptInRange('0', '9') < 0);

    /// <summary>Whether it belongs to a calling shape and not to a command.</summary>
    public static bool IsPartOfShape(string word) => IsImage(word) || IsNumber(word) || IsPort(word) || LegacyShape.IsPair(word);

    /// <summary>How badly a word fits the place of an argument: 0 well, 1 perhaps, 5 not at all.</summary>
    /// <param name="place">The name of the argument, for example "FILE".</param>
    /// <param name="word">The word.</param>
    public static int Misfit(string place, string word)
    {
        var (fits, may) = place switch
        {
            "PORT" => (IsPort(word), !IsImage(word) && !IsNumber(word)),
            "OFFSET" or "ADDRESS" or "LENGTH" => (IsNumber(word), false),
            "ALT" => (LegacyShape.IsAlternate(word), false),
            "VID:PID" => (LegacyShape.IsPair(word), false),
            "VID" or "PID" => (LegacyShape.IsHalf(word), false),
            "FILE" => (IsImage(word), !IsNumber(word) && !IsPort(word) && !LegacyShape.IsPair(word)),
            _ => (false, true),
        };
        return fits ? 0 : may ? 1 : 5;
    }
}

/// <summary>How words fit the arguments of a command or shape.</summary>
/// <param name="Cost">0 if they fit; higher the more must change.</param>
/// <param name="Missing">The arguments without a word.</param>
/// <param name="Extra">The words without an argument.</param>
internal sealed record Fit(int Cost, IReadOnlyList<string> Missing, IReadOnlyList<string> Extra)
{
    private const int OneChange = 2;
    private const int Never = int.MaxValue;

    /// <summary>The cheapest way to fit words to arguments, in their order.</summary>
    public static Fit Of(IReadOnlyList<(string Name, bool IsOptional)> arguments, IReadOnlyList<string> words)
    {
        // The cost from each argument and word on, from the last to the first.
        var costs = new int[arguments.Count + 1, words.Count + 1];
        for (var a = arguments.Count; a >= 0; a--)
        {
            for (var w = words.Count; w >= 0; w--)
            {
                costs[a, w] = (a, w) == (arguments.Count, words.Count) ? 0 : Math.Min(Math.Min(Match(a, w), Miss(a, w)), Spare(a, w));
            }
        }

        var (missing, extra, at, word) = (new List<string>(), new List<string>(), 0, 0);
        while (at < arguments.Count || word < words.Count)
        {
            if (costs[at, word] == Match(at, word))
            {
                (at, word) = (at + 1, word + 1);
            }
            else if (costs[at, word] == Miss(at, word))
            {
                missing.AddRange(arguments[at].IsOptional ? [] : [arguments[at].Name]);
                at++;
            }
            else
            {
                extra.Add(words[word++]);
            }
        }

        return new Fit(costs[0, 0], missing, extra);

        int Match(int a, int w) => a < arguments.Count && w < words.Count ? costs[a + 1, w + 1] + Words.Misfit(arguments[a].Name, words[w]) : Never;
        int Miss(int a, int w) => a < arguments.Count ? costs[a + 1, w] + (arguments[a].IsOptional ? 0 : OneChange) : Never;
        int Spare(int a, int w) => w < words.Count ? costs[a, w + 1] + OneChange : Never;
    }
}
