using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;
using UploadHelper.Output;

namespace UploadHelper.Tests.Configuration;

public sealed class SettingsLoaderTests : IDisposable
{
    private const string Json = """
        { "offset": "0x1000", "timeout": "5", "quiet": "true", "board": "black",
          "boards": { "black": { "offset": "0x4000", "usb-id": "0483:df11" }, "blue": { "offset": "0x2000" } } }
        """;

    private readonly string _file = Path.GetTempFileName();

    public SettingsLoaderTests() => File.WriteAllText(_file, Json);

    [Fact]
    public void The_boards_entry_wins_over_the_file()
    {
        var settings = Load();

        Assert.Equal(0x0800_4000u, settings.Address("offset"));
        Assert.Equal([new UsbId(0x0483, 0xDF11)], settings.Ids("usb-id"));
        Assert.Equal(TimeSpan.FromSeconds(5), settings.Seconds("timeout", default));
    }

    [Fact]
    public void The_environment_wins_over_the_board_and_names_another()
    {
        Assert.Equal(0x0800_8000u, Load(("UPLOADHELPER_OFFSET", "0x8000")).Address("offset"));
        Assert.Equal(0x0800_2000u, Load(("UPLOADHELPER_BOARD", "blue")).Address("offset"));
        Assert.Equal("1-2", Load(("UPLOADHELPER_USB_PATH", "1-2")).Text("usb-path"));
    }

    /// <summary>As dfu-util's -d has them; its callers leave the first place empty (",0483:df11").</summary>
    [Theory]
    [InlineData("0483:df11,1eaf:0003", "0483:DF11 1EAF:0003")]
    [InlineData("0x0483:0xDF11,0x1EAF:0x3", "0483:DF11 1EAF:0003")]
    [InlineData(",0483:df11", "0483:DF11")]
    [InlineData("0483:df11,0483:DF11,", "0483:DF11")]
    public void Ids_are_a_list_wherever_they_come_from(string text, string ids)
    {
        File.WriteAllText(_file, $$"""{ "usb-id": "{{text}}", "boards": { "b": { "usb-id": "{{text}}" }, "none": {} } }""");
        Settings[] all =
        [
            Load(),
            Load(("UPLOADHELPER_BOARD", "b")),
            Load(("UPLOADHELPER_USB_ID", text)),
            SettingsLoader.Load(new Dictionary<string, string?> { ["usb-id"] = text }, null, new Dictionary<string, string>()),
        ];

        Assert.All(all, s => Assert.Equal(ids, string.Join(' ', s.Ids("usb-id")!)));
    }

    [Fact]
    public void The_command_line_wins_over_all()
    {
        var settings = SettingsLoader.Load(
            new Dictionary<string, string?> { ["offset"] = "0xC000", ["quiet"] = "false" },
            _file,
            new Dictionary<string, string> { ["UPLOADHELPER_OFFSET"] = "0x8000" });

        Assert.Equal(0x0800_C000u, settings.Address("offset"));
        Assert.False(settings.Switch("quiet", true));
    }

