namespace UploadHelper.Configuration;

/// <summary>The keys of all settings: the same in configuration files, in the environment and on the command line.</summary>
internal static class SettingKeys
{
    public const string Board = "board";
    public const string Boards = "boards";
    public const string Hardware = "hardware";
    public const string Port = "port";
    public const string Offset = "offset";
    public const string UsbId = "usb-id";
    public const string Alternate = "alt";
    public const string MaximumSize = "maximum-size";
    public const string AllBoards = "all";
    public const string UsbPath = "usb-path";
    public const string Serial = "serial";
    public const string Verify = "verify";
    public const string Full = "full";
    public const string StrictPolling = "strict-polling";
    public const string Leave = "leave";
    public const string WaitPort = "wait-port";
    public const string Timeout = "timeout";
    public const string Simulate = "simulate";
    public const string UsbIp = "usbip";
    public const string Json = "json";
    public const string Verbose = "verbose";
    public const string Quiet = "quiet";
    public const string Color = "color";
    public const string Trace = "trace";
    public const string Yes = "yes";
    public const string UdevRules = "udev-rules";
    public const string Listen = "listen";
    public const string Plug = "plug";
    public const string Pty = "pty";
    public const string For = "for";

    /// <summary>All of them but <see cref="Boards"/>, which is no setting: it holds those of boards.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Board, Hardware, Port, Offset, UsbId, Alternate, MaximumSize, AllBoards, UsbPath, Serial, Verify, Full, StrictPolling, Leave,
        WaitPort, Timeout, Simulate, UsbIp, Json, Verbose, Quiet, Color, Trace, Yes, UdevRules, Listen, Plug, Pty, For,
    ];
}
