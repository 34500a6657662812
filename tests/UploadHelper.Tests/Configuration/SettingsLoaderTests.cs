using UploadHelper.Configuration;
using UploadHelper.Core.Uploading;

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
        Assert.Equal("0483:DF11", settings.Ids("usb-id").ToString());
        Assert.Equal(TimeSpan.FromSeconds(5), settings.Seconds("timeout", default));
    }

    [Fact]
    public void The_environment_wins_over_the_board_and_names_another()
    {
        Assert.Equal(0x0800_8000u, Load(environment: ("UPLOADHELPER_OFFSET", "0x8000")).Address("offset"));
        Assert.Equal(0x0800_2000u, Load(environment: ("UPLOADHELPER_BOARD", "blue")).Address("offset"));
        Assert.Equal("1-2", Load(environment: ("UPLOADHELPER_USB_PATH", "1-2")).Text("usb-path"));
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
        var e = Assert.Throws<UploadException>(() => Load(environment: ("UPLOADHELPER_BOARD", board)));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("black, blue", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_json_is_told_with_its_place()
    {
        File.WriteAllText(_file, "{ \"offset\": ");

        var e = Assert.Throws<UploadException>(() => Load());

        Assert.Equal(2, e.Error.ExitStatus());
        Assert.Contains("is not valid", e.Message, StringComparison.Ordinal);
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

    public void Dispose() => File.Delete(_file);

    private Settings Load(params (string Name, string Value)[] environment) =>
        SettingsLoader.Load(new Dictionary<string, string?>(), _file, environment.ToDictionary(v => v.Name, v => v.Value));
}