    [Theory]
    [InlineData("green", "There is no board \"green\"")]
    [InlineData("offset", "There is no board \"offset\"")]
    public void An_unknown_board_is_refused_with_those_that_are_known(string board, string message)
    {
        var e = Assert.Throws<UploadException>(() => Load(("UPLOADHELPER_BOARD", board)));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("black, blue", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_json_is_told_with_its_place()
    {
        File.WriteAllText(_file, "{ \"port\": \"COM5\",\n  \"offset\": 0x4000 }");

        var e = Assert.Throws<UploadException>(() => Load());

        Assert.Equal(2, e.Error.ExitStatus());
        Assert.Contains("line 2", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Path:", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_was_asked_for_must_be_there() =>
        Assert.Throws<UploadException>(() => SettingsLoader.Load(new Dictionary<string, string?>(), "/nowhere.json", new Dictionary<string, string>()));

    [Theory]
    [InlineData("timeout", "0")]
    [InlineData("timeout", "-3")]
    [InlineData("timeout", "1.00:00")]
    [InlineData("verify", "perhaps")]
    [InlineData("alt", "256")]
    [InlineData("usb-id", "0483:df11:1")]
    [InlineData("usb-id", "0483:df11,1eaf")]
    [InlineData("usb-id", "0483:df11;1eaf:0003")]
    [InlineData("usb-id", ",")]
    public void A_value_that_makes_no_sense_is_refused(string key, string value)
    {
        var settings = SettingsLoader.Load(new Dictionary<string, string?> { [key] = value }, _file, new Dictionary<string, string>());

        var e = Assert.Throws<UploadException>(() =>
        {
            _ = settings.Switch("verify", true);
            _ = settings.Seconds("timeout", default);
            _ = settings.Byte("alt");
            _ = settings.Ids("usb-id");
        });
        Assert.Equal(UploadError.Configuration, e.Error);
    }

    [Theory]
    [InlineData("""{ "ofset": "0x4000" }""", "\"ofset\"", "Did you mean \"offset\"?")]
    [InlineData("""{ "boards": { "black": { "usbid": "1EAF:0003" } } }""", "\"black\"", "Did you mean \"usb-id\"?")]
    [InlineData("""{ "boards": { "black": { "board": "blue" } } }""", "\"board\"", "is not a setting")]
    [InlineData("""{ "config": "other.json" }""", "\"config\"", "is not a setting")]
    [InlineData("""{ "offset": ["0x4000"] }""", "\"offset\"", "is a list")]
    [InlineData("""{ "usb-path": ["1-1", "1-2"] }""", "\"usb-path\"", "is a list")]
    [InlineData("""{ "usb-id": ["0483:df11", "1eaf:0003"] }""", "\"usb-id\"", "is a list")]
    [InlineData("""{ "offset": { "hex": "4000" } }""", "\"offset\"", "is an object")]
    [InlineData("""{ "boards": "black" }""", "\"boards\"", "is a single value")]
    [InlineData("""{ "boards": { "b": "x" } }""", "\"b\"", "is a single value")]
    [InlineData("""{ "boards": { "b": [ "x" ] } }""", "\"b\"", "is a list")]
    [InlineData("""{ "no-verify": true, "verify": true }""", "\"verify\"", "twice")]
    public void What_a_file_says_in_vain_is_refused(string json, string named, string wrong)
    {
        File.WriteAllText(_file, json);

        var e = Assert.Throws<UploadException>(() => Load());

        Assert.Equal(UploadError.Configuration, e.Error);
        Assert.Contains(_file, e.Message, StringComparison.Ordinal);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.Contains(wrong, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-verify", "verify")]
    [InlineData("no-full", "full")]
    [InlineData("no-strict-polling", "strict-polling")]
    [InlineData("no-leave", "leave")]
    public void The_negative_names_work_everywhere(string name, string key)
    {
        File.WriteAllText(_file, $$"""{ "{{name}}": true, "boards": { "b": { "{{key}}": true }, "c": { "{{name}}": "no" } } }""");
        var variable = "UPLOADHELPER_" + name.Replace('-', '_').ToUpperInvariant();

        Assert.False(Load().Switch(key, true));
        Assert.True(Load(("UPLOADHELPER_BOARD", "b")).Switch(key, false));
        Assert.True(Load(("UPLOADHELPER_BOARD", "c")).Switch(key, false));
        Assert.False(Load(("UPLOADHELPER_BOARD", "b"), (variable, "1")).Switch(key, true));

        var e = Assert.Throws<UploadException>(() => Load((variable, "perhaps")));
        Assert.Equal(UploadError.Configuration, e.Error);
        Assert.Contains($"\"perhaps\" for --{name}.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_other_name_of_the_offset_works_everywhere()
    {
        Assert.Equal(0x0800_8000u, Load(("UPLOADHELPER_ADDRESS", "0x08008000")).Address("offset"));
        File.WriteAllText(_file, """{ "address": "0x1000" }""");
        Assert.Equal(0x0800_1000u, Load().Address("offset"));
    }

    [Fact]
    public void Every_option_is_a_setting_and_every_setting_an_option()
    {
        var context = new Application(new ConsoleStreams(TextReader.Null, TextWriter.Null, TextWriter.Null, false), new Dictionary<string, string>(), TimeProvider.System, _ => default);
        var root = context.Parse([]).RootCommandResult.Command;
        var options = root.Subcommands.Append(root).SelectMany(c => c.Options).SelectMany(o => o.Aliases.Append(o.Name))
            .Where(n => n.StartsWith("--", StringComparison.Ordinal)).Select(n => n[2..]).Distinct().Except(["help", "version", "config"]);

        Assert.Equal(options.Order(StringComparer.Ordinal), SettingNames.All.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_variable_may_name_the_file()
    {
        var settings = SettingsLoader.Load(
            new Dictionary<string, string?>(), null, new Dictionary<string, string> { ["UPLOADHELPER_CONFIG"] = _file });
        Assert.Equal(0x0800_4000u, settings.Address("offset"));

        var e = Assert.Throws<UploadException>(() => SettingsLoader.Load(
            new Dictionary<string, string?>(), null, new Dictionary<string, string> { ["UPLOADHELPER_CONFIG"] = "/nowhere.json" }));
        Assert.Contains("UPLOADHELPER_CONFIG", e.Hint, StringComparison.Ordinal);
    }

    // An environment is shared by versions: another one may know it.
    [Fact]
    public void An_unknown_variable_is_warned_of()
    {
        var warning = Assert.Single(Load(("UPLOADHELPER_OFSET", "0x8000"), ("OFSET", "1")).Warnings);

        Assert.Equal(WarningCode.UnknownVariable, warning.Code);
        Assert.Contains("UPLOADHELPER_OFSET", warning.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean UPLOADHELPER_OFFSET?", warning.Message, StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_file);

    private Settings Load(params (string Name, string Value)[] environment) =>
        SettingsLoader.Load(new Dictionary<string, string?>(), _file, environment.ToDictionary(v => v.Name, v => v.Value));
}
