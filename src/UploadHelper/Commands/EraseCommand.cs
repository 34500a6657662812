using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Operations;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>erase</c>: sectors of a board's flash, or all that a sketch may be put into.</summary>
internal static class EraseCommand
{
    public static Command Create(CommandContext context)
    {
        var address = new Argument<string?>("ADDRESS")
        {
            Description = "Where to begin: from the start of the flash (0x4000), or an address (0x08004000) [default: where sketches begin]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var length = new Argument<string?>("LENGTH")
        {
            Description = "How many bytes, whole sectors [default: as far as a sketch may reach]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new ExampledCommand(
            "erase",
            "Erase a board's sketch, or a part of its flash. Never touches sectors that the bootloader protects. Asks first.",
            "upload-helper erase",
            "upload-helper erase 0x4000 0x8000 --yes",
            "upload-helper erase --yes --simulate f4boot")
        {
            address,
            length,
            GlobalOptions.Flag(SettingKeys.Yes, "Do not ask"),
        };
        BoardOptions.AddTo(command);
        command.SetAction(parse => BoardRun.Start(context, parse, run => Erase(run, parse.GetValue(address), parse.GetValue(length))));
        return command;
    }

    private static CommandOutcome Erase(BoardRun run, string? address, string? length)
    {
        var from = address is null ? run.Settings.Address(SettingKeys.Offset) : FlashAddress.Parse(address);
        long? size = length is null ? null : FlashLength.Parse(length);
        var confirmation = run.Settings.Switch(SettingKeys.Yes, false) ? null : new Confirmation(run.Context.Streams);
        FlashEraser? eraser = null;
        var (plan, verified) = run.OnBootloader(
            session =>
            {
                var plan = new ErasePlanner(session.Memories, session.Info, run.Request.Alternate).Plan(from, size);
                eraser = new FlashEraser(session, run.Reporter.Event);
                eraser.Announce(plan);
                confirmation?.Ask($"Erase 0x{plan.Address:X8} to 0x{plan.End - 1:X8} of {session.Description.Device.Id} at {session.Description.Device.Path}?", run.Context.CancellationToken);
                return (plan, eraser.Run(plan));
            },
            () => eraser?.State ?? ErrorMessages.Unchanged);
        return new CommandOutcome(
            $"Done: {plan.Size} bytes from 0x{plan.Address:X8} to 0x{plan.End - 1:X8} are erased, {(verified ? "verified" : "not verified")}. The board is still in its bootloader.",
            json =>
            {
                json.WriteString("address", $"0x{plan.Address:X8}");
                json.WriteNumber("size", plan.Size);
                json.WriteBoolean("verified", verified);
            });
    }
}
