using Microsoft.Extensions.Configuration;
using UploadHelper.Core.Arduino;
using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration.Arduino;

/// <summary>A board of an Arduino core as a layer of settings: ids, alternate setting, offset, largest size and so on.</summary>
/// <param name="name">The board.</param>
/// <param name="hardware">The folder of cores, or null.</param>
internal sealed class ArduinoBoardSource(BoardName name, string? hardware) : IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => new Provider(name, hardware);

    private sealed class Provider(BoardName name, string? hardware) : ConfigurationProvider
    {
        public override void Load()
        {
            var board = Find();
            var upload = BoardUpload.Of(board.Resolve(Checked(board)));
            Data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
            {
                [SettingKeys.UsbId] = upload.Ids is { } ids ? string.Join(Settings.Separator, ids) : null,
                [SettingKeys.Alternate] = upload.Alternate?.ToString(),
                [SettingKeys.Offset] = upload.Address is { } address ? $"0x{address:X8}" : null,
                [SettingKeys.MaximumSize] = upload.MaximumSize?.ToString(),
                [SettingKeys.SupplyVoltage] = upload.SupplyVoltage,
                [SettingKeys.ResetSequence] = upload.ResetSequence,
                [SettingKeys.Uart] = upload.IsOverUart ? "true" : null,
            };
            foreach (var key in Data.Where(d => d.Value is null).Select(d => d.Key).ToList())
            {
                Data.Remove(key);
            }
        }

        private ArduinoBoard Find()
        {
            var file = name switch
            {
                BoardName.InFile inFile => inFile.File,
                BoardName.Qualified qualified => CoreFiles.Find(hardware ?? throw NoHardware(), qualified.Vendor, qualified.Architecture),
                _ => throw new InvalidOperationException($"{name.GetType()} has no file."),
            };
            var core = CoreFiles.Read(file);
            return core.Find(name.Id) ?? throw new UploadException(
                UploadError.Configuration,
                $"There is no board \"{name.Id}\" in {file}.",
                $"It has {Listed(core.Boards.Select(b => b.Id))}. To see all with their options: upload-helper boards {file}");
        }

        private IReadOnlyDictionary<string, string> Checked(ArduinoBoard board)
        {
            foreach (var (menu, option) in name.Options)
            {
                var options = board.Menus.FirstOrDefault(m => m.Id == menu)?.Options ?? throw new UploadException(
                    UploadError.Configuration,
                    $"The board {board.Id} has no menu \"{menu}\".",
                    board.Menus.Count == 0 ? "It has no menus." : $"It has {Listed(board.Menus.Select(m => m.Id))}.");
                if (options.All(o => o.Id != option))
                {
                    throw new UploadException(
                        UploadError.Configuration, $"The menu {menu} of the board {board.Id} has no option \"{option}\".", $"It has {Listed(options.Select(o => o.Id))}.");
                }
            }

            return name.Options;
        }

        private UploadException NoHardware() => new(
            UploadError.Configuration,
            $"The folder of the core of the board {name.Id} is not given.",
            "Give the folder with --hardware DIR, or the core's boards.txt with --board FILE:ID.");

        private static string Listed(IEnumerable<string> names)
        {
            const int Most = 12;
            var all = names.ToList();
            return string.Join(", ", all.Take(Most)) + (all.Count > Most ? $" and {all.Count - Most} more" : "");
        }
    }
}

/// <summary>A board of an Arduino core as <c>--board</c> names it: by the file that describes it, or by the name that the IDEs use.</summary>
/// <param name="Id">The board, for example "generic_f407v".</param>
/// <param name="Options">Menus and the options chosen in them.</param>
internal abstract record BoardName(string Id, IReadOnlyDictionary<string, string> Options)
{
    /// <summary>In a boards.txt: <c>FILE:ID[:menu=option,...]</c>.</summary>
    internal sealed record InFile(string File, string Id, IReadOnlyDictionary<string, string> Options) : BoardName(Id, Options);

    /// <summary>The fully qualified board name of IDE 2 and arduino-cli: <c>VENDOR:ARCH:ID[:menu=option,...]</c>.</summary>
    internal sealed record Qualified(string Vendor, string Architecture, string Id, IReadOnlyDictionary<string, string> Options) : BoardName(Id, Options);

