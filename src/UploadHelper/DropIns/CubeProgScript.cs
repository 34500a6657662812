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

    public static DropIn Tool { get; } = new("stm32CubeProg", "stm32CubeProg.sh -i dfu -f FILE -v VID -p PID [-o OFFSET] [-a ADDRESS] [-s START] | -i serial -f FILE -c PORT [-o OFFSET] ...")
    {
        Aliases = ["stm32CubeProg.sh", "stm32CubeProg.bat"],
        Rewrite = Rewrite,
        Help = """
            Uploads a sketch through the bootloader in the chip's ROM, as stm32CubeProg.sh does, without STM32CubeProgrammer.
              -i, --interface NAME   dfu, or serial: the bootloader in the chip's ROM through a serial adapter
              -f, --file FILE        the sketch
              -v, --vid ID           vendor id of the bootloader (dfu)
              -p, --pid ID           product id of the bootloader (dfu)
              -a, --address ADDRESS  start of the flash [default: 0x8000000]
              -o, --offset OFFSET    where the sketch begins, counted from ADDRESS [default: 0]
              -s, --start ADDRESS    ADDRESS, or where the sketch begins: the sketch is started in any case
              -e, --erase            erase everything that a sketch may use first
              -c, --com PORT         with dfu, the port of the sketch that is running now, to reset it; with serial, the adapter's
            -m, -r, -d and --parity have no effect with dfu. With serial, -r and -d set RTS and DTR to low or high first, and the parity is even.
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
        var isSerial = IsSerial(Value('i') ?? throw Tool!.Error("The interface is missing. Expected -i dfu or -i serial."));
        var file = Value('f') ?? throw Tool!.Error("The file is missing. Expected -f FILE.");
        var board = isSerial ? Serial(Value('c'), Value('r'), Value('d')) : (Value('v'), Value('p')) is ({ } vendor, { } product)
            ? UsbId.TryParse($"{vendor}:{product}", out var id) ? [.. Value('c') is { } sketch ? (string[])[$"--port={sketch}"] : [], $"--usb-id={id}"] : throw Tool!.Error($"Invalid USB ids \"{vendor}\" and \"{product}\". Expected hexadecimal numbers, for example -v 0x0483 -p 0xdf11.")
            : throw Tool!.Error("The USB ids of the bootloader are missing. Expected -v VID -p PID, for example -v 0x0483 -p 0xdf11.");
        var address = Tool!.Number("-a", Value('a')) ?? FlashAddress.FlashBase;
        var offset = Tool!.Number("-o", Value('o')) ?? 0;
        if (address + (long)offset > uint.MaxValue)
        {
            throw Tool!.Error($"0x{address:X8} (-a) and 0x{offset:X} (-o) are no address together: the offset is counted from the address.");
        }

        CheckStart(Tool!, "-s", Tool!.Number("-s", Value('s')), address, address + offset);
        IEnumerable<string> erase = options.Exists(o => o.Letter == 'e') ? ["--erase-all"] : [];
        return ["upload", file, .. board, .. Offset(file, address + offset), .. erase];
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

    // -r and -d are levels: low or high.
    private static string[] Serial(string? port, string? rts, string? dtr)
    {
        if (port is null)
        {
            throw Tool!.Error("The port of the serial adapter is missing. Expected -c PORT.");
        }

        var lines = string.Join('&', new[] { rts is null ? null : $"rts={rts.ToLowerInvariant()}", dtr is null ? null : $"dtr={dtr.ToLowerInvariant()}" }.OfType<string>());
        return ["--uart", $"--port={port}", .. lines.Length == 0 ? [] : (string[])[$"--reset-sequence={lines}"]];
    }

    private static bool IsSerial(string name) => name.ToLowerInvariant() switch
    {
        "dfu" => false,
        "serial" => true,
        "swd" or "jlink" => throw Tool!.Error($"Interface \"{name}\" is not supported: it needs a debug probe, and upload-helper uploads without one. Use -i dfu or -i serial, or STM32CubeProgrammer itself."),
        _ => throw Tool!.Error($"Unknown interface \"{name}\". Expected dfu or serial."),
    };

    private static string[] FromOldShape(string protocol, string[] rest)
    {
        const int EraseAll = 10;
        var number = int.Parse(protocol, System.Globalization.CultureInfo.InvariantCulture);
        var isSerial = IsSerial((number % EraseAll) switch
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
        if (isSerial)
        {
            // PROTOCOL FILE PORT [OPTIONS]
            return rest.Length > 1 && !Placeholder.IsEmpty(rest[1])
                ? CubeProgrammer.Tool.Rewrite!(["-c", $"port={rest[1]}", .. erase, "-d", rest[0], $"0x{FlashAddress.FlashBase:X8}", .. rest[2..]])
                : throw Tool!.Error("The port of the serial adapter is missing. Expected 1 FILE PORT.");
        }

        return CubeProgrammer.Tool.Rewrite!(["-c", "port=usb1", .. erase, "-d", rest[0], $"0x{FlashAddress.FlashBase:X8}", .. rest[1..]]);
    }
}
