namespace UploadHelper.Tests.Arduino.Hosts;

/// <summary>Arduino IDE 1.8.</summary>
internal sealed class Ide18(string system) : ArduinoHost(system)
{
    public override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>();

    public override string[] Upload(string core, Click click)
    {
        // Of the platform's own keys, an upload gets to see those of its tool only.
        var preferences = new PropertyMap
        {
            ["runtime.platform.path"] = core,
            ["runtime.hardware.path"] = Path.GetDirectoryName(core),
            ["runtime.ide.path"] = "/opt/arduino 1.8",
            ["upload.verbose"] = click.Verbose ? "true" : "false",
            ["upload.verify"] = click.Verify ? "true" : "false",
        };
        if (click.Port is { } port)
        {
            preferences["serial.port"] = port;
            preferences["serial.port.file"] = port.StartsWith("/dev/", StringComparison.Ordinal) ? port[5..] : port;
        }

        preferences.Merge(Board(core, click));
        preferences.Merge(Load(core, "platform").SubTree($"tools.{Required(preferences, "upload.tool")}"));
        if (!preferences.Has("upload.protocol"))
        {
            throw new HostRefusal("Please select a programmer from Tools->Programmer menu");
        }

        preferences["upload.verbose"] = Required(preferences, click.Verbose ? "upload.params.verbose" : "upload.params.quiet");
        preferences["upload.verify"] = preferences[click.Verify ? "upload.params.verify" : "upload.params.noverify"] ?? "";
        preferences["build.path"] = click.BuildPath;
        preferences["build.project_name"] = click.ProjectName;
        var pattern = Required(preferences, "upload.pattern");
        if (string.IsNullOrEmpty(preferences["serial.port"]) && Misses(preferences, pattern, "serial.port"))
        {
            throw new HostRefusal("Serial port not selected.");
        }

        return Split(preferences.Expand(pattern));
    }

    // Only a suffix at the end counts, and one of another system makes the line void.
    protected override string? Key(string written)
    {
        foreach (var system in new[] { "linux", "windows", "macosx" })
        {
            if (written.EndsWith("." + system, StringComparison.Ordinal))
            {
                return system == System ? written[..^(system.Length + 1)] : null;
            }
        }

        return written;
    }

    // A menu in which nothing was ever chosen leaves no mark in the preferences.
    private PropertyMap Board(string core, Click click)
    {
        var board = Load(core, "boards").SubTree(click.Board);
        var menus = board.SubTree("menu");
        foreach (var menu in menus.FirstLevel().Where(click.Options.ContainsKey).ToList())
        {
            board.Merge(menus.SubTree($"{menu}.{click.Options[menu]}"));
        }

        return board;
    }

    private static string Required(PropertyMap properties, string key) => properties[key] ?? throw new HostRefusal($"PreferencesMapException: {key}");
}
