using System.Globalization;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Arduino;

/// <summary>What a core's files say about uploading to a board.</summary>
/// <param name="Tool">The tool that the core calls, or null.</param>
/// <param name="Ids">The bootloader's USB ids, or null if the upload does not use DFU.</param>
/// <param name="Alternate">Its alternate setting, or null.</param>
/// <param name="Address">The address that the sketch is linked for, or null.</param>
/// <param name="MaximumSize">The maximum size of a sketch in bytes, or null.</param>
public sealed record BoardUpload(string? Tool, IReadOnlyList<UsbId>? Ids, byte? Alternate, uint? Address, uint? MaximumSize)
{
    /// <summary>Whether the core uploads to the bootloader in ROM through a serial adapter.</summary>
    public bool IsOverUart { get; init; }

    /// <summary>How the adapter's modem lines start the bootloader in ROM, as it is written; null if the board does not tell.</summary>
    public string? ResetSequence { get; init; }

    /// <summary>The supply voltage in volts, as it is written; null if the core does not tell.</summary>
    public string? SupplyVoltage { get; init; }

    private const uint Kibi = 1024;

    // The tools that the cores use for DFU bootloaders; all others need a debug probe or a UART.
    private static readonly string[] DfuTools = ["upload_helper", "upload_helper_hid", "maple_upload", "pico_upload", DfuUtil];

    // ArduinoCore-mbed, platform.txt: --device {upload.vid}:{upload.pid} -a{upload.interface} --dfuse-address={upload.address}:leave.
    // Its upload.maximum_size is the area for the sketch: 786,432 bytes from 0x08040000 to where the other core's sketch begins.
    private const string DfuUtil = "dfu-util";

    // Flags that set the address of the vector table: Arduino_STM32 F1 and F4, STM32GENERIC and Arduino_Core_STM32.
    private static readonly string[] VectorFlags = ["VECT_TAB_ADDR=", "-DUSER_ADDR_ROM=", "-DVECT_TAB_OFFSET="];

    // The flash sizes of STM32 parts, in KiB.
    private static readonly uint[] FlashSizes = [8, 16, 32, 64, 128, 192, 256, 320, 384, 512, 640, 768, 1024, 1536, 2048, 4096];

    /// <summary>Reads it from the resolved properties of a board (<see cref="ArduinoBoard.Resolve"/>).</summary>
    public static BoardUpload Of(ArduinoProperties properties)
    {
        var tool = properties.Expanded("upload.tool") is { Length: > 0 } name ? name : null;
        var address = FindAddress(properties);
        var isDfu = properties["upload.protocol"] == "dfu" || DfuTools.Contains(tool);
        var isOverUart = !isDfu && IsOverUartIn(properties, tool);
        return new BoardUpload(
            tool,
            isDfu ? FindIds(properties) : null,
            isDfu && byte.TryParse(FindAlternate(properties, tool), NumberStyles.None, CultureInfo.InvariantCulture, out var alternate) ? alternate : null,
            address,
            Number(properties.Expanded("upload.maximum_size")) is { } size and > 0
                ? (tool == DfuUtil ? size : Usable(size, address)) is { } usable && usable > Reserved(properties) ? usable - Reserved(properties) : null
                : null)
        {
            IsOverUart = isOverUart,
            ResetSequence = isOverUart && properties.Expanded("upload.reset_sequence") is { Length: > 0 } sequence ? sequence : null,
            SupplyVoltage = (isDfu || isOverUart) && properties.Expanded("upload.supply_voltage") is { Length: > 0 } volts ? volts : null,
        };
    }

    /// <summary>Whether a property influences the result of <see cref="Of"/>, apart from the size.</summary>
    internal static bool Concerns(string key, string value) =>
        key is "upload.tool" or "upload.protocol" or "upload.usbID" or "upload.altID" or "upload.offset" or "upload.supply_voltage" or "upload.reset_sequence" or "upload.dfuse_addr" or "build.flash_offset"
        || key.StartsWith("upload.vid", StringComparison.Ordinal)
        || key.StartsWith("upload.pid", StringComparison.Ordinal)
        || key.StartsWith("upload.interface", StringComparison.Ordinal)
        || key.StartsWith("upload.address", StringComparison.Ordinal)
        || VectorFlags.Any(f => value.Contains(f, StringComparison.Ordinal));

    // Arduino_Core_STM32, serialMethod; Arduino_STM32-F1, serialMethod.
    private static bool IsOverUartIn(ArduinoProperties properties, string? tool) =>
        tool is "upload_helper_serial" or "serial_upload" || (tool == "stm32CubeProg" && properties["upload.protocol"] == "serial");

