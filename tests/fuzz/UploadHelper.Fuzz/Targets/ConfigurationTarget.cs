using Microsoft.Extensions.Configuration;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;

namespace UploadHelper.Fuzz.Targets;

/// <summary>A configuration file; or, behind a NUL, variables of the environment, a line each. Every setting is read, of every board.</summary>
internal static class ConfigurationTarget
{
    public static FuzzTarget Target { get; } = new(
        "configuration",
        ["UploadHelper.Configuration.Setting", "UploadHelper.Configuration.Environment", "UploadHelper.Configuration.Json", "UploadHelper.Configuration.BoardSettings"],
        () => AllTargets.Bytes(
            """{ "port": "COM5", "usb-id": "0483:df11,1eaf:0003", "offset": "0x4000", "timeout": 1.5, "verify": true, "boards": { "mine": { "alt": 2, "no-leave": true, "usb-path": "1-1.2" } } }""",
            """{ "uart": true, "port": "ttyUSB0", "baud-rate": 230400, "reset-sequence": "rts,-dtr", "supply-voltage": "3.3", "maximum-size": 131072 } // comment""",
            """{ "boards": { "a": {}, "b": { "serial": "ABC" } }, "strict-polling": "yes", "detach": 0, "wait-port": "auto", "force": "stack,ids" }""",
            "\0UPLOADHELPER_USB_ID=0483:df11\nUPLOADHELPER_NO_VERIFY=1\nUPLOADHELPER_TIMEOUT=3\nUPLOADHELPER_PORT=x",
            "\0UPLOADHELPER_CONFIG=x.json\nUPLOADHELPER_WRONG=1\nuploadhelper_alt=2"),
        [.. AllTargets.Bytes(SettingNames.All.Select(n => $"\"{n}\": ").ToArray()), .. AllTargets.Bytes("\"boards\": { \"x\": { ", "{", "}", "[", "]", ",", "\"\\u0000\"", "null", "true", "1e9", "-1", "\nUPLOADHELPER_", "\\ud800", "//", "/*", "*/")],
        Run)
    {
        Memory = length => (2 << 20) + 4096L * length,
    };

    private static string Run(byte[] input)
    {
        try
        {
            if (input is [0, .. var lines])
            {
                var variables = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                foreach (var line in AllTargets.Text(lines).Split('\n'))
                {
                    var parts = line.Split('=', 2);
                    variables[parts[0]] = parts.Length > 1 ? parts[1] : "";
                }

                var environment = new EnvironmentSettings(variables);
                return $"{environment.Warnings().Count > 0} {Use(environment.Read())}";
            }

            var file = SettingsFile.Of("x.json", input);
            return $"{Use(file.Settings)} {string.Join(' ', file.Boards.Take(20).Select(b => Use(file.Board(b))))}";
        }
        catch (UploadException e) when (e.Error is UploadError.Configuration or UploadError.Usage or UploadError.AddressInvalid or UploadError.LengthInvalid && e.Message.Length > 0 && e.Hint.Length > 0)
        {
            return e.Message;
        }
    }

    private static string Use(IReadOnlyDictionary<string, string?> values)
    {
        var settings = new Settings(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        var request = BoardSettings.Request(settings);
        return $"{settings.Address(SettingKeys.Offset) is null} {settings.Switch(SettingKeys.Verify, true)} {request.Uart is null} {request.Alternate is null} {settings.Size(SettingKeys.MaximumSize) is null}";
    }
}
