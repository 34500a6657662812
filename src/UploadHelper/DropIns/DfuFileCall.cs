using System.Globalization;
using UploadHelper.Commands;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Host;
using UploadHelper.Output;

namespace UploadHelper.DropIns;

/// <summary>One call of dfu-suffix or dfu-prefix: its file, what to do with it, and how far it has come.</summary>
/// <param name="tool">The tool.</param>
/// <param name="context">Its surroundings.</param>
internal sealed class DfuFileCall(DropIn tool, CommandContext context)
{
    public DropIn Tool => tool;

    /// <summary>The exit status of a failure at this point.</summary>
    public int Status { get; private set; } = SysExits.Usage;

    /// <summary>What to do: 'c' check, 'a' add, 'D' delete. The last one given counts.</summary>
    public char Mode { get; private set; }

    /// <summary>The path of the file.</summary>
    public string File { get; private set; } = "";

    /// <summary>The other options in their order.</summary>
    public IReadOnlyList<(char Letter, string Value)> Options { get; private set; } = [];

    /// <summary>Takes what was given.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>.</exception>
    public void Take(List<(char Letter, string Value)> given, List<string> words)
    {
        if (words.Count > 0)
        {
            throw tool.Error($"Unexpected argument \"{words[0]}\": {tool.Name} works on one file.");
        }

        (Mode, File) = given.FindLast(o => IsMode(o.Letter));
        Options = given.FindAll(o => !IsMode(o.Letter));
        if (Mode == default)
        {
            throw tool.Error("You need to specify a filename: -c FILE, -a FILE or -D FILE.");
        }

        if (File == "-")
        {
            throw tool.Error("Standard input cannot be used in place of a file.");
        }
    }

    /// <summary>A number of 16 bits as strtol with base 16 reads it; -1 is FFFF.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>: it is none. (dfu-suffix takes the digits before what it cannot read, and the lower 16 bits.)</exception>
    public ushort Id(char letter, string text)
    {
        var digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        return text == "-1" ? ushort.MaxValue
            : ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) ? id
            : throw tool.Error($"Invalid value \"{text}\" for -{letter}. Expected a hexadecimal number of up to four digits.");
    }

    /// <summary>The address of a Stellaris prefix, as strtoul with base 0 reads it.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>: it is no number, or the prefix cannot hold it. (dfu-prefix writes another address.)</exception>
    public uint Address(string text) =>
        !Numbers.TryParse(text, out var address) ? throw tool.Error($"Invalid address \"{text}\" for -s. Expected a number such as 0x4000.")
        : address % DfuPrefix.AddressUnit != 0 || address >= DfuPrefix.AddressLimit
            ? throw tool.Error($"A Stellaris prefix cannot hold the address {text}: it must be a multiple of {DfuPrefix.AddressUnit} below 0x{DfuPrefix.AddressLimit:X8}.")
        : address;

    /// <summary>Reads the file.</summary>
    /// <exception cref="UploadException">It cannot be read, or its suffix is damaged.</exception>
    public DfuEnds Load()
    {
        Status = SysExits.NoInput;
        var content = ImageFiles.Read(File).Content;
        Status = SysExits.DataError;
        try
        {
            return DfuEnds.Read(content);
        }
        catch (InvalidDataException e)
        {
            throw Refused($"{File} is damaged. {e.Message}.", "Make the file again.");
        }
    }

    /// <summary>Writes the file; if that fails, the file is as it was.</summary>
    /// <exception cref="UploadException">It cannot be written, or is too long for its prefix.</exception>
    public void Store(DfuEnds ends)
    {
        try
        {
            var bytes = ends.ToBytes();
            Status = SysExits.CannotCreate;
            RequireWritable();
            using var file = new OutputFile(File, context.CreateFile);
            Status = SysExits.InputOutput;
            file.Content.Write(bytes);
            file.Keep();
        }
        catch (InvalidDataException e)
        {
            throw Refused($"{e.Message}. {File} is unchanged.", "Make a smaller file.");
        }
        catch (Exception e) when (OutputFile.IsFault(e))
        {
            throw new UploadException(
                UploadError.Configuration, $"Cannot write {File}: {OutputFile.Reason(e)}. It is unchanged.", "Check the permissions of the file and of its folder, and the free space on the disk.", e);
        }
    }

    /// <summary>Prints what the ends of the file hold, in dfu-util's words.</summary>
    /// <exception cref="UploadException">The output is lost.</exception>
    public void Show(DfuEnds ends)
    {
        switch (ends.Prefix)
        {
            case { Kind: DfuPrefixKind.Stellaris } stellaris:
                Print($"The file {File} contains a TI Stellaris DFU prefix with the following properties:");
                Print($"Address:\t0x{stellaris.Address:x8}");
                break;
            case { } lpc:
                Print($"The file {File} contains a NXP unencrypted LPC DFU prefix with the following properties:");
                Print($"Size:\t{lpc.StatedKiB,5} kiB");
                break;
        }

        if (ends.Suffix is { } suffix)
        {
            Print($"The file {File} contains a DFU suffix with the following properties:");
            Print($"BCD device:\t0x{suffix.Device:X4}");
            Print($"Product ID:\t0x{suffix.Product:X4}");
            Print($"Vendor ID:\t0x{suffix.Vendor:X4}");
            Print($"BCD DFU:\t0x{suffix.Specification:X4}");
            Print($"Length:\t\t{suffix.Size}");
            Print($"CRC:\t\t0x{suffix.Checksum:X8}");
        }

        if (context.Streams.OutFailure is { } lost)
        {
            Status = SysExits.InputOutput;
            throw CommandContext.OutputLost(lost);
        }
    }

    /// <summary>Prints a line.</summary>
    public void Print(string line) => context.Streams.Out.WriteLine(string.Join('\t', line.Split('\t').Select(Ascii.Of)));

    /// <summary>The failure of a file that is not as the call needs it.</summary>
    public static UploadException Refused(string message, string hint) => new(UploadError.ImageUnreadable, message, hint);

    /// <summary>The name of a kind of prefix.</summary>
    public static string NameOf(DfuPrefixKind kind) => kind == DfuPrefixKind.Stellaris ? "TI Stellaris" : "NXP LPC";

    private static bool IsMode(char letter) => letter is 'c' or 'a' or 'D';

    // A file that is replaced need not be writable itself; but who protects it wants it kept.
    private void RequireWritable()
    {
        using var _ = new FileStream(File, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
    }
}
