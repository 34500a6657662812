using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>verify</c>: whether a board holds an image.</summary>
internal static class VerifyCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "The compiled sketch (.bin, .hex, .s19, .elf, .dfu)" };
        var command = new ExampledCommand(
            "verify",
            "Compare a board's flash with an image. Nothing on the board is changed; exit status 9 if they differ.",
            "upload-helper verify --offset 0x4000 Blink.bin",
            "upload-helper verify --simulate f4boot Blink.hex")
        {
            file,
            BoardOptions.Offset(),
        };
        BoardOptions.AddTo(command);
        command.SetAction(parse => BoardRun.Start(context, parse, run => Verify(run, parse.GetValue(file)!)));
        return command;
    }

    private static CommandOutcome Verify(BoardRun run, string file)
    {
        var image = ImageReader.Read(ImageFiles.Read(file), run.Settings.Address(SettingKeys.Offset));
        run.Reporter.Event(new ImageChecked(image, null));
        run.OnBootloader(session =>
        {
            new ImageVerifier(session, run.Reporter.Event).Verify(image, run.Request.Alternate);
            return image;
        });
        return new CommandOutcome(
            $"Done: the board holds {image.Name}, all {image.Size} bytes from 0x{image.Start:X8} on. The board is still in its bootloader.",
            json =>
            {
                json.WriteString("address", $"0x{image.Start:X8}");
                json.WriteNumber("size", image.Size);
                json.WriteBoolean("verified", true);
            });
    }
}