    private static IReadOnlyList<UsbId>? FindIds(ArduinoProperties properties) =>
        UsbId.TryParseList(properties.Expanded("upload.usbID") ?? $"{properties.Expanded("upload.vid")}:{properties.Expanded("upload.pid")}", out var ids) ? ids : null;

    private static string? FindAlternate(ArduinoProperties properties, string? tool) =>
        properties.Expanded("upload.altID") ?? (tool == DfuUtil ? properties.Expanded("upload.interface") : null);

    // The link address has priority over the address that the core would write to: the old F4 boards give both.
    private static uint? FindAddress(ArduinoProperties properties) =>
        (Number(properties.Expanded("upload.offset"))
            ?? Number(properties.Expanded("build.flash_offset"))
            ?? FindFlag(properties)
            ?? Number(properties.Expanded("upload.dfuse_addr"))
            ?? Number(properties.Expanded("upload.address"))) is { } number
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

    // The F4 boards of 2019 write "(uint32)0x08000000".
    private static string WithoutCast(string text) => text.StartsWith('(') ? text[(text.IndexOf(')', StringComparison.Ordinal) + 1)..] : text;

    // For most boards the value is the whole flash, including the bootloader; for the others it is the area for the sketch.
    private static uint? Usable(uint size, uint? address)
    {
        var offset = (address ?? FlashAddress.FlashBase) - FlashAddress.FlashBase;
        var isWholeFlash = size % Kibi == 0 && FlashSizes.Contains(size / Kibi);
        return !isWholeFlash ? size : offset < size ? size - offset : null;
    }

    // What a bootloader at the end of the flash occupies, where a menu of parts sets the size of the flash.
    private static uint Reserved(ArduinoProperties properties) => Number(properties.Expanded("upload.reserved_size")) ?? 0;

    private static uint? Number(string? text) =>
        text is not null && (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number))
            ? number
            : null;
}

/// <summary>A combination of a board's options that differs from others in how it uploads.</summary>
/// <param name="Board">The board.</param>
/// <param name="Options">The options, of those menus that affect the upload.</param>
/// <param name="Upload">How it uploads. Its size is that of the first option of every other menu.</param>
/// <param name="Sizes">The maximum sizes that the other menus, or options that upload in the same way, can set, in bytes; ascending, without duplicates.</param>
public sealed record BoardVariant(ArduinoBoard Board, IReadOnlyList<ChosenOptions> Options, BoardUpload Upload, IReadOnlyList<uint> Sizes)
{
    private const int Most = 4096;

    /// <summary>All variants of a board.</summary>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.Configuration"/>, thrown on enumeration, if the menus have too many combinations to list.
    /// </exception>
    public static IEnumerable<BoardVariant> Of(ArduinoBoard board)
    {
        var menus = board.Menus.Select(m => (Menu: m, Choices: ChoicesOf(m))).ToList();
        var deciding = menus.Where(m => m.Choices.Count > 1).Select(m => m.Choices).ToList();
        if (deciding.Aggregate(1L, (count, choices) => Math.Min(Most + 1, count * choices.Count)) > Most)
        {
            throw new UploadException(
                UploadError.Configuration,
                $"The menus of the board {board.Id} have more than {Most} combinations that affect the upload.",
                "Check that the file is the boards.txt of an Arduino core.");
        }

        var free = menus.Where(m => m.Choices.Count == 1).Select(m => m.Choices[0]).ToList();
        foreach (var options in Combinations(deciding))
        {
            var chosen = options.ToDictionary(o => o.Menu.Id, o => o.Options[0].Id);
            var upload = BoardUpload.Of(board.Resolve(chosen));
            var sizing = free.Concat(options).Where(o => o.Options.Count > 1 && o.Options.Any(SetsSize)).ToList();
            yield return new BoardVariant(board, options, upload, SizesOf(board, chosen, sizing, upload));
        }
    }

    // Options that upload in the same way are one choice.
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

    private static List<uint> SizesOf(ArduinoBoard board, Dictionary<string, string> chosen, List<ChosenOptions> sizing, BoardUpload upload)
    {
        var sizes = sizing is [var (menu, sized)]
            ? sized.Select(o => BoardUpload.Of(board.Resolve(new Dictionary<string, string>(chosen) { [menu.Id] = o.Id })).MaximumSize)
            : [upload.MaximumSize];
        return [.. sizes.OfType<uint>().Distinct().Order()];
    }
}

/// <summary>Options of a menu that upload in the same way.</summary>
/// <param name="Menu">The menu.</param>
/// <param name="Options">The options; at least one.</param>
public sealed record ChosenOptions(ArduinoMenu Menu, IReadOnlyList<ArduinoOption> Options);
