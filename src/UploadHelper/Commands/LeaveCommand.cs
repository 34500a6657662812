using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Operations;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>leave</c>: out of DFU mode, into the sketch.</summary>
internal static class LeaveCommand
{
    public static Command Create(CommandContext context)
    {
        var address = new Argument<string?>("ADDRESS")
        {
            Description = "Where the sketch begins: from the start of the flash (0x4000), or an address (0x08004000) [default: where sketches begin]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new ExampledCommand(
            "leave",
            "Get a board out of DFU mode: have its bootloader start the sketch. Nothing is written; exit status 10 if it stays.",
            "upload-helper leave",
            "upload-helper leave 0x08004000 --usb-path 1-1.2",
            "upload-helper leave --simulate f4rom")
        {
            address,
        };
        BoardOptions.AddTo(command);
        command.SetAction(parse => BoardRun.Start(context, parse, run => Leave(run, parse.GetValue(address))));
        return command;
    }

    private static CommandOutcome Leave(BoardRun run, string? address)
    {
        var start = address is null ? run.Settings.Address(SettingKeys.Offset) : FlashAddress.Parse(address);
        var world = run.DeviceEnvironment;
        var leaver = new BootloaderLeaver(world.Usb, world.SerialPorts, world.Time, run.Reporter.Event);
        var result = run.OnBootloader(session => leaver.Leave(session, start, run.Request.Alternate, run.Context.CancellationToken));
        return new CommandOutcome(
            "Done: the board has left DFU mode. " + result switch
            {
                { Port: { } port } => $"The sketch runs, on {port}.",
                { LeftGhost: true } => "(It is still listed, but answers nothing any more: a sketch without USB runs.)",
                _ => "No serial port of a sketch was seen.",
            },
            json =>
            {
                json.WriteString("address", $"0x{result.Address:X8}");
                json.WriteBoolean("left", true);
                json.WriteString("port", result.Port);
            });
    }
}
