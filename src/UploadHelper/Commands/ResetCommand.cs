using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Operations;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>reset</c>: the magic reset alone.</summary>
internal static class ResetCommand
{
    public static Command Create(CommandContext context)
    {
        var port = new Argument<string>("PORT") { Description = "Serial port of the running sketch" };
        var command = new ExampledCommand(
            "reset",
            "Send the magic reset to a running sketch, so that its board comes up in the bootloader. Exit status 5 if the port fails.",
            "upload-helper reset /dev/ttyACM0",
            "upload-helper reset COM5",
            "upload-helper reset sim --simulate f4boot")
        {
            port,
        };
        command.SetAction(parse => BoardRun.Start(context, parse, run => Reset(run, BoardSettings.Port(parse.GetValue(port)!)), StartState.Sketch));
        return command;
    }

    private static CommandOutcome Reset(BoardRun run, string port)
    {
        var gone = new PortReset(run.DeviceEnvironment.SerialPorts, run.DeviceEnvironment.Time, run.Reporter.Event).Run(port, run.Context.CancellationToken);
        return new CommandOutcome(
            $"Done: the magic reset was sent to {port}. " + gone switch
            {
                true => "The port is gone: the board has reset.",
                false => "The port is still there.",
                null => "Whether the board has reset cannot be seen.",
            },
            json =>
            {
                json.WriteString("port", port);
                if (gone is { } seen)
                {
                    json.WriteBoolean("gone", seen);
                }
                else
                {
                    json.WriteNull("gone");
                }
            });
    }
}
