using System.Globalization;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Arduino;

/// <summary>What a core's files say of uploading to a board.</summary>
/// <param name="Tool">The tool that the core calls, or null.</param>
/// <param name="Ids">The bootloader's ids, or null where it is none that speaks DFU.</param>
/// <param name="Alternate">Its alternate setting, or null.</param>
/// <param name="Address">Where the sketch is linked to begin, or null.</param>
/// <param name="MaximumSize">How many bytes a sketch may have, or null.</param>
public sealed record BoardUpload(string? Tool, UsbId? Ids, byte? Alternate, uint? Address, uint? MaximumSize)
{
    private const uint Kibi = 1024;

    // What the cores call where a bootloader speaks DFU; all their others want a probe or a UART.
    private static readonly string[] DfuTools = ["upload_helper", "maple_upload", "pico_upload"];

    // Names of the vector table's address: Arduino_STM32 F1 and F4, STM32GENERIC and Arduino_Core_STM32.
    private static readonly string[] VectorFlags = ["VECT_TAB_ADDR=", "-DUSER_ADDR_ROM=", "-DVECT_TAB_OFFSET="];

    // The sizes in which STM32 flashes come, in KiB.
    private static readonly uint[] FlashSizes = [8, 16, 32, 64, 128, 192, 256, 320, 384, 512, 640, 768, 1024, 1536, 2048, 4096];

    /// <summary>Reads it from what holds for a board (<see cref="ArduinoBoard.Resolve"/>).</summary>
    public static BoardUpload Of(ArduinoProperties properties)
    {
        var tool = properties.Expanded("upload.tool") is { Length: > 0 } name ? name : null;
        var address = FindAddress(properties);
        var isDfu = properties["upload.protocol"] == "dfu" || DfuTools.Contains(tool);
        return new BoardUpload(
            tool,
            isDfu ? FindIds(properties) : null,
            isDfu && byte.TryParse(properties.Expanded("upload.altID"), NumberStyles.None, CultureInfo.InvariantCulture, out var alternate) ? alternate : null,
            address,
            Number(properties.Expanded("upload.maximum_size")) is { } size and > 0 ? Usable(size, address) : null);
    }

    /// <summary>Whether a key, or the value that it is given, has a part in what <see cref="Of"/> finds, sizes aside.</summary>
    internal static bool Concerns(string key, string value) =>
        key is "upload.tool" or "upload.protocol" or "upload.usbID" or "upload.altID" or "upload.offset" or "upload.dfuse_addr" or "build.flash_offset"
        || key.StartsWith("upload.vid", StringComparison.Ordinal)
        || key.StartsWith("upload.pid", StringComparison.Ordinal)
        || VectorFlags.Any(f => value.Contains(f, StringComparison.Ordinal));

    private static UsbId? FindIds(ArduinoProperties properties)
    {
        var text = properties.Expanded("upload.usbID") ?? $"{properties.Expanded("upload.vid")}:{properties.Expanded("upload.pid")}";
        try
        {
            return UsbId.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    // Where the sketch is linked comes before where the core would have written it: the old F4 boards give both.
    private static uint? FindAddress(ArduinoProperties properties) =>
        (Number(properties.Expanded("upload.offset"))
            ?? Number(properties.Expanded("build.flash_offset"))
            ?? FindFlag(properties)
            ?? Number(properties.Expanded("upload.dfuse_addr"))) is { } number
            ? (number < FlashAddress.FlashBase ? FlashAddress.FlashBase + number : number)
            : null;

    private static uint? FindFlag(ArduinoProperties properties)
    {
        foreach (var key in properties.Keys.Where(k => k.StartsWith("build.", StringComparison.Ordinal)))
        {
            var value = properties.Expanded(key)!;
            foreach (var flag in VectorFlags)
            {
                var at = value.IndexOf(flag, StringComparison.Ordinal);
                if (at >= 0 && Number(WithoutCast(value[(at + flag.Length)..].Split(' ')[0])) is { } number)
                {
                    return number;
                }
            }
        }

        return null;
    }

    // The F4 boards of 2019 have "(uint32)0x08000000".
    private static string WithoutCast(string text) => text.StartsWith('(') ? text[(text.IndexOf(')', StringComparison.Ordinal) + 1)..] : text;

    // Most boards leave it at the whole flash, the bootloader's part included; the others give the sketch's own.
    private static uint? Usable(uint size, uint? address)
    {
        var offset = (address ?? FlashAddress.FlashBase) - FlashAddress.FlashBase;
        var isWholeFlash = size % Kibi == 0 && FlashSizes.Contains(size / Kibi);
        return !isWholeFlash ? size : offset < size ? size - offset : null;
    }

    private static uint? Number(string? text) =>
        text is not null && (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number))
            ? number
            : null;
}

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
