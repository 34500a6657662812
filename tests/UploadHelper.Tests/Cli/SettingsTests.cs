using System.Text;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>What a user reads whose configuration file or environment does not say what was meant.</summary>
public class SettingsTests
{
    [Theory]
    [InlineData("settings-misspelt", """{ "ofset": "0x4000" }""")]
    [InlineData("settings-misspelt-of-a-board", """{ "boards": { "b": { "offset": "0x4000", "usbid": "0483:df11" } } }""")]
    [InlineData("settings-list", """{ "offset": ["0x4000"] }""")]
    [InlineData("settings-places", """{ "usb-path": ["1-1", "1-2"] }""")]
    [InlineData("settings-twice", """{ "verify": true, "no-verify": true }""")]
    [InlineData("settings-board-without-braces", """{ "boards": { "b": "x" } }""")]
    [InlineData("settings-broken", "{ \"boards\": {\n    \"b\": { offset: \"0x4000\" } } }")]
    public void A_file_that_says_something_in_vain_is_refused(string snapshot, string json)
    {
        using var run = new ProgramRun();

        var status = run.Run("upload", TestFiles.FirmwarePath("blink-08004000.bin"), "--simulate", "f4boot", "--board", "b", "--config", run.File("own.json", Encoding.ASCII.GetBytes(json)));

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(2, status);
    }

    [Fact]
    public void A_variable_that_is_not_known_is_warned_of_and_the_others_count()
    {
        using var run = new ProgramRun();
        run.Environment["UPLOADHELPER_ADDRESS"] = "0x08004000";
        run.Environment["UPLOADHELPER_NO_VERIFY"] = "1";
        run.Environment["UPLOADHELPER_MAX_SIZE"] = "1";
        run.Environment["UPLOADHELPER_NO_LEEVE"] = "1";

        var status = run.Run("upload", TestFiles.FirmwarePath("blink-08004000.bin"), "--simulate", "f4boot", "--quiet");

        Snapshot.Match(run.Transcript, "settings-unknown-variable");
        Assert.Equal(0, status);
    }

    [Fact]
    public void A_file_that_a_variable_names_must_be_there()
    {
        using var run = new ProgramRun();
        run.Environment["UPLOADHELPER_CONFIG"] = "/nonexistent";

        Assert.Equal(2, run.Run("list", "--simulate", "f4boot"));
        Snapshot.Match(run.Transcript, "settings-no-file");
    }
}
