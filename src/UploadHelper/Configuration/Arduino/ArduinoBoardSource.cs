using Microsoft.Extensions.Configuration;
using UploadHelper.Core.Arduino;
using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration.Arduino;

/// <summary>A board of an Arduino core as a layer of settings: ids, alternate setting, offset and largest size.</summary>
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
                [SettingKeys.UsbId] = upload.Ids?.ToString(),
                [SettingKeys.Alternate] = upload.Alternate?.ToString(),
                [SettingKeys.Offset] = upload.Address is { } address ? $"0x{address:X8}" : null,
                [SettingKeys.MaximumSize] = upload.MaximumSize?.ToString(),
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
                $"It has {Listed(core.Boards.Select(b => b.Id))}. All with their options: upload-helper boards {file}");
        }

        private IReadOnlyDictionary<string, string> Checked(ArduinoBoard board)
        {
            foreach (var (menu, option) in name.Options)
            {
                var options = board.Menus.FirstOrDefault(m => m.Id == menu)?.Options ?? throw new UploadException(
                    UploadError.Configuration,
                    $"The board {board.Id} has no menu \"{menu}\".",
                    board.Menus.Count == 0 ? "It has none at all." : $"It has {Listed(board.Menus.Select(m => m.Id))}.");
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
            $"It is not known where the core of the board {name.Id} is.",
            "Give its folder with --hardware DIR, or its file: --board FILE:ID");

        private static string Listed(IEnumerable<string> names)
        {
            const int Most = 12;
            var all = names.ToList();
            return string.Join(", ", all.Take(Most)) + (all.Count > Most ? $" and {all.Count - Most} more" : "");
        }
    }
}
