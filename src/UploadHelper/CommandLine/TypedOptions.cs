using System.CommandLine;
using System.CommandLine.Parsing;
using UploadHelper.Configuration;

namespace UploadHelper.CommandLine;

/// <summary>Accepts out of a parse what was really typed, as text under the names of the settings.</summary>
internal static class TypedOptions
{
    /// <summary>The options that were typed; "--no-verify" is "verify" with the value "false".</summary>
    public static Dictionary<string, string?> Of(ParseResult parse)
    {
        var typed = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (SymbolResult? level = parse.CommandResult; level is not null; level = level.Parent)
        {
            foreach (var option in (level as CommandResult)?.Children.OfType<OptionResult>() ?? [])
            {
                if (!option.Implicit)
                {
                    Add(typed, option);
                }
            }
        }

        return typed;
    }

    private static void Add(Dictionary<string, string?> typed, OptionResult option)
    {
        var name = option.Option.Name.TrimStart('-');
        var value = option switch
        {
            { Tokens.Count: 0 } => "true",
            { Option.Arity.MaximumNumberOfValues: > 1 } => string.Join(Settings.Separator, option.Tokens.Select(t => t.Value)),
            _ => option.Tokens[^1].Value,
        };
        var (key, said) = SettingNames.Read(name, value);
        typed[key] = said;
    }
}
