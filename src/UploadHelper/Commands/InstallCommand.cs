using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>install-bootloader</c>: says where to get a bootloader, and writes it to a bare chip through the one in the chip's ROM.</summary>
internal static class InstallCommand
{
    private static IReadOnlyList<BootloaderInfo> Installable => BootloaderCatalogue.Installable;

    private static IEnumerable<string> Names => Installable.Select(b => b.Installation!.Name);

    public static Command Create(CommandContext context)
    {
        var name = new Argument<string?>("NAME")
        {
            Description = "Which bootloader [default: list them]",
            HelpName = "NAME",
            Arity = ArgumentArity.ZeroOrOne,
        };
        name.CompletionSources.Add(_ => Names.Select(n => new System.CommandLine.Completions.CompletionItem(n)));
        var file = new Argument<string?>("FILE")
        {
            Description = "Its file, as its authors publish it (.bin, .hex, .elf) [default: say where to get one]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new ExampledCommand(
            "install-bootloader",
            "Put a bootloader on a bare chip: say which file to get and from where, check it, write it through the bootloader in the chip's ROM, and say what to do next. "
                + "Asks first if the chip is not empty.",
            "upload-helper install-bootloader",
            "upload-helper install-bootloader stm32duino",
            "upload-helper install-bootloader stm32duino generic_boot20_pc13.bin --uart --port /dev/ttyUSB0",
            "upload-helper install-bootloader hid-f4 generic_407_pe0.bin")
        {
            name,
            file,
        };
        command.SetAction(parse => parse.GetValue(file) is { } path
            ? BoardRun.Start(context, parse, run => Install(run, Find(parse.GetValue(name)!), path))
            : context.Print(parse, (settings, _) => Show(context.Streams.Out, settings.Switch(SettingKeys.Json), parse.GetValue(name))));
        return command;
    }

    private static CommandOutcome Install(BoardRun run, BootloaderInfo bootloader, string path)
    {
        IReadOnlyList<Override> overridden = [.. run.Settings.Words(SettingKeys.Force).Select(Overrides.Of)];
        var file = BootloaderFile.Read(Open(path, bootloader.Installation!), bootloader, Installable, overridden, run.Reporter.Event);
        var devices = run.DeviceEnvironment;
        var result = new BootloaderInstaller(devices.Usb, devices.SerialPorts, devices.Time, run.Reporter.Event).Run(
            file, run.Request, overridden, what => Confirm(run, bootloader, what), run.Context.CancellationToken);
        return new CommandOutcome(
            InstallPages.Of(result, run.Request.Uart is not null),
            new InstalledResult(
                bootloader.Installation!.Name,
                file.Build?.File,
                JsonEvent.Hex(file.Image.Start),
                file.Image.Size,
                result.Unchanged,
                result.Verified,
                result.Left,
                result.Seen?.Path));
    }

    private static ImageFile Open(string path, Installation installation)
    {
        try
        {
            return ImageFiles.Read(path);
        }
        catch (UploadException e) when (e.Error == UploadError.ImageMissing)
        {
            throw new UploadException(e.Error, e.Message, $"Check the path. See {installation.Page} for the bootloader's files.", e);
        }
    }

    private static void Confirm(BoardRun run, BootloaderInfo bootloader, string what)
    {
        var streams = run.Context.Streams;
        if (run.Settings.Switch(SettingKeys.Yes))
        {
            return;
        }

        if (streams is not { InIsTerminal: true, ErrorIsTerminal: true })
        {
            throw new UploadException(
                UploadError.Usage,
                $"The board is not empty: 0x{FlashAddress.FlashBase:X8} holds {what}. There is no terminal to ask whether to overwrite it. {ErrorMessages.Unchanged}",
                "Add --yes to overwrite it. To keep a copy, read it first: upload-helper read 0 backup.bin, with the same options for the board");
        }

        new Confirmation(streams).Ask($"0x{FlashAddress.FlashBase:X8} holds {what}. Overwrite it with {bootloader.Name}?", run.Context.CancellationToken);
    }

    private static void Show(TextWriter writer, bool json, string? name)
    {
        var chosen = name is null ? Installable : [Find(name)];
        if (json)
        {
            foreach (var bootloader in chosen)
            {
                Event(bootloader, bootloader.Installation!).Print(writer);
            }

            return;
        }

        foreach (var line in name is null ? InstallPages.List(chosen) : InstallPages.Of(chosen[0]))
        {
            writer.WriteLine(Ascii.Of(line));
        }
    }

    private static InstallableEvent Event(BootloaderInfo bootloader, Installation installation) => new(
        installation.Name,
        bootloader.Name,
        installation.Chips,
        installation.Id.ToString(),
        installation.Page,
        installation.Licence,
        installation.Area,
        bootloader.Places.Select(p => JsonEvent.Hex(p.Address)).Distinct(),
        installation.Choice,
        installation.Menu,
        installation.Version,
        installation.Builds.Select(b => new JsonPublishedBuild(b.File, b.Size, b.Board, b.Sha256)));

    private static BootloaderInfo Find(string name) => Installable.FirstOrDefault(b => b.Installation!.Name == name.ToLowerInvariant()) ?? throw new UploadException(
        UploadError.Usage,
        Words.IsImage(name)
            ? $"The name of the bootloader is missing: {name} is a file.{Inside(name)}"
            : $"There is no bootloader \"{name}\" to install.{Meant(name.ToLowerInvariant())}",
        $"Give one of {string.Join(", ", Names)}. What each is: upload-helper install-bootloader");

    private static string Inside(string path) =>
        File.Exists(path) && ImageFiles.Read(path).Content is var content && Installable.FirstOrDefault(b => b.Installation!.IsIn(content.Span))?.Installation is { } found
            ? $" Did you mean upload-helper install-bootloader {found.Name} {path}?"
            : "";

    private static string Meant(string name) => Names.Where(n => n.StartsWith(name, StringComparison.Ordinal)).ToList() is { Count: > 0 } longer
        ? $" Did you mean {string.Join(" or ", longer)}?"
        : Spelling.Question(name, Names, n => n);
}
