using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Faults;

namespace UploadHelper.Configuration;

/// <summary>
/// The one table of options. The command line, its help and completion, the environment (UPLOADHELPER_*) and the
/// configuration file all read it.
/// </summary>
internal static class OptionTable
{
    private const string Upload = "upload";
    private const string Verify = "verify";
    private const string Read = "read";
    private const string Erase = "erase";
    private const string Unprotect = "unprotect";
    private const string Install = "install-bootloader";
    private const string Leave = "leave";
    private const string Info = "info";
    private const string Image = "image";
    private const string Doctor = "doctor";
    private const string Simulate = "simulate";

    private static readonly string[] OnBootloader = [Upload, Verify, Read, Erase, Unprotect, Leave, Install];

    private static readonly string[] OverUart = [.. OnBootloader, Info];

    /// <summary>All options, in the order in which help shows them.</summary>
    public static IReadOnlyList<OptionRow> Rows { get; } =
    [
        new(SettingKeys.Port, OptionKind.Text, "PORT", "Serial port of the running sketch; with --uart, the adapter's. Without it, press RESET or use a board that is already in DFU mode")
        {
            Commands = OverUart,
        },
        new(SettingKeys.Offset, OptionKind.Address, "OFFSET", "Where the sketch begins: an offset from the start of flash (0x4000) or an address (0x08004000)")
        {
            Commands = [Upload, Verify, Erase, Leave, Image],
            Alias = "address",
        },
        new(SettingKeys.Chip, OptionKind.Word, "", "Chip that the file is for, if the file does not say it: a .bin or .hex file for a RISC-V has no vector table [default: stm32]")
        {
            Commands = [Upload, Verify, Image],
            Words = ChipNames.Names,
        },
        new(SettingKeys.Board, OptionKind.Text, "NAME", "Board to take settings from: an entry in the configuration file, FILE:ID[:menu=option,...] where FILE is a core's boards.txt, or VENDOR:ARCH:ID[:menu=option,...]")
        {
            Commands = OnBootloader,
            Sources = OptionSources.Environment | OptionSources.File,
        },
        new(SettingKeys.Hardware, OptionKind.Text, "DIR", "Folder of the cores for VENDOR:ARCH:ID: the sketchbook's hardware folder, or the Boards Manager's packages folder")
        {
            Commands = OnBootloader,
            Sources = OptionSources.Environment | OptionSources.File,
        },
        new(SettingKeys.UsbId, OptionKind.UsbId, "VID:PID[,VID:PID]", "USB ids of the bootloader, separated by commas [default: any known one; info: any]")
        {
            Commands = [.. OnBootloader, Info],
        },
        new(SettingKeys.UsbPath, OptionKind.Texts, "PATH", "Where the board is plugged in, as `list` shows it, for example 1-1.2. For upload to several boards, give it several times")
        {
            Commands = [.. OnBootloader, Info],
        },
        new(SettingKeys.Serial, OptionKind.Text, "TEXT", "Serial number of the bootloader")
        {
            Commands = [.. OnBootloader, Info],
        },
        new(SettingKeys.Detach, OptionKind.Switch, "", "Tell a device in DFU run-time mode to start its bootloader, without --usb-id or --usb-path naming it")
        {
            Commands = OnBootloader,
        },
        new(SettingKeys.Uart, OptionKind.Switch, "", "Use the bootloader in the chip's ROM through a serial adapter: --port is the adapter's port. Set BOOT0 high and press RESET")
        {
            Commands = OverUart,
        },
        new(SettingKeys.BaudRate, OptionKind.Text, "BAUD", "Speed for --uart")
        {
            Commands = OverUart,
            Default = $"{UartOptions.DefaultBaudRate}",
        },
        new(SettingKeys.ResetSequence, OptionKind.Text, "STEPS", "How --uart starts the bootloader. auto: try the usual wirings of DTR and RTS to RESET and BOOT0, then ask you to press RESET. manual: leave the lines alone. nrst=LINE,boot0=LINE: a wiring, with the lines dtr, rts, or -dtr, -rts if dropping one acts on the pin. Or steps as in stm32flash -i")
        {
            Commands = OverUart,
            Default = "auto",
            Suggestions = () => ["auto", "manual", .. Core.Serial.ResetSequence.UsualWirings.Select(w => w.Text)],
        },
        new(SettingKeys.AllBoards, OptionKind.Switch, "", "Write to all boards in DFU mode at once; with --detach, also to those in DFU run-time mode. They must all be of the same kind")
        {
            Commands = [Upload],
        },
        new(SettingKeys.Alternate, OptionKind.Byte, "N", "Alternate setting [default: the one that holds the address]")
        {
            Commands = [Upload, Verify, Read, Erase, Leave],
        },
        new(SettingKeys.Timeout, OptionKind.Seconds, "SECONDS", "How long to wait for the bootloader; info waits only with --uart")
        {
            Commands = OverUart,
            Default = "15",
        },
        new(SettingKeys.StrictPolling, OptionKind.Switch, "", "Honour the bootloader's poll timeout even where it is known to be too long")
        {
            Commands = OnBootloader,
            NegativeHelp = "Poll early where that is known to be safe",
        },
        new(SettingKeys.SupplyVoltage, OptionKind.Volts, "V", "Supply voltage of the board: at 2.7 V or more the ROM of an STM32F2, F4 or F7 programs words instead of bytes, in less than half the time. Too high a value may leave a sketch that does not last")
        {
            Commands = [Upload, Erase],
        },
        new(SettingKeys.MaximumSize, OptionKind.Bytes, "BYTES", "Refuse a sketch larger than this [default: the size of the board's flash]")
        {
            Commands = [Upload],
        },
        new(SettingKeys.Verify, OptionKind.Switch, "", "Read back what was written and compare it")
        {
            Commands = [Upload],
            Default = "true",
            NegativeHelp = "Do not read back",
        },
        new(SettingKeys.Full, OptionKind.Switch, "", "Write all sectors, even those that are already correct")
        {
            Commands = [Upload],
            NegativeHelp = "Write only the sectors that differ",
        },
        new(SettingKeys.EraseAll, OptionKind.Switch, "", "Erase first everything that a sketch may use, and not only the sectors that this one needs. The bootloader in ROM erases from the sketch on, so that a bootloader in flash below it stays")
        {
            Commands = [Upload],
        },
        new(SettingKeys.Force, OptionKind.Texts, "", "Upload although the board may not start the sketch: override the check of its stack pointer, its link address, the area that the bootloader writes correctly, or the USB ids in the file")
        {
            Commands = [Upload, Install],
            Words = Overrides.Names,
        },
        new(SettingKeys.Leave, OptionKind.Switch, "", "Start the sketch afterwards")
        {
            Commands = [Upload],
            Default = "true",
            NegativeHelp = "Stay in the bootloader",
        },
        new(SettingKeys.WaitPort, OptionKind.Word, "", "Wait for the sketch's serial port afterwards")
        {
            Commands = [Upload],
            Words = ["auto", "yes", "no"],
            Default = "auto",
        },
        new(SettingKeys.Yes, OptionKind.Switch, "", "Do not ask for confirmation")
        {
            Commands = [Erase, Unprotect, Install],
        },
        new(SettingKeys.WriteOnly, OptionKind.Switch, "", "Remove only the write protection, which erases nothing (with --uart)")
        {
            Commands = [Unprotect],
        },
        new(SettingKeys.UdevRules, OptionKind.Switch, "", "Print the udev rules (Linux) and exit")
        {
            Commands = [Doctor],
        },
        new(SettingKeys.Board, OptionKind.Text, "NAME[,key=value]", "Kind of board")
        {
            Commands = [Simulate],
            Sources = OptionSources.CommandLineOnly,
            IsRequired = true,
            Suggestions = () => BoardFactory.Names,
            MoreHelp = () => $": {string.Join(", ", BoardFactory.Names)}. flash=FILE keeps its flash in a file. fault=KIND@N makes the Nth transfer to "
                + $"its bootloader fail; KIND is {string.Join(", ", Fault.Names)} (1 to {Fault.LastStatus}). adapter=MS adds a serial adapter with that latency; nrst= and boot0= name the line that drives a pin: dtr, rts, or -dtr, -rts if dropping it does. With --plug and --listen the adapter is a USB device of its own",
        },
        new(SettingKeys.Listen, OptionKind.Text, "[HOST:]PORT", $"Export the board by USB/IP [default without --plug: 127.0.0.1:{UsbIpProtocol.DefaultPort}]")
        {
            Commands = [Simulate],
        },
        new(SettingKeys.Plug, OptionKind.Switch, "", "Plug the board into this machine's USB (Linux, as root, needs the module vhci-hcd)")
        {
            Commands = [Simulate],
        },
        new(SettingKeys.Pty, OptionKind.Text, "PATH", "Offer the sketch's serial port as a pseudo terminal (Linux); with adapter=MS, the port of the serial adapter at the ROM's USART, where bytes take the time of the speed that is set. It has no parity: stm32flash needs -m 8n1")
        {
            Commands = [Simulate],
        },
        new(SettingKeys.For, OptionKind.Seconds, "SECONDS", "Exit after this time")
        {
            Commands = [Simulate],
        },
        new(SettingKeys.Simulate, OptionKind.Text, "NAME[,key=value]", "Use a virtual board instead of real ones. `upload-helper simulate --help` lists them")
        {
            Suggestions = () => BoardFactory.Names,
        },
        new(SettingKeys.UsbIp, OptionKind.Text, "HOST[:PORT]", "Reach USB devices through a USB/IP server"),
        new(SettingKeys.Config, OptionKind.Text, "FILE", "Configuration file, instead of upload-helper.json beside the executable")
        {
            Sources = OptionSources.Environment,
        },
        new(SettingKeys.Json, OptionKind.Switch, "", "Print events and results as JSON on standard output, one object per line"),
        new(SettingKeys.Verbose, OptionKind.Switch, "", "Show every step, with its time") { ShortName = "v" },
        new(SettingKeys.Quiet, OptionKind.Switch, "", "Show only warnings and the result"),
        new(SettingKeys.Color, OptionKind.Word, "", "Colours in the output. auto: on a terminal, unless NO_COLOR is set")
        {
            Words = ["auto", "always", "never"],
            Default = "auto",
        },
        new(SettingKeys.Trace, OptionKind.Text, "FILE", "Write every USB transfer, and what passes over serial ports, to a file, for bug reports"),
    ];

