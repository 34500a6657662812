namespace UploadHelper.Tests.Arduino.Hosts;

/// <summary>arduino-cli, and IDE 2 which has it inside.</summary>
internal sealed class ArduinoCli(string system) : ArduinoHost(system)
{
    public override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["ARDUINO_USER_AGENT"] = "arduino-cli/1.2.0 ArduinoIDE/2.3.6" };

    public override string[] Upload(string core, Click click)
    {
        var platform = Load(core, "platform");
        var isAware = platform.SubTree("pluggable_discovery").Keys.Count > 0 || platform.SubTree("pluggable_monitor").Keys.Count > 0;
        var board = Board(core, click, isAware);
        var protocol = click.Port is null ? "default" : click.Protocol;

        var properties = new PropertyMap();
        properties.Merge(platform);
        properties["runtime.platform.path"] = core;
        properties["runtime.hardware.path"] = Path.GetDirectoryName(core);
        properties["runtime.os"] = System;
        properties.Merge(board);
        var tool = properties[$"upload.tool.{protocol}"] ?? properties["upload.tool.default"] ?? throw new HostRefusal($"Missing platform property: upload.tool.{protocol}");
        properties.Merge(platform.SubTree($"tools.{tool}"));
        if (!properties.Has("upload.protocol"))
        {
            throw new HostRefusal("A programmer is required to upload");
        }

        if (properties[click.Verbose ? "upload.params.verbose" : "upload.params.quiet"] is { } verbose)
        {
            properties["upload.verbose"] = verbose;
        }

        properties["upload.verify"] = properties[click.Verify ? "upload.params.verify" : "upload.params.noverify"] ?? "";
        properties["build.path"] = click.BuildPath;
        properties["build.project_name"] = click.ProjectName;
        SetPort(properties, click, protocol);
        var recipe = properties["upload.pattern"] ?? throw new HostRefusal("recipe not found 'upload.pattern'");
        if (new[] { "serial.port", "serial.port.file" }.Any(k => !properties.Has(k) && Misses(properties, recipe, k)))
        {
            throw new HostRefusal("no upload port provided");
        }

        return Split(properties.Expand(recipe));
    }

    // The suffix of this system is cut out wherever it stands; those of others stay part of the key.
    protected override string Key(string written)
    {
        var at = written.IndexOf("." + System, StringComparison.Ordinal);
        return at < 0 ? written : written.Remove(at, System.Length + 1);
    }

    private PropertyMap Board(string core, Click click, bool isAware)
    {
        var board = Load(core, "boards").SubTree(click.Board);
        if (!isAware)
        {
            ToDefaultTool(board);
        }

        // Of a menu that is not named the first option counts.
        var menus = board.SubTree("menu");
        foreach (var menu in menus.FirstLevel().ToList())
        {
            var option = click.Options.GetValueOrDefault(menu) ?? menus.SubTree(menu).FirstLevel().First();
            if (!menus.Has($"{menu}.{option}"))
            {
                throw new HostRefusal($"invalid value '{option}' for option '{menu}'");
            }

            board.Merge(menus.SubTree($"{menu}.{option}"));
        }

        return board;
    }

    private static void ToDefaultTool(PropertyMap board)
    {
        if (board.Has("upload.tool.default"))
        {
            return;
        }

        foreach (var key in board.Keys.Where(k => k == "upload.tool" || (k.StartsWith("menu.", StringComparison.Ordinal) && k.Split('.') is [_, _, _, "upload", "tool"])).ToList())
        {
            board[key + ".default"] = board[key];
        }
    }

    private static void SetPort(PropertyMap properties, Click click, string protocol)
    {
        if (click.Port is { } port)
        {
            properties["serial.port"] = port;
            if (protocol is "serial" or "default")
            {
                properties["serial.port.file"] = port.StartsWith("/dev/", StringComparison.Ordinal) ? port[5..] : port;
            }
        }

        properties["upload.port.address"] = click.Port ?? "";
        properties["upload.port.protocol"] = protocol;
        foreach (var (key, value) in click.PortProperties)
        {
            properties[$"upload.port.properties.{key}"] = value;
        }
    }
}
