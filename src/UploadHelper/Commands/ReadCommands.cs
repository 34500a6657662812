using System.CommandLine;
using System.CommandLine.Parsing;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>read</c>: copies a board's flash into a file.</summary>
internal static class ReadCommand
{
    public static Command Create(CommandContext context)
    {
        var address = new Argument<string>("ADDRESS") { Description = "First byte: an offset from the start of flash (0x4000) or an address (0x08004000)" };
        var length = new Argument<string?>("LENGTH")
        {
            Description = "Number of bytes [default: to the end of the memory]",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = LengthUnlessFile,
        };
        var file = new Argument<string>("FILE") { Description = "File to write: .bin (bytes only) or .hex (Intel HEX, with addresses)" };
        var command = new ExampledCommand(
            "read",
            "Read a board's flash into a file. Changes nothing on the board.",
            "upload-helper read 0x4000 Backup.bin",
            "upload-helper read 0x08000000 0x4000 Bootloader.hex",
            "upload-helper read 0 Flash.bin --simulate f4boot")
        {
            address,
            length,
            file,
        };
        command.SetAction(parse => BoardRun.Start(
            context, parse, run => Read(run, parse.GetValue(address)!, parse.GetValue(length), parse.GetValue(file)!)));
        return command;
    }

    // A length begins with a digit and has no dot; anything else in its place is the file.
    private static string? LengthUnlessFile(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text.Length > 0 && char.IsAsciiDigit(text[0]) && !text.Contains('.'))
        {
            return text;
        }

        result.OnlyTake(0);
        return null;
    }

    private static CommandOutcome Read(BoardRun run, string address, string? length, string file)
    {
        var from = FlashAddress.Parse(address);
        long? size = length is null ? null : FlashLength.Parse(length);
        using var dump = new DumpFile(file, run.Context.CreateFile);
        var segment = run.At(from).OnBootloader(session => new FlashReader(session, run.Reporter.Event).Read(from, size, run.Request.Alternate));
        dump.Save(segment);
        return new CommandOutcome(
            $"Done: {segment.Data.Length} bytes from 0x{segment.Address:X8} written to {file}. The board is still in its bootloader.",
            new ReadResult(JsonEvent.Hex(segment.Address), segment.Data.Length, file, dump.IsHex ? "hex" : "bin"));
    }
}

/// <summary><c>verify</c>: compares a board with an image.</summary>
internal static class VerifyCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "The compiled sketch (.bin, .hex, .s19, .elf, .dfu)" };
        var command = new ExampledCommand(
            "verify",
            "Compare a board's flash with an image. Changes nothing on the board. Exit status 9 if they differ.",
            "upload-helper verify --offset 0x4000 Blink.bin",
            "upload-helper verify --simulate f4boot Blink.hex")
        {
            file,
        };
        command.SetAction(parse => BoardRun.Start(context, parse, run => Verify(run, parse.GetValue(file)!)));
        return command;
    }

    private static CommandOutcome Verify(BoardRun run, string file)
    {
        var image = ImageReader.Read(ImageFiles.Read(file), run.Settings.Address(SettingKeys.Offset), run.Settings.Processor());
        run.Reporter.Event(new ImageChecked(image, null));
        run.At(image.Start).OnBootloader(session =>
        {
            new ImageVerifier(session, run.Reporter.Event).Verify(image, run.Request.Alternate);
            return image;
        });
        return new CommandOutcome(
            $"Done: the board holds {image.Name}, all {image.Size} bytes at 0x{image.Start:X8}. The board is still in its bootloader.",
            new VerifiedResult(JsonEvent.Hex(image.Start), image.Size, true));
    }
}
