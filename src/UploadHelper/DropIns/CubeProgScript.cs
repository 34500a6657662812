using UploadHelper.CommandLine;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.DropIns;

/// <summary>
/// stm32CubeProg.sh of stm32duino/Arduino_Tools, which calls STM32CubeProgrammer: with options since 2.1.1, with
/// <c>PROTOCOL FILE [PORT] [OPTIONS OF STM32CUBEPROGRAMMER]</c> up to 2.1.0 (on Windows stm32CubeProg.bat).
/// </summary>
internal static class CubeProgScript
{
    // Without a letter of its own.
    private const char Parity = '\u0001';

    public static DropIn Tool { get; } = new("stm32CubeProg", "stm32CubeProg.sh -i dfu -f FILE -v VID -p PID [-o OFFSET] [-a ADDRESS] [-s START]")
    {
        Aliases = ["stm32CubeProg.sh", "stm32CubeProg.bat"],
        Rewrite = Rewrite,
        Help = """
            Uploads a sketch through the bootloader in the chip's ROM, as stm32CubeProg.sh does, without STM32CubeProgrammer.
              -i, --interface dfu    the only interface so far
              -f, --file FILE        the sketch
              -v, --vid ID           vendor id of the bootloader
              -p, --pid ID           product id of the bootloader
              -a, --address ADDRESS  start of the flash [default: 0x8000000]
              -o, --offset OFFSET    where the sketch begins, counted from ADDRESS [default: 0]
              -s, --start ADDRESS    ADDRESS, or where the sketch begins: the sketch is started in any case
              -e, --erase            erase everything that a sketch may use first
              -c, --com PORT         port of the sketch that is running now, to reset it
            -m, -r, -d and --parity have no effect with dfu.
            """,
    };

    private static IReadOnlyList<GetOptRow> Rows { get; } =
    [
        new('h', false, "help"), new('i', true, "interface"), new('f', true, "file"), new('o', true, "offset"), new('a', true, "address"),
        new('s', true, "start"), new('m', true, "mode"), new('e', false, "erase"), new('c', true, "com"), new('r', true, "rts"), new('d', true, "dtr"),
        new('v', true, "vid"), new('p', true, "pid"), new(Parity, true, "parity"),
    ];

    private static string[] Rewrite(IReadOnlyList<string> arguments)
    {
        if (arguments is [{ Length: 1 or 2 } protocol, ..] && protocol.All(char.IsAsciiDigit))
        {
            return FromOldShape(protocol, [.. arguments.Skip(1)]);
        }

        var (options, words) = new GetOpt(Tool!, Rows!, longOnly: true).Read(arguments);
        if (words.Count > 0)
        {
            throw Tool!.Error($"Unexpected argument \"{words[0]}\".");
        }

        string? Value(char letter) => options.FindLast(o => o.Letter == letter).Value is { } text && !Placeholder.IsEmpty(text) ? text : null;
        CheckInterface(Value('i') ?? throw Tool!.Error("The interface is missing. Expected -i dfu."));
        var file = Value('f') ?? throw Tool!.Error("The file is missing. Expected -f FILE.");
        var ids = (Value('v'), Value('p')) is ({ } vendor, { } product)
            ? UsbId.TryParse($"{vendor}:{product}", out var id) ? id : throw Tool!.Error($"Invalid USB ids \"{vendor}\" and \"{product}\". Expected hexadecimal numbers, for example -v 0x0483 -p 0xdf11.")
            : throw Tool!.Error("The USB ids of the bootloader are missing. Expected -v VID -p PID, for example -v 0x0483 -p 0xdf11.");
        var address = Number('a', Value('a')) ?? FlashAddress.FlashBase;
        var offset = Number('o', Value('o')) ?? 0;
        if (address + (long)offset > uint.MaxValue)
        {
            throw Tool!.Error($"0x{address:X8} (-a) and 0x{offset:X} (-o) are no address together: the offset is counted from the address.");
        }

        CheckStart(Tool!, "-s", Number('s', Value('s')), address, address + offset);
        IEnumerable<string> port = Value('c') is { } name ? [$"--port={name}"] : [];
        IEnumerable<string> erase = options.Exists(o => o.Letter == 'e') ? ["--erase-all"] : [];
        return ["upload", file, .. port, $"--usb-id={ids}", .. Offset(file, address + offset), .. erase];
    }

    /// <summary>The option that places a file; none if the file's format has addresses, which then count.</summary>
    public static IEnumerable<string> Offset(string file, uint? address) =>
        address is { } start && !CubeProgrammer.HasAddresses(file) ? [$"--offset=0x{start:X8}"] : [];

    /// <summary>Refuses an address that the sketch does not start at. The start of the flash is right, too: the bootloader there starts it.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="option">The option that gives the address.</param>
    /// <param name="start">The address; null if it was not given.</param>
    /// <param name="right">Those that are right.</param>
    public static void CheckStart(DropIn tool, string option, uint? start, params IReadOnlyList<uint?> right)
    {
        if (start is { } given && given != FlashAddress.FlashBase && !right.Contains(given))
        {
            throw tool.Error(
                $"{option} asks to start at 0x{given:X8}, but the program begins at {string.Join(" or ", right.Where(r => r is not null).Distinct().Select(r => $"0x{r:X8}"))}. "
                    + "upload-helper starts what it has written, and nothing else.");
        }
    }

    private static void CheckInterface(string name)
    {
        switch (name.ToLowerInvariant())
        {
            case "dfu":
                return;
            case "serial":
                throw Tool!.Error("Interface \"serial\" is not supported: upload-helper does not upload through a serial bootloader. Use -i dfu if the board has USB, or stm32flash.");
            case "swd" or "jlink":
                throw Tool!.Error($"Interface \"{name}\" is not supported: it needs a debug probe, and upload-helper uploads over USB without one. Use -i dfu, or STM32CubeProgrammer itself.");
            default:
                throw Tool!.Error($"Unknown interface \"{name}\". Expected dfu.");
        }
    }

    private static string[] FromOldShape(string protocol, string[] rest)
    {
        const int EraseAll = 10;
        var number = int.Parse(protocol, System.Globalization.CultureInfo.InvariantCulture);
        CheckInterface((number % EraseAll) switch
        {
            _ when number >= 2 * EraseAll => protocol,
            0 => "swd",
            1 => "serial",
            2 => "dfu",
            _ => protocol,
        });
        if (rest.Length == 0)
        {
            throw Tool!.Error("The file is missing. Expected 2 FILE.");
        }

        IEnumerable<string> erase = number >= EraseAll ? ["-e", "all"] : [];
        return CubeProgrammer.Tool.Rewrite!(["-c", "port=usb1", .. erase, "-d", rest[0], $"0x{FlashAddress.FlashBase:X8}", .. rest[1..]]);
    }

    private static uint? Number(char letter, string? text) => text is null ? null
        : Numbers.TryParse(text, out var number) ? number
        : throw Tool!.Error($"Invalid value \"{text}\" for -{letter}. Expected a number such as 0x4000.");
}
