using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Configuration.Arduino;
using UploadHelper.Core.Arduino;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>image</c>: shows what is in an image file and which bootloaders it fits. Needs no board.</summary>
internal static class ImageCommand
{
    private const int LabelWidth = 14;

    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "The compiled sketch (.bin, .hex, .s19, .elf, .dfu)" };
        var command = new ExampledCommand(
            "image",
            "Show what is in an image file: segments, vector table, link address, and the bootloaders it fits.",
            "upload-helper image Blink.elf",
            "upload-helper image --offset 0x4000 Blink.bin")
        {
            file,
        };
        command.SetAction(parse => context.Print(parse, (settings, _) =>
        {
            var inspection = ImageInspection.Of(ImageFiles.Read(parse.GetValue(file)!), settings.Address(SettingKeys.Offset), settings.Processor());
            Write(context.Streams.Out, settings.Switch(SettingKeys.Json), inspection);
        }));
        return command;
    }

    private static void Write(TextWriter writer, bool json, ImageInspection inspection)
    {
        if (json)
        {
            new ImageInspectionEvent(inspection).Print(writer);
            return;
        }

        writer.WriteLine(Ascii.Of($"{inspection.Image.Name}: {inspection.Image.Size} bytes"));
        foreach (var (label, text) in ImageText.Of(inspection))
        {
            writer.WriteLine(Ascii.Of($"  {label.PadRight(LabelWidth)}{text}"));
        }
    }
}

/// <summary><c>boards</c>: shows what upload-helper reads from a core's boards.txt, for each choice of options that makes a difference to an upload.</summary>
internal static class BoardsCommand
{
    private const int MostOthers = 3;

    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "A core's boards.txt, or the folder it is in. The core's platform.txt and its .local files are read too" };
        var command = new ExampledCommand(
            "boards",
            "Show the boards of an Arduino core and how to upload to each.",
            "upload-helper boards ~/Arduino/hardware/Arduino_STM32/STM32F4/boards.txt",
            "upload-helper upload --board ~/Arduino/hardware/Arduino_STM32/STM32F4/boards.txt:generic_f407v:upload_method=F4BootMethod Blink.bin")
        {
            file,
        };
        command.SetAction(parse => context.Print(parse, (settings, _) =>
        {
            Run(parse.GetValue(file)!, context.Streams.Out, settings.Switch(SettingKeys.Json));
        }));
        return command;
    }

    private static void Run(string path, TextWriter writer, bool json)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, "boards.txt") : path;
        if (!File.Exists(file))
        {
            throw new UploadException(UploadError.Configuration, $"File {file} not found.", BoundedFile.Missing(file, "Give the path of a core's boards.txt."));
        }

        foreach (var board in CoreFiles.Read(file).Boards)
        {
            var variants = BoardVariant.Of(board).ToList();
            if (json)
            {
                variants.ForEach(v => WriteJson(writer, v));
            }
            else
            {
                writer.WriteLine(Ascii.Of($"{board.Id}: {board.Name}"));
                variants.ForEach(v => WriteText(writer, v));
            }
        }
    }

    private static void WriteText(TextWriter writer, BoardVariant variant)
    {
        var (tool, ids, alternate, address, _) = variant.Upload;
        var over = ids is not null ? $"{string.Join(Settings.Separator, ids)}{(alternate is null ? "" : $" alt {alternate}")}" : variant.Upload.IsOverUart ? "serial adapter (--uart)" : null;
        var how = over is null
            ? $"not by DFU{(tool is null ? "" : $" ({tool})")}"
            : $"{over}, {(address is { } start ? $"{(FlashAddress.IsInternalFlash(start) ? "offset" : "address")} {FlashAddress.Offset(start)}" : "no offset")}{Sizes(variant.Sizes)}";
        var options = string.Join(',', variant.Options.Select(Text));
        writer.WriteLine(Ascii.Of(options.Length == 0 ? $"  {how}" : $"  {options}: {how}"));
    }

    // A few are named, for they may be upload methods; parts come by the hundred. scripts/arduino-overlay.sh reads this.
    private static string Text(ChosenOptions chosen) => $"{chosen.Menu.Id}={chosen.Options[0].Id}" + chosen.Options.Skip(1).Select(o => o.Id).ToList() switch
    {
        [] => "",
        { Count: <= MostOthers } others => $" (or {string.Join(" or ", others)})",
        var others => $" (and {others.Count} more)",
    };

    private static string Sizes(IReadOnlyList<uint> sizes) => sizes switch
    {
        [] => "",
        [var only] => $", {only} bytes at most",
        _ => $", {sizes[0]} to {sizes[^1]} bytes at most",
    };

    private static void WriteJson(TextWriter writer, BoardVariant variant)
    {
        var upload = variant.Upload;
        new CoreBoardEvent(
            variant.Board.Id,
            variant.Board.Name,
            variant.Options.ToDictionary(o => o.Menu.Id, IReadOnlyList<JsonBoardOption> (o) => [.. o.Options.Select(x => new JsonBoardOption(x.Id, x.Label))]),
            upload.Tool,
            upload.Ids is { } ids ? string.Join(Settings.Separator, ids) : null,
            upload.Alternate,
            upload.Address is { } address ? JsonEvent.Hex(address) : null,
            variant.Sizes)
        {
            Uart = upload.IsOverUart,
        }.Print(writer);
    }
}
