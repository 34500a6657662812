using System.CommandLine;
using System.CommandLine.Parsing;
using UploadHelper.CommandLine;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>read</c>: what is on a board, into a file.</summary>
internal static class ReadCommand
{
    public static Command Create(CommandContext context)
    {
        var address = new Argument<string>("ADDRESS") { Description = "Where to begin: from the start of the flash (0x4000), or an address (0x08004000)" };
        var length = new Argument<string?>("LENGTH")
        {
            Description = "How many bytes [default: all up to the end of the memory]",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = LengthUnlessFile,
        };
        var file = new Argument<string>("FILE") { Description = "Where to write them: .bin (bytes alone) or .hex (Intel HEX)" };
        var command = new ExampledCommand(
            "read",
            "Read a board's flash into a file. Nothing on the board is changed.",
            "upload-helper read 0x4000 Backup.bin",
            "upload-helper read 0x08000000 0x4000 Bootloader.hex",
            "upload-helper read 0 Flash.bin --simulate f4boot")
        {
            address,
            length,
            file,
        };
        BoardOptions.AddTo(command);
        command.SetAction(parse => BoardRun.Start(
            context, parse, run => Read(run, parse.GetValue(address)!, parse.GetValue(length), parse.GetValue(file)!)));
        return command;
    }

    // A length begins with a digit and has no dot; anything else in its place is the file already.
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
        using var dump = new DumpFile(file);
        var segment = run.OnBootloader(session => new FlashReader(session, run.Reporter.Event).Read(from, size, run.Request.Alternate));
        dump.Save(segment);
        return new CommandOutcome(
            $"Done: {segment.Data.Length} bytes from 0x{segment.Address:X8} are in {file}. The board is still in its bootloader.",
            json =>
            {
                json.WriteString("address", $"0x{segment.Address:X8}");
                json.WriteNumber("size", segment.Data.Length);
                json.WriteString("file", file);
                json.WriteString("format", dump.IsHex ? "hex" : "bin");
            });
    }
}
