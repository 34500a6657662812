using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
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
        command.SetAction(parse => context.Run(parse, (settings, _) =>
        {
            var inspection = ImageInspection.Of(ImageFiles.Read(parse.GetValue(file)!), settings.Address(SettingKeys.Offset));
            Write(context.Streams.Out, settings.Switch(SettingKeys.Json), inspection);
            return 0;
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
