using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>erase</c>: erases sectors of a board's flash, or the whole sketch area.</summary>
internal static class EraseCommand
{
    public static Command Create(CommandContext context)
    {
        var address = new Argument<string?>("ADDRESS")
        {
            Description = "First byte: an offset from the start of flash (0x4000) or an address (0x08004000) [default: --offset, or where sketches begin]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var length = new Argument<string?>("LENGTH")
        {
            Description = "Number of bytes, in whole sectors [default: to the end of the sketch area]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new ExampledCommand(
            "erase",
            "Erase a board's sketch, or part of its flash. Asks first. Never erases sectors that the bootloader protects.",
            "upload-helper erase",
            "upload-helper erase 0x4000 0x8000 --yes",
            "upload-helper erase --yes --simulate f4boot")
        {
            address,
            length,
        };
        command.SetAction(parse => BoardRun.Start(context, parse, run => Erase(run, parse.GetValue(address), parse.GetValue(length))));
        return command;
    }

    private static CommandOutcome Erase(BoardRun run, string? address, string? length)
    {
        var from = address is null ? run.Settings.Address(SettingKeys.Offset) : FlashAddress.Parse(address);
        long? size = length is null ? null : FlashLength.Parse(length);
        var confirmation = run.Settings.Switch(SettingKeys.Yes) ? null : new Confirmation(run.Context.Streams);
        FlashEraser? eraser = null;
        run = run.At(from);
        var (plan, verified) = run.OnBootloader(
            session =>
            {
                session.Reach(long.MaxValue);
                var plan = new ErasePlanner(session.Memories, session.Info, run.Request.Alternate).Plan(from, size);
                eraser = new FlashEraser(session, run.Reporter.Event);
                eraser.Announce(plan);
                confirmation?.Ask($"Erase 0x{plan.Address:X8} to 0x{plan.End - 1:X8} of {ErrorMessages.Place(session.Description.Device)}?", run.Context.CancellationToken);
                return (plan, eraser.Run(plan));
            },
            () => eraser?.State ?? ErrorMessages.Unchanged);
        return new CommandOutcome(
            $"Done: {plan.Size} bytes erased from 0x{plan.Address:X8} to 0x{plan.End - 1:X8}, {(verified ? "verified" : "not verified")}. The board is still in its bootloader.",
            new VerifiedResult(JsonEvent.Hex(plan.Address), plan.Size, verified));
    }
}

/// <summary><c>unprotect</c>: removes the read protection of a chip, with everything that is in its flash.</summary>
internal static class UnprotectCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new ExampledCommand(
            "unprotect",
            "Remove the read protection (RDP) of a chip through the bootloader in its ROM. The chip erases its whole flash. Asks first.",
            "upload-helper unprotect",
            "upload-helper unprotect --uart --port /dev/ttyUSB0 --write-only",
            "upload-helper unprotect --yes --simulate f4rom,rdp=1");
        command.SetAction(parse => BoardRun.Start(context, parse, Unprotect));
        return command;
    }

    private static CommandOutcome Unprotect(BoardRun run)
    {
        var writeOnly = run.Settings.Switch(SettingKeys.WriteOnly);

        // The write protection goes without a question: nothing is lost.
        var confirmation = writeOnly || run.Settings.Switch(SettingKeys.Yes) ? null : new Confirmation(run.Context.Streams);
        ReadProtection? protection = null;
        run = run with { Request = run.Request with { AcceptsProtection = true } };
        var outcome = run.OnBootloader(
            session =>
            {
                protection = new ReadProtection(session, run.Reporter.Event);
                return protection.Remove(writeOnly, () => confirmation?.Ask(
                    $"Erase the whole flash of {ErrorMessages.Place(session.Description.Device)} to remove its read protection?", run.Context.CancellationToken));
            },
            () => protection?.State ?? ErrorMessages.NothingErased);
        return new CommandOutcome(
            "Done: " + outcome switch
            {
                UnprotectOutcome.WasNotProtected => "the board is not read-protected. Nothing was erased.",
                UnprotectOutcome.WriteProtectionRemoved => "the board is not read-protected, and its write protection is removed, if it had any. Nothing was erased.",
                UnprotectOutcome.Verified => "the read protection is removed, and the whole flash is erased, verified. The board is still in its bootloader.",
                _ => "the board accepted the request to remove the read protection and to erase its whole flash, not verified. "
                    + "It has not come back to its bootloader: hold BOOT0, press RESET and release BOOT0.",
            },
            new UnprotectResult(outcome is UnprotectOutcome.Accepted or UnprotectOutcome.Verified, outcome == UnprotectOutcome.Verified));
    }
}

