using UploadHelper.Commands;
using UploadHelper.Core.Errors;

namespace UploadHelper.DropIns;

/// <summary>
/// An older tool in whose place upload-helper can be called: as <c>upload-helper NAME ARGUMENTS</c>, or under the tool's own name (a
/// link or a copy of the executable).
/// </summary>
/// <param name="Name">The name of the tool, without ".exe".</param>
/// <param name="Usage">How it is called, for errors.</param>
internal sealed record DropIn(string Name, string Usage)
{
    /// <summary>Other names of the same tool.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>
    /// Turns the tool's arguments into those of a command of upload-helper; pure. Null for a tool that is more than another way to
    /// write a command. Throws <see cref="UploadException"/> with <see cref="UploadError.Usage"/> for arguments that the tool does not
    /// have, or that cannot be honoured.
    /// </summary>
    public Func<IReadOnlyList<string>, string[]>? Rewrite { get; init; }

    /// <summary>Runs the tool with its arguments, and returns its exit status; null if <see cref="Rewrite"/> is there.</summary>
    public Func<CommandContext, IReadOnlyList<string>, int>? Run { get; init; }

    /// <summary>What the tool does, and its options, for its help; "" for a tool that makes its own.</summary>
    public string Help { get; init; } = "";

    /// <summary>What it is, for the list of commands.</summary>
    public string Description => $"Takes the arguments of {string.Join(", ", [Name, .. Aliases])}.";

    /// <summary>What <c>--help</c> prints.</summary>
    public string HelpText => $"Usage: {Usage}\n\n{Help}";

    /// <summary>What <c>--version</c> prints for a tool of dfu-util 0.11; callers read the second word.</summary>
    public string VersionOfDfuUtil => $"{Name} 0.11 (upload-helper {typeof(DropIn).Assembly.GetName().Version!.ToString(3)})";

    /// <summary>The number that an option has as its value; null without a value.</summary>
    /// <param name="option">The option, as it is written.</param>
    /// <param name="text">Its value.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>: it is no number.</exception>
    public uint? Number(string option, string? text) => text is null ? null
        : Numbers.TryParse(text, out var number) ? number
        : throw Error($"Invalid value \"{text}\" for {option}. Expected a number such as 0x4000.");

    /// <summary>A usage error of this tool.</summary>
    /// <param name="message">What is wrong.</param>
    public UploadException Error(string message) => new(UploadError.Usage, message, $"Usage: {Usage}. See: upload-helper {Name} --help");
}

/// <summary>All tools that upload-helper replaces.</summary>
internal static class DropInTable
{
    /// <summary>The tools.</summary>
    public static IReadOnlyList<DropIn> Rows { get; } =
        [DfuUtil.Tool, DfuFileTools.Suffix, DfuFileTools.Prefix, MapleUpload.Tool, HidFlash.Tool, Stm32flash.Tool, CubeProgScript.Tool, CubeProgrammer.Tool];

    /// <summary>The names of the tools.</summary>
    public static IEnumerable<string> Names => Rows.Select(r => r.Name);

    /// <summary>The tool that is meant, with its own arguments; null if it is upload-helper itself.</summary>
    /// <param name="program">The path by which the process was started.</param>
    /// <param name="arguments">The arguments of the process.</param>
    public static (DropIn Tool, string[] Arguments)? Find(string program, IReadOnlyList<string> arguments)
    {
        if (Named(Base(program)) is { } own)
        {
            return (own, [.. arguments]);
        }

        return arguments.Count > 0 && Named(arguments[0]) is { } named ? (named, [.. arguments.Skip(1)]) : null;
    }

    private static DropIn? Named(string name)
    {
        foreach (var row in Rows)
        {
            if (row.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || row.Aliases.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return row;
            }
        }

        return null;
    }

    // Not Path.GetFileNameWithoutExtension: "stm32CubeProg.sh" is the name of a tool.
    private static string Base(string program)
    {
        var name = program[(program.AsSpan().LastIndexOfAny('/', '\\') + 1)..];
        return name.EndsWith(".exe", StringComparison.OrdinalIgnoreCase) ? name[..^".exe".Length] : name;
    }
}

/// <summary>The exit statuses of dfu-util and its companions: those of sysexits.h.</summary>
internal static class SysExits
{
    /// <summary>EX_USAGE.</summary>
    public const int Usage = 64;

    /// <summary>EX_DATAERR.</summary>
    public const int DataError = 65;

    /// <summary>EX_NOINPUT.</summary>
    public const int NoInput = 66;

    /// <summary>EX_SOFTWARE.</summary>
    public const int Software = 70;

    /// <summary>EX_CANTCREAT.</summary>
    public const int CannotCreate = 73;

    /// <summary>EX_IOERR.</summary>
    public const int InputOutput = 74;

    /// <summary>The status of a failure. What dfu-util would have sent to the board without a look at it is an error in the data.</summary>
    public static int Of(UploadError error) => error switch
    {
        UploadError.Internal => Software,
        UploadError.ImageMissing => NoInput,
        UploadError.ImageUnreadable or UploadError.ImageLinkedElsewhere or UploadError.NoVectorTable => DataError,

        // "Last page at 0x... is not writeable", "File ID ... does not match device" and the like.
        UploadError.Usage or UploadError.Configuration or UploadError.AddressInvalid or UploadError.AddressMissing or UploadError.LengthInvalid
            or UploadError.NotWritable or UploadError.NotInMemory or UploadError.ImageTooLarge or UploadError.NotASectorStart or UploadError.NotForThisDevice => Usage,
        _ => InputOutput,
    };
}
