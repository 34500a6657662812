using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Boards.Arduino;

/// <summary>A choice of a board's options that makes a difference to an upload.</summary>
/// <param name="Board">The board.</param>
/// <param name="Options">The options that make it, of the menus that make a difference.</param>
/// <param name="Upload">What holds for it. Its size is that of the first options of all other menus.</param>
/// <param name="Sizes">The sizes that the other menus give it, in bytes; ascending, each once.</param>
public sealed record BoardVariant(ArduinoBoard Board, IReadOnlyList<ChosenOptions> Options, BoardUpload Upload, IReadOnlyList<uint> Sizes)
{
    private const int Most = 4096;

    /// <summary>All variants of a board.</summary>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.Configuration"/>, when the variants are looked at: its menus can be combined in more ways than anybody would read.
    /// </exception>
    public static IEnumerable<BoardVariant> Of(ArduinoBoard board)
    {
        var menus = board.Menus.Select(m => (Menu: m, Choices: ChoicesOf(m))).ToList();
        var deciding = menus.Where(m => m.Choices.Count > 1).Select(m => m.Choices).ToList();
        if (deciding.Aggregate(1L, (count, choices) => Math.Min(Most + 1, count * choices.Count)) > Most)
        {
            throw new UploadException(
                UploadError.Configuration,
                $"The menus of the board {board.Id} can be combined in more than {Most} ways that make a difference to an upload.",
                "Is this a core's boards.txt?");
        }

        var sizing = menus.Where(m => m.Choices.Count == 1).Select(m => m.Menu).Where(m => m.Options.Any(SetsSize)).ToList();
        foreach (var options in Combinations(deciding))
        {
            var chosen = options.ToDictionary(o => o.Menu.Id, o => o.Options[0].Id);
            var upload = BoardUpload.Of(board.Resolve(chosen));
            yield return new BoardVariant(board, options, upload, SizesOf(board, chosen, sizing, upload));
        }
    }

    // Options that say the same of an upload are one choice.
    private static List<ChosenOptions> ChoicesOf(ArduinoMenu menu) =>
        [.. menu.Options.GroupBy(Said, StringComparer.Ordinal).Select(g => new ChosenOptions(menu, [.. g]))];

    private static string Said(ArduinoOption option) => string.Join(
        '\n', option.Properties.Keys.Where(k => BoardUpload.Concerns(k, option.Properties[k]!)).Order(StringComparer.Ordinal).Select(k => $"{k}={option.Properties[k]}"));

    private static IEnumerable<IReadOnlyList<ChosenOptions>> Combinations(IReadOnlyList<List<ChosenOptions>> menus)
    {
        IEnumerable<IReadOnlyList<ChosenOptions>> combinations = [[]];
        return menus.Aggregate(combinations, (before, choices) => before.SelectMany(b => choices.Select(c => (IReadOnlyList<ChosenOptions>)[.. b, c])));
    }

    private static bool SetsSize(ArduinoOption option) => option.Properties["upload.maximum_size"] is not null;

    private static List<uint> SizesOf(ArduinoBoard board, Dictionary<string, string> chosen, List<ArduinoMenu> sizing, BoardUpload upload)
    {
        var sizes = sizing is [var menu]
            ? menu.Options.Select(o => BoardUpload.Of(board.Resolve(new Dictionary<string, string>(chosen) { [menu.Id] = o.Id })).MaximumSize)
            : [upload.MaximumSize];
        return [.. sizes.OfType<uint>().Distinct().Order()];
    }
}

/// <summary>Options of a menu that say the same of an upload.</summary>
/// <param name="Menu">The menu.</param>
/// <param name="Options">The options; at least one.</param>
public sealed record ChosenOptions(ArduinoMenu Menu, IReadOnlyList<ArduinoOption> Options);
