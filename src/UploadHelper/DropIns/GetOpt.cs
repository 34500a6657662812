namespace UploadHelper.DropIns;

/// <summary>One option of a tool that reads its arguments as getopt does.</summary>
/// <param name="Letter">Its letter, which also identifies it.</param>
/// <param name="TakesValue">Whether it takes a value.</param>
/// <param name="Names">Its long names, without dashes.</param>
internal sealed record GetOptRow(char Letter, bool TakesValue, params string[] Names);

/// <summary>
/// Reads arguments as GNU getopt_long does: letters can be combined (<c>-vR</c>), their values attached (<c>-a0</c>), long names
/// shortened as far as they stay unique, values of long names written with '=', and options may follow other words. System.CommandLine
/// would take the ':' in <c>-s :leave</c> for the separator of a value.
/// </summary>
/// <param name="tool">The tool, for errors.</param>
/// <param name="rows">Its options.</param>
/// <param name="longOnly">Whether long names may also stand behind one dash (getopt_long_only); a single letter is still a letter.</param>
internal sealed class GetOpt(DropIn tool, IReadOnlyList<GetOptRow> rows, bool longOnly = false)
{
    /// <summary>The options in the order in which they were given, and the words that are none.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <exception cref="Core.Errors.UploadException"><see cref="Core.Errors.UploadError.Usage"/>: an unknown option, or a value is missing or too much.</exception>
    public (List<(char Letter, string Value)> Options, List<string> Words) Read(IReadOnlyList<string> arguments)
    {
        var (options, words) = (new List<(char, string)>(), new List<string>());
        for (var at = 0; at < arguments.Count; at++)
        {
            var argument = arguments[at];
            if (argument == "--")
            {
                words.AddRange(arguments.Skip(at + 1));
                break;
            }

            if (argument is ['-', '-', ..] || (longOnly && IsLongName(argument)))
            {
                var (row, value) = Long(argument);
                options.Add((row.Letter, !row.TakesValue ? "" : value ?? Next(argument, arguments, ref at)));
            }
            else if (argument is ['-', _, ..])
            {
                Letters(argument, arguments, ref at, options);
            }
            else
            {
                words.Add(argument);
            }
        }

        return (options, words);
    }

    private void Letters(string argument, IReadOnlyList<string> arguments, ref int at, List<(char, string)> options)
    {
        for (var i = 1; i < argument.Length; i++)
        {
            var row = rows.FirstOrDefault(r => r.Letter == argument[i])
                ?? throw tool.Error($"Unknown option -{argument[i]}{(argument.Length > 2 ? $" in \"{argument}\"" : "")}.");
            if (row.TakesValue)
            {
                options.Add((row.Letter, i + 1 < argument.Length ? argument[(i + 1)..] : Next($"-{row.Letter}", arguments, ref at)));
                return;
            }

            options.Add((row.Letter, ""));
        }
    }

    private (GetOptRow Row, string? Value) Long(string argument)
    {
        var end = argument.IndexOf('=');
        var start = argument[1] == '-' ? 2 : 1;
        var (name, value) = end < 0 ? (argument[start..], null) : (argument[start..end], argument[(end + 1)..]);
        var found = rows.Where(r => r.Names.Contains(name)).ToList();
        found = found.Count > 0 ? found : [.. rows.Where(r => Array.Exists(r.Names, n => n.StartsWith(name, StringComparison.Ordinal)))];
        return found switch
        {
            [] => throw tool.Error($"Unknown option --{name}."),
            [{ TakesValue: false }] when value is not null => throw tool.Error($"--{name} takes no value, but \"{value}\" was given."),
            [var row] => (row, value),
            _ => throw tool.Error($"--{name} is not unique: it can be {string.Join(" or ", found.SelectMany(r => r.Names).Where(n => n.StartsWith(name, StringComparison.Ordinal)).Select(n => $"--{n}"))}."),
        };
    }

    private bool IsLongName(string argument) => argument is ['-', not '-', _, ..]
        && rows.Any(r => Array.Exists(r.Names, n => n.StartsWith(argument[1..].Split('=')[0], StringComparison.Ordinal)));

    private string Next(string name, IReadOnlyList<string> arguments, ref int at) =>
        ++at < arguments.Count ? arguments[at] : throw tool.Error($"The value of {name} is missing.");
}