    private static readonly Dictionary<string, OptionRow> Settings =
        Rows.Where(r => r.IsSetting).ToDictionary(r => r.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The options of one command, those that every command takes last.</summary>
    public static IEnumerable<OptionRow> Of(string command) => Rows.Where(r => r.Commands.Contains(command)).Concat(Global);

    /// <summary>The options that every command takes.</summary>
    public static IEnumerable<OptionRow> Global => Rows.Where(r => r.Commands.Count == 0);

    /// <summary>A setting by its key.</summary>
    /// <exception cref="KeyNotFoundException">No option has this key.</exception>
    public static OptionRow Setting(string key) => Settings[key];
}

/// <summary>One option.</summary>
/// <param name="Name">Its name without dashes, which is also the key of the setting.</param>
/// <param name="Kind">The type of its value.</param>
/// <param name="ValueName">How help names the value; empty for switches and words.</param>
/// <param name="Help">What it does, without a full stop.</param>
internal sealed record OptionRow(string Name, OptionKind Kind, string ValueName, string Help)
{
    /// <summary>The commands that take it; none for an option that every command takes.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>Where it may be set, apart from the command line.</summary>
    public OptionSources Sources { get; init; } = OptionSources.Environment | OptionSources.File | OptionSources.BoardEntry;

    /// <summary>The value if nothing sets it, as text; null if there is none. For a switch, "false" unless set here.</summary>
    public string? Default { get; init; }

