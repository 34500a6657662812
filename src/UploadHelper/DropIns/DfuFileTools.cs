using UploadHelper.Commands;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Output;

namespace UploadHelper.DropIns;

/// <summary>dfu-suffix and dfu-prefix of dfu-util 0.11 (its suffix.c and prefix.c): they check, add and delete the ends of a .dfu file.</summary>
internal static class DfuFileTools
{
    /// <summary>dfu-suffix.</summary>
    public static DropIn Suffix { get; } = new("dfu-suffix", "dfu-suffix -c FILE | -D FILE | -a FILE [-v VID] [-p PID] [-d DEVICE] [-S 0x0100|0x011a]")
    {
        Run = (context, arguments) => Run(Suffix!, SuffixOptions!, context, arguments, OnSuffix),
        Help = """
            dfu-suffix: checks, adds or deletes the DFU suffix of a file, as dfu-suffix 0.11 does.
              -c, --check FILE     print the suffix
              -a, --add FILE       add a suffix
              -D, --delete FILE    delete the suffix
              -v, --vid ID         vendor id for -a, hexadecimal [default: FFFF, any]
              -p, --pid ID         product id for -a
              -d, --did ID         release of the device (bcdDevice) for -a
              -S, --spec VERSION   version of DFU for -a: 0x0100 or 0x011a [default: 0x0100]
            """,
    };

    /// <summary>dfu-prefix.</summary>
    public static DropIn Prefix { get; } = new("dfu-prefix", "dfu-prefix -c FILE [-T | -L] | -D FILE [-T | -L] | -a FILE {-s ADDRESS | -L}")
    {
        Run = (context, arguments) => Run(Prefix!, PrefixOptions!, context, arguments, OnPrefix),
        Help = """
            dfu-prefix: checks, adds or deletes the prefix of a file for TI Stellaris or NXP LPC, as dfu-prefix 0.11 does.
              -c, --check FILE     print the prefix and the suffix
              -a, --add FILE       add a prefix: -s or -L says which
              -D, --delete FILE    delete the prefix
              -s, --stellaris-address ADDRESS   a TI Stellaris prefix with this address
              -T, --stellaris      a TI Stellaris prefix
              -L, --LPC            an NXP LPC prefix
            """,
    };

    private static IReadOnlyList<GetOptRow> FileOptions { get; } =
        [new('h', false, "help"), new('V', false, "version"), new('c', true, "check"), new('a', true, "add"), new('D', true, "delete")];

    private static IReadOnlyList<GetOptRow> SuffixOptions { get; } =
        [.. FileOptions, new('p', true, "pid"), new('v', true, "vid"), new('d', true, "did"), new('S', true, "spec")];

    private static IReadOnlyList<GetOptRow> PrefixOptions { get; } =
        [.. FileOptions, new('s', true, "stellaris-address"), new('T', false, "stellaris"), new('L', false, "LPC")];

    private static int Run(DropIn tool, IReadOnlyList<GetOptRow> options, CommandContext context, IReadOnlyList<string> arguments, Action<DfuFileCall> act)
    {
        var call = new DfuFileCall(tool, context);
        try
        {
            var (given, words) = new GetOpt(tool, options).Read(arguments);
            if (given.FindIndex(o => o.Letter is 'h' or 'V') is >= 0 and var at)
            {
                context.Streams.Out.WriteLine(given[at].Letter == 'h' ? tool.HelpText : tool.VersionOfDfuUtil);
                return 0;
            }

            call.Take(given, words);
            act(call);
            return 0;
        }
        catch (UploadException e)
        {
            new TextReporter(context.Streams, verbose: false, quiet: false, color: false).Failed(e);
            return call.Status;
        }
    }

    private static void OnSuffix(DfuFileCall call)
    {
        ushort vendor = 0xFFFF, product = 0xFFFF, device = 0xFFFF, specification = 0x0100;
        foreach (var (letter, value) in call.Options)
        {
            _ = letter switch
            {
                'v' => vendor = call.Id(letter, value),
                'p' => product = call.Id(letter, value),
                'd' => device = call.Id(letter, value),
                _ => specification = call.Id(letter, value),
            };
        }

        if (specification is not (0x0100 or 0x011A))
        {
            throw call.Tool.Error($"Version 0x{specification:X4} for -S is not supported. Expected 0x0100, or 0x011a for DfuSe files.");
        }

        var file = call.Load();
        switch (call.Mode)
        {
            case 'a' when file.Suffix is not null:
                throw DfuFileCall.Refused($"{call.File} already has a DFU suffix. It is unchanged.", $"Delete that suffix first: {call.Tool.Name} -D {call.File}");
            case 'a':
                call.Store(file with { Suffix = new DfuSuffixFields(device, product, vendor, specification) });
                call.Print("Suffix successfully added to file");
                return;
            case var _ when file.Suffix is null:
                throw DfuFileCall.Refused($"{call.File} has no valid DFU suffix. {file.NoSuffix}.", $"To add one: {call.Tool.Name} -a {call.File}");
            case 'c':
                call.Show(file);
                return;
            default:
                call.Store(file with { Suffix = null });
                call.Print("Suffix successfully removed from file");
                return;
        }
    }

    private static void OnPrefix(DfuFileCall call)
    {
        DfuPrefixKind? kind = null;
        uint address = 0;
        foreach (var (letter, value) in call.Options)
        {
            address = letter == 's' ? call.Address(value) : address;
            kind = letter == 'L' ? DfuPrefixKind.Lpc : DfuPrefixKind.Stellaris;
        }

        if (call.Mode == 'a' && kind is null)
        {
            throw call.Tool.Error("The kind of the prefix is missing. Expected -s ADDRESS (TI Stellaris) or -L (NXP LPC).");
        }

        var file = call.Load();
        switch (call.Mode)
        {
            case 'a' when file.Prefix is not null:
                throw DfuFileCall.Refused($"{call.File} already has a prefix. It is unchanged.", $"Delete that prefix first: {call.Tool.Name} -D {call.File}");
            case 'a':
                call.Print("Adding prefix to file");
                call.Store(file with { Prefix = new DfuPrefix(kind!.Value) { Address = address } });
                return;
            case 'c':
                call.Show(file);
                break;
        }

        if (kind is not null ? file.Prefix?.Kind != kind : call.Mode == 'D' && file.Prefix is null)
        {
            throw DfuFileCall.Refused(
                $"{call.File} has no {(kind is { } wanted ? $"{DfuFileCall.NameOf(wanted)} " : "")}prefix.", $"To see what it has: {call.Tool.Name} -c {call.File}");
        }

        if (call.Mode == 'D')
        {
            call.Print("Removing prefix from file");
            call.Store(file with { Prefix = null });
        }
    }
}