/// <summary><c>leave</c>: leaves DFU mode and starts the sketch.</summary>
internal static class LeaveCommand
{
    public static Command Create(CommandContext context)
    {
        var address = new Argument<string?>("ADDRESS")
        {
            Description = "Where the sketch begins: an offset from the start of flash (0x4000) or an address (0x08004000) [default: --offset, or where sketches begin]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new ExampledCommand(
            "leave",
            "Leave DFU mode: tell the bootloader to start the sketch. Writes nothing. Exit status 10 if the board stays in DFU mode.",
            "upload-helper leave",
            "upload-helper leave 0x08004000 --usb-path 1-1.2",
            "upload-helper leave --simulate f4rom")
        {
            address,
        };
        command.SetAction(parse => BoardRun.Start(context, parse, run => Leave(run, parse.GetValue(address))));
        return command;
    }

    private static CommandOutcome Leave(BoardRun run, string? address)
    {
        var start = address is null ? run.Settings.Address(SettingKeys.Offset) : FlashAddress.Parse(address);
        run = run.At(start);
        var devices = run.DeviceEnvironment;
        var leaver = new BootloaderLeaver(devices.Usb, devices.SerialPorts, devices.Time, run.Reporter.Event);
        var result = run.OnBootloader(session => leaver.Leave(session, start, run.Request.Alternate, run.Context.CancellationToken));
        return new CommandOutcome(
            !result.IsObserved
                ? $"Done: the bootloader has accepted the command to start the program at 0x{result.Address:X8}."
                : "Done: the board has left DFU mode. " + result switch
                {
                    { Port: { } port } => $"The sketch is running on {port}.",
                    { LeftGhost: true } => "It is still listed but no longer responds, as after the start of a sketch without USB.",
                    _ => "No serial port of a sketch appeared.",
                },
            new LeftResult(JsonEvent.Hex(result.Address), true, result.Port));
    }
}

/// <summary><c>reset</c>: sends the magic reset, and nothing else.</summary>
internal static class ResetCommand
{
    public static Command Create(CommandContext context)
    {
        var port = new Argument<string>("PORT") { Description = "Serial port of the running sketch" };
        var command = new ExampledCommand(
            "reset",
            "Send the magic reset to a running sketch, so that its board restarts in the bootloader. Exit status 5 if the port fails.",
            "upload-helper reset /dev/ttyACM0",
            "upload-helper reset COM5",
            "upload-helper reset sim --simulate f4boot")
        {
            port,
        };
        command.SetAction(parse => context.Run(parse, (settings, reporter) => BoardRun.OnDevices(
            context, settings, reporter, StartState.Sketch, devices => Reset(devices, reporter, BoardSettings.Port(parse.GetValue(port)!), context.CancellationToken))));
        return command;
    }

    private static CommandOutcome Reset(DeviceEnvironment devices, IReporter reporter, string port, CancellationToken cancellationToken)
    {
        var gone = new PortReset(devices.SerialPorts, devices.Time, reporter.Event).Run(port, cancellationToken);
        return new CommandOutcome(
            $"Done: the magic reset was sent to {port}. " + gone switch
            {
                true => "The port is gone: the board has reset.",
                false => "The port is still there.",
                null => "This system does not show whether the board has reset.",
            },
            new ResetResult(port, gone));
    }
}