    /// <summary>Reads either form; null for a name without a colon, which names an entry in the configuration file.</summary>
    /// <param name="text">As the user wrote it; a file's path may have colons itself: "C:\core\boards.txt:uno".</param>
    /// <param name="isFile">Whether there is a file of that name.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it is neither.</exception>
    public static BoardName? Parse(string text, Func<string, bool> isFile)
    {
        if (!text.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }

        for (var at = text.LastIndexOf(':'); at > 0; at = text.LastIndexOf(':', at - 1))
        {
            if (isFile(text[..at]))
            {
                return text[(at + 1)..].Split(':') switch
                {
                    [{ Length: > 0 } id] => new InFile(text[..at], id, Choices("")),
                    [{ Length: > 0 } id, var options] => new InFile(text[..at], id, Choices(options)),
                    _ => throw Invalid(text),
                };
            }
        }

        var file = text.IndexOf(".txt:", StringComparison.OrdinalIgnoreCase);
        if (file > 0)
        {
            throw new UploadException(
                UploadError.Configuration, $"File {text[..(file + 4)]} not found.", BoundedFile.Missing(text, "Check the path before the board's id in --board."));
        }

        return text.Split(':') switch
        {
            [{ Length: > 0 } vendor, { Length: > 0 } architecture, { Length: > 0 } id] => new Qualified(vendor, architecture, id, Choices("")),
            [{ Length: > 0 } vendor, { Length: > 0 } architecture, { Length: > 0 } id, var options] => new Qualified(vendor, architecture, id, Choices(options)),
            _ => throw Invalid(text),
        };
    }

    private static Dictionary<string, string> Choices(string text)
    {
        var choices = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var choice in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (choice.Split('=') is not [{ Length: > 0 } menu, { Length: > 0 } option])
            {
                throw new UploadException(
                    UploadError.Configuration, $"Invalid board option \"{choice}\". Expected menu=option.", "For example upload_method=DFUUploadMethod. Separate several with commas.");
            }

            choices[menu] = option;
        }

        return choices;
    }

    private static UploadException Invalid(string text) => new(
        UploadError.Configuration,
        $"Invalid value \"{text}\" for --board.",
        "Give FILE:ID[:menu=option,...] where FILE is a core's boards.txt, VENDOR:ARCH:ID[:menu=option,...] with --hardware DIR, or a board of the configuration file.");
}

/// <summary>Finds and reads the files that describe a core.</summary>
internal static class CoreFiles
{
    private const string Boards = "boards.txt";

    private static ArduinoSystem System =>
        OperatingSystem.IsWindows() ? ArduinoSystem.Windows : OperatingSystem.IsMacOS() ? ArduinoSystem.MacOsX : ArduinoSystem.Linux;

    /// <summary>Reads a core by its boards.txt: that, platform.txt beside it if there is one, and their local files over both.</summary>
    /// <param name="boardsFile">The path of boards.txt, under whatever name.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: a file cannot be read.</exception>
    public static ArduinoCore Read(string boardsFile)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(boardsFile))!;
        return new ArduinoCore(
            Text(boardsFile).With(Beside(folder, "boards.local.txt")),
            Beside(folder, "platform.txt").With(Beside(folder, "platform.local.txt")));
    }

    /// <summary>The boards.txt of a core in a folder of cores.</summary>
    /// <param name="hardware">
    /// The sketchbook's hardware folder (VENDOR/ARCH), or the Boards Manager's packages folder (VENDOR/hardware/ARCH/VERSION);
    /// of several versions, the highest is taken.
    /// </param>
    /// <param name="vendor">The core's package, for example "Arduino_STM32".</param>
    /// <param name="architecture">Its architecture, for example "STM32F4".</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: there is none.</exception>
    public static string Find(string hardware, string vendor, string architecture)
    {
        var installed = Path.Combine(hardware, vendor, "hardware", architecture);
        var folders = new[] { Path.Combine(hardware, vendor, architecture) }
            .Concat(Directory.Exists(installed) ? Directory.GetDirectories(installed).OrderByDescending(d => VersionOf(Path.GetFileName(d))) : []);
        return folders.Select(f => Path.Combine(f, Boards)).FirstOrDefault(File.Exists)
            ?? throw new UploadException(
                UploadError.Configuration,
                $"There is no core {vendor}:{architecture} in {hardware}.",
                "Give --hardware the sketchbook's hardware folder, or the packages folder of the Boards Manager.");
    }

    private static ArduinoProperties Beside(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? Text(path) : new ArduinoProperties();
    }

    private static ArduinoProperties Text(string path)
    {
        try
        {
            return ArduinoProperties.Parse(BoundedFile.ReadText(path, ArduinoProperties.LargestFile), System);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.Configuration, $"Cannot read {path}: {e.Message}", "Give the path of a core's boards.txt.", e);
        }
    }

    // "2.10.1" is above "2.9.0"; a name that is not a version comes last.
    private static Version VersionOf(string name) => Version.TryParse(name.Split('-')[0], out var version) ? version : new Version();
}
