using UploadHelper.CommandLine;
using UploadHelper.Core.Chips;

namespace UploadHelper.DropIns;

/// <summary>
/// stm32flash 0.7 with a serial port (its main.c and manual page): writing, reading, erasing and removing protections. It always verifies. PlatformIO calls it as
/// <c>stm32flash -g ADDRESS -b 115200 -w FILE PORT</c>.
/// </summary>
internal static class Stm32flash
{
    private const string DefaultBaudRate = "57600";

    public static DropIn Tool { get; } = new("stm32flash", "stm32flash [-b BAUD] [-i SEQUENCE] [-S ADDRESS[:LENGTH]] -w FILE | -r FILE | -o | -u | -k [-v] [-g ADDRESS] [-R] PORT")
    {
        Rewrite = Rewrite,
        Help = """
            Writes, reads or erases the flash through the bootloader in the chip's ROM and a serial adapter at PORT, as stm32flash does.
              -w FILE                write a program, and verify it
              -r FILE                read the flash into a file
              -o                     only erase
              -u                     remove the write protection
              -k                     remove the read protection, which erases the whole flash
              -S ADDRESS[:LENGTH]    where, and how many bytes [default: all of the flash]
              -g ADDRESS             start the program afterwards; 0 is the start of the flash
              -R                     start the program afterwards
              -b BAUD                speed [default: 57600]
              -i SEQUENCE            what to do with DTR and RTS first; with -R, the steps behind a colon start the program
            Without -w, -r, -o, -u, -k, -g and -R, it shows information about the chip.
            -v, -c, -n, -e (except 0) and -m 8e1 have no effect. -j, -C, -f, -s and I2C are not supported.
            """,
    };

    private static IReadOnlyList<GetOptRow> Rows { get; } =
        [.. "wrSgbinemsaF".Select(c => new GetOptRow(c, true)), .. "ovRcukjCf".Select(c => new GetOptRow(c, false))];

    private static string[] Rewrite(IReadOnlyList<string> arguments)
    {
        var (options, words) = new GetOpt(Tool!, Rows!).Read(arguments);
        string? Value(char letter) => options.FindLast(o => o.Letter == letter) is { Letter: not '\0', Value: var value } ? value : null;
        if (options.Find(o => o.Letter is 'j' or 'C' or 'f' or 's' or 'a' or 'F') is { Letter: not '\0' } unsupported)
        {
            throw Tool!.Error($"-{unsupported.Letter} is not supported. Use stm32flash itself for it.");
        }

        if (Value('e') == "0")
        {
            throw Tool!.Error("-e 0 is not supported: upload-helper erases each sector that it writes to.");
        }

        if (Value('m') is { } mode && !mode.Equals("8e1", StringComparison.OrdinalIgnoreCase))
        {
            throw Tool!.Error($"-m {mode} is not supported: the bootloader speaks 8e1.");
        }

        var port = words switch
        {
            [var one] when !Placeholder.IsEmpty(one) => one,
            [_, var second, ..] => throw Tool!.Error($"Unexpected argument \"{second}\"."),
            _ => throw Tool!.Error("The serial port is missing."),
        };
        var resets = options.Exists(o => o.Letter == 'R');
        string[] uart = ["--uart", $"--port={port}", $"--baud-rate={Value('b') ?? DefaultBaudRate}", $"--reset-sequence={Sequence(Value('i'), resets)}"];
        var (address, length) = Range(Value('S'));
        var start = Tool!.Number("-g", Value('g'));
        string[] only = [.. options.Select(o => o.Letter).Where(c => c is 'u' or 'k' or 'o').Distinct().Select(c => $"{c}")];
        return (Value('w'), Value('r'), only) switch
        {
            ({ } file, null, []) => Write(file, address, length, start, resets, uart),
            (null, { } file, []) => ["read", $"0x{address ?? FlashAddress.FlashBase:X8}", .. Length(length), file, .. uart],
            (null, null, ["k"]) => ["unprotect", "--yes", .. uart],
            (null, null, ["u"]) => ["unprotect", "--write-only", "--yes", .. uart],
            (null, null, ["o"]) when address is null => ["erase", "--yes", .. uart],
            (null, null, ["o"]) => ["erase", $"0x{address:X8}", .. Length(length), "--yes", .. uart],
            (null, null, []) when start is not null || resets => ["leave", $"0x{(start is { } at and not 0 ? at : FlashAddress.FlashBase):X8}", .. uart],
            (null, null, []) => ["info", .. uart],
            _ => throw Tool!.Error("Only one of -w, -r, -o, -u and -k can be done at once."),
        };
    }

    // It touches no line without -i, and uses the steps behind the colon only for -R (init_bl_exit in its main.c).
    private static string Sequence(string? steps, bool resets) => string.IsNullOrEmpty(steps) ? "manual" : resets ? steps : steps.Split(':')[0];

    private static string[] Write(string file, uint? address, uint? length, uint? start, bool resets, string[] uart)
    {
        if (length is not null)
        {
            throw Tool!.Error("A length in -S is not supported with -w: all of the file is written.");
        }

        var begin = address ?? FlashAddress.FlashBase;
        CubeProgScript.CheckStart(Tool!, "-g", start is 0 ? null : start, CubeProgrammer.HasAddresses(file) ? start : begin);
        return ["upload", file, .. uart, .. CubeProgScript.Offset(file, begin), .. start is null && !resets ? (string[])["--no-leave"] : []];
    }

    private static IEnumerable<string> Length(uint? length) => length is { } bytes ? [$"0x{bytes:X}"] : [];

    private static (uint? Address, uint? Length) Range(string? text) => text?.Split(':') switch
    {
        null => (null, null),
        [var address] => (Tool!.Number("-S", address), null),
        [var address, var length] => (Tool!.Number("-S", address), Tool!.Number("-S", length)),
        _ => throw Tool!.Error($"Invalid value \"{text}\" for -S. Expected ADDRESS or ADDRESS:LENGTH."),
    };
}
