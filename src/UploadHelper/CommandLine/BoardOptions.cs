using System.CommandLine;
using UploadHelper.Configuration;

namespace UploadHelper.CommandLine;

/// <summary>The options that say which board is meant and how to reach it: the same for every command that needs one.</summary>
internal static class BoardOptions
{
    /// <summary>Adds the options to a command. <see cref="BoardSettings"/> reads them.</summary>
    public static void AddTo(Command command) => Add(
        command,
        [
            GlobalOptions.Text(SettingKeys.Port, "PORT", "Serial port of the running sketch; without one, press RESET or use a board in DFU mode"),
            GlobalOptions.Text(SettingKeys.Board, "NAME", "A board of the configuration file; of an Arduino core: FILE:ID[:menu=option,...] with its boards.txt, or VENDOR:ARCH:ID[:menu=option,...]"),
            GlobalOptions.Text(SettingKeys.Hardware, "DIR", "Where the cores are: the sketchbook's hardware folder, or the Boards Manager's packages folder"),
            .. Choice("0483:DF11 or 1EAF:0003"),
            GlobalOptions.Text(SettingKeys.Alternate, "N", "Alternate setting [default: the one that holds the address]"),
            GlobalOptions.Text(SettingKeys.Timeout, "SECONDS", "How long to wait for the bootloader [default: 15]"),
        ]);

    /// <summary>Adds those that choose among the boards in DFU mode.</summary>
    public static void AddChoiceTo(Command command) => Add(command, Choice("any"));

    /// <summary>Where an image begins, for the commands that take one.</summary>
    public static Option<string?> Offset()
    {
        var offset = GlobalOptions.Text(SettingKeys.Offset, "OFFSET", "Where the sketch begins: from the start of the flash (0x4000), or an address (0x08004000)");
        offset.Aliases.Add("--address");
        return offset;
    }

    private static Option[] Choice(string ids) =>
    [
        GlobalOptions.Text(SettingKeys.UsbId, "VID:PID", $"USB ids of the bootloader [default: {ids}]"),
        GlobalOptions.Texts(SettingKeys.UsbPath, "PATH", "Where the board is plugged in, as `list` shows it, for example 1-1.2"),
        GlobalOptions.Text(SettingKeys.Serial, "TEXT", "Serial number of the bootloader"),
    ];

    private static void Add(Command command, Option[] options)
    {
        foreach (var option in options)
        {
            command.Add(option);
        }
    }
}
