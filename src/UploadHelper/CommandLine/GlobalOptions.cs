using System.CommandLine;
using System.CommandLine.Completions;
using UploadHelper.Configuration;
using UploadHelper.VirtualBoard;

namespace UploadHelper.CommandLine;

/// <summary>The options that every command takes.</summary>
internal sealed class GlobalOptions
{
    public Option<string?> Config { get; } = new("--config") { Description = "Configuration file, instead of upload-helper.json beside the executable", HelpName = "FILE", Recursive = true };

    public IReadOnlyList<Option> All => [_simulate, _usbIp, Config, _json, _verbose, _quiet, _color, _trace];

    private readonly Option<string?> _simulate = Text(SettingKeys.Simulate, "NAME[,flash=FILE]", "Use a virtual board instead of real ones; `simulate --help` names them");
    private readonly Option<string?> _usbIp = Text(SettingKeys.UsbIp, "HOST[:PORT]", "Reach USB devices through a USB/IP server");
    private readonly Option<bool> _json = Flag(SettingKeys.Json, "Tell everything as JSON, one object a line, on standard output");
    private readonly Option<bool> _verbose = Flag(SettingKeys.Verbose, "Show every step with its time");
    private readonly Option<bool> _quiet = Flag(SettingKeys.Quiet, "Show only warnings and the end");
    private readonly Option<string?> _color = Text(SettingKeys.Color, "auto|always|never", "Colours in the output");
    private readonly Option<string?> _trace = Text(SettingKeys.Trace, "FILE", "Write every USB transfer to a file; send it to us when something goes wrong");

    public GlobalOptions()
    {
        _verbose.Aliases.Add("-v");
        _simulate.CompletionSources.Add(_ => BoardFactory.Names.Select(name => new CompletionItem(name)));
        foreach (var option in All)
        {
            option.Recursive = true;
        }
    }

    /// <summary>An option that takes a text.</summary>
    public static Option<string?> Text(string key, string helpName, string description)
    {
        var option = new Option<string?>($"--{key}") { Description = description, HelpName = helpName };
        if (helpName.Contains('|'))
        {
            option.CompletionSources.Add(helpName.Split('|'));
        }

        return option;
    }

    /// <summary>An option that takes a text, and may be given several times.</summary>
    public static Option<string[]> Texts(string key, string helpName, string description) =>
        new($"--{key}") { Description = description, HelpName = helpName, Arity = ArgumentArity.OneOrMore };

    /// <summary>A switch.</summary>
    public static Option<bool> Flag(string name, string description) => new($"--{name}") { Description = description };
}