    /// <summary>What "no-NAME" does; null for an option without that name.</summary>
    public string? NegativeHelp { get; init; }

    /// <summary>A second name, or null.</summary>
    public string? Alias { get; init; }

    /// <summary>A letter for the command line, or null.</summary>
    public string? ShortName { get; init; }

    /// <summary>The only values of an option of the kind <see cref="OptionKind.Word"/> or <see cref="OptionKind.Texts"/>; none if any text is allowed.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Values that completion offers; made only when they are needed.</summary>
    public Func<IEnumerable<string>>? Suggestions { get; init; }

    /// <summary>A part of the help that is made only when it is needed, or null.</summary>
    public Func<string>? MoreHelp { get; init; }

    /// <summary>Whether its commands cannot run without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether it is a setting: a configuration file may have it, and layers are merged.</summary>
    public bool IsSetting => Sources.HasFlag(OptionSources.File);

    /// <summary>Whether it takes a value.</summary>
    public bool TakesValue => Kind != OptionKind.Switch;

    /// <summary>The value as help names it: "auto|yes|no".</summary>
    public string Value => Words.Count > 0 ? string.Join('|', Words) : ValueName;

    /// <summary>What help says about it, with its default.</summary>
    public string Description => Help + MoreHelp?.Invoke() + Kind switch
    {
        OptionKind.Switch => NegativeHelp is not null && IsOn ? " [default]" : "",
        _ => Default is null ? "" : $" [default: {Default}]",
    };

    /// <summary>What help says of "no-NAME".</summary>
    public string NegativeDescription => NegativeHelp + (IsOn ? "" : " [default]");

    /// <summary>All names, without dashes: its own, the negative one, and the alias.</summary>
    public IEnumerable<string> Names
    {
        get
        {
            yield return Name;
            if (NegativeHelp is not null)
            {
                yield return SettingNames.Negation + Name;
            }

            if (Alias is not null)
            {
                yield return Alias;
            }
        }
    }

    private bool IsOn => Default == "true";
}

/// <summary>The types of values. <see cref="Settings"/> has a parser for each.</summary>
internal enum OptionKind
{
    /// <summary>No value on the command line; elsewhere true or false.</summary>
    Switch,

    /// <summary>Any text.</summary>
    Text,

    /// <summary>Several texts: the option is repeated, or they are separated by commas.</summary>
    Texts,

    /// <summary>One of a few words.</summary>
    Word,

    /// <summary>An offset or address in flash.</summary>
    Address,

    /// <summary>VID:PID, or several pairs separated by commas.</summary>
    UsbId,

    /// <summary>A number from 0 to 255.</summary>
    Byte,

    /// <summary>A number of bytes above zero.</summary>
    Bytes,

    /// <summary>A supply voltage in volts.</summary>
    Volts,

    /// <summary>A time above zero in seconds.</summary>
    Seconds,
}

/// <summary>Where an option may be set, apart from the command line.</summary>
[Flags]
internal enum OptionSources
{
    /// <summary>Nowhere else.</summary>
    CommandLineOnly = 0,

    /// <summary>A variable UPLOADHELPER_NAME.</summary>
    Environment = 1,

    /// <summary>The configuration file.</summary>
    File = 2,

    /// <summary>A board's entry in that file.</summary>
    BoardEntry = 4,
}
