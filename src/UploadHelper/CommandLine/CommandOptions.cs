using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using UploadHelper.Configuration;

namespace UploadHelper.CommandLine;

/// <summary>Makes the options of the command line from <see cref="OptionTable"/>.</summary>
internal static class CommandOptions
{
    /// <summary>Adds the options that the table gives a command.</summary>
    public static void AddTo(Command command)
    {
        foreach (var option in OptionTable.Rows.Where(r => r.Commands.Contains(command.Name)).SelectMany(Options))
        {
            command.Add(option);
        }
    }

    /// <summary>Adds the options that every command takes.</summary>
    public static void AddGlobalTo(RootCommand root)
    {
        foreach (var option in OptionTable.Global.SelectMany(Options))
        {
            option.Recursive = true;
            root.Add(option);
        }
    }

    private static IEnumerable<Option> Options(OptionRow row)
    {
        yield return Positive(row);
        if (row.NegativeHelp is not null)
        {
            yield return new Option<bool>($"--{SettingNames.Negation}{row.Name}") { Description = row.NegativeDescription };
        }
    }

    private static Option Positive(OptionRow row)
    {
        var name = $"--{row.Name}";
        Option option = row.Kind switch
        {
            OptionKind.Switch => new Option<bool>(name),
            OptionKind.Texts => new Option<string[]>(name) { HelpName = row.Value, Arity = ArgumentArity.OneOrMore },
            _ => new Option<string?>(name) { HelpName = row.Value },
        };
        option.Description = row.Description;
        option.Required = row.IsRequired;
        if (row.Alias is not null)
        {
            option.Aliases.Add($"--{row.Alias}");
        }

        if (row.ShortName is not null)
        {
            option.Aliases.Add($"-{row.ShortName}");
        }

        if (row.Words.Count > 0)
        {
            option.CompletionSources.Add([.. row.Words]);
        }
        else if (row.Suggestions is { } suggestions)
        {
            option.CompletionSources.Add(_ => suggestions().Select(s => new System.CommandLine.Completions.CompletionItem(s)));
        }

        return option;
    }
}

/// <summary>Takes from a parse the settings that were really typed.</summary>
internal static class TypedOptions
{
    /// <summary>The settings by their keys, as text: "--no-verify" is "verify" with the value "false".</summary>
    public static Dictionary<string, string?> Of(ParseResult parse)
    {
        var typed = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var settings = OptionTable.Of(parse.CommandResult.Command.Name).Where(r => r.IsSetting).SelectMany(r => r.Names).ToHashSet(StringComparer.Ordinal);
        for (SymbolResult? level = parse.CommandResult; level is not null; level = level.Parent)
        {
            foreach (var option in (level as CommandResult)?.Children.OfType<OptionResult>() ?? [])
            {
                var name = option.Option.Name.TrimStart('-');
                if (!option.Implicit && settings.Contains(name))
                {
                    var (key, value) = SettingNames.Read(name, Value(option));
                    typed[key] = value;
                }
            }
        }

        return typed;
    }

    private static string Value(OptionResult option) => option switch
    {
        { Tokens.Count: 0 } => "true",
        { Option.Arity.MaximumNumberOfValues: > 1 } => string.Join(Settings.Separator, option.Tokens.Select(t => t.Value)),
        _ => option.Tokens[^1].Value,
    };
}

/// <summary>A command whose own help ends with examples; the list of commands shows its description alone.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, in a sentence or two.</param>
/// <param name="examples">Calls that work, as they are typed.</param>
internal sealed class ExampledCommand(string name, string description, params IReadOnlyList<string> examples) : Command(name, description)
{
    private IReadOnlyList<string> Examples => examples;

    /// <summary>Makes the help of a root command show the examples.</summary>
    public static void ShowIn(RootCommand root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new WithExamples((SynchronousCommandLineAction)help.Action!);
    }

    private sealed class WithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parse)
        {
            var status = help.Invoke(parse);
            if (parse.CommandResult.Command is ExampledCommand command)
            {
                var output = parse.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (var example in command.Examples)
                {
                    output.WriteLine($"  {example}");
                }
            }

            return status;
        }
    }
}
