using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>explain</c>: prints what arduino/TROUBLESHOOTING.md says about an error or warning.</summary>
internal static class ExplainCommand
{
    private const int Width = 100;

    private static readonly Entry[] All =
    [
        .. ErrorTable.Entries.Select(e => new Entry("error", e.Text, e.ExitStatus)),
        new("error", ErrorTable.Cancelled, UploadErrors.Cancelled),
        .. WarningTable.Entries.Select(w => new Entry("warning", w.Text, null)),
    ];

    public static Command Create(CommandContext context)
    {
        var code = new Argument<string?>("CODE")
        {
            Description = "The word in brackets at the end of the error or warning [default: explain all]",
            HelpName = "CODE",
            Arity = ArgumentArity.ZeroOrOne,
        };
        code.CompletionSources.Add(_ => All.Select(e => e.Text.Code).Distinct().Select(c => new System.CommandLine.Completions.CompletionItem(c)));
        var command = new ExampledCommand(
            "explain",
            "Explain an error or warning: what happened, the state of the board, and what to do.",
            "upload-helper explain no-device",
            "upload-helper explain")
        {
            code,
        };
        command.SetAction(parse => context.Print(parse, (settings, _) =>
        {
            Write(context.Streams.Out, settings.Switch(SettingKeys.Json), Chosen(parse.GetValue(code)));
        }));
        return command;
    }

    private static Entry[] Chosen(string? code)
    {
        if (code is null)
        {
            return All;
        }

        var word = code.Trim('[', ']').ToLowerInvariant();
        return All.Where(e => e.Text.Code == word).ToArray() is { Length: > 0 } found
            ? found
            : throw new UploadException(
                UploadError.Usage,
                $"There is no error or warning \"{code}\"." + Spelling.Question(word, All.Select(e => e.Text.Code), c => c),
                "Give the word in brackets at the end of the error or warning. To see all: upload-helper explain");
    }

    private static void Write(TextWriter writer, bool json, IReadOnlyList<Entry> entries)
    {
        foreach (var entry in entries)
        {
            if (json)
            {
                var (code, title, happened, state, cure) = entry.Text;
                new ExplanationEvent(entry.Kind, code, entry.ExitStatus, title, happened, state, cure).Print(writer);
                continue;
            }

            if (entry != entries[0])
            {
                writer.WriteLine();
            }

            foreach (var line in Lines(entry))
            {
                writer.WriteLine(Ascii.Of(line));
            }
        }
    }

    private static IEnumerable<string> Lines(Entry entry)
    {
        var (code, title, happened, state, cure) = entry.Text;
        yield return $"{entry.Kind} [{code}]{(entry.ExitStatus is { } status ? $", exit status {status}" : "")}: {title}";
        foreach (var line in Wrapped("  ", happened).Concat(Wrapped("  ", $"Your board: {state}")))
        {
            yield return line;
        }

        foreach (var line in cure.SelectMany(step => Wrapped("  - ", step)))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Wrapped(string start, string text)
    {
        var line = start;
        foreach (var word in text.Split(' '))
        {
            if (line.Length > start.Length && line.Length + 1 + word.Length > Width)
            {
                yield return line;
                line = new string(' ', start.Length);
            }

            line += line.Length == start.Length ? word : $" {word}";
        }

        yield return line;
    }

    private sealed record Entry(string Kind, Explanation Text, int? ExitStatus);
}
