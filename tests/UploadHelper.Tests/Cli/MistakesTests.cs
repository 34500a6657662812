using System.Text;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

/// <summary>A command line, a configuration file or an environment that does not say what was meant.</summary>
public class MistakesTests
{
    [Theory]
    [InlineData("upload x.bin --simulate f4boot", "address-missing", "--offset OFFSET", "x.bin")]
    [InlineData("upload x.bin --simulate f4boot --ofset 0x4000", "usage", "upload-helper upload --help", "--ofset", "--offset")]
    [InlineData("uplaod x.bin", "usage", "upload-helper upload --help", "\"uplaod\"", "\"upload\"")]
    [InlineData("upload x.bin --simulate f5boot --offset 0x4000", "configuration", "--simulate f4boot", "\"f5boot\"", "f4boot, f4boot-old, f4rom, f7rom, h0wch33, dsonano, h747, l496, blackpill-f411, blackpill-f401, f407-rom, l476-rom, bluepill, nucleo-g071, f072-rom, g431-rom, gd32vf103, at32f415, maple20, maple-orig, hid-f1, hid-f4, maple-f4")]
    [InlineData("upload x.bin --simulate f4boot --offset 0x4000 --timeout soon", "configuration", "", "\"soon\"", "--timeout", "15")]
    [InlineData("upload x.bin --simulate f4boot --offset 0x4000 --usb-id 0483", "configuration", "", "\"0483\"", "--usb-id", "0483:df11")]
    public void A_command_line_is_refused_before_anything_is_done(string line, string code, string hint, params string[] facts)
    {
        using var run = new ProgramRun();

        run.Sketch(0x0800_4000, name: "x.bin").Do(line).Fails(2, code, facts).Hints(hint).Steps("hint error");
    }

    [Theory]
    [InlineData("""{ "ofset": "0x4000" }""", "--help", "\"ofset\"", "\"offset\"")]
    [InlineData("""{ "boards": { "b": { "offset": "0x4000", "usbid": "0483:df11" } } }""", "--help", "\"usbid\"", "\"b\"", "\"usb-id\"")]
    [InlineData("""{ "offset": ["0x4000"] }""", "\"offset\": \"...\"", "\"offset\"")]
    [InlineData("""{ "usb-path": ["1-1", "1-2"] }""", "\"1-1,1-2\"", "\"usb-path\"")]
    [InlineData("""{ "verify": true, "no-verify": true }""", "", "\"verify\" twice")]
    [InlineData("""{ "boards": { "b": "x" } }""", "\"b\": { ... }", "\"b\"", "\"boards\"")]
    [InlineData("{ \"boards\": {\n    \"b\": { offset: \"0x4000\" } } }", "JSON", "line 2", "'o'")]
    public void A_file_that_says_something_in_vain_is_refused(string json, string hint, params string[] facts)
    {
        using var run = new ProgramRun();

        run.With("own.json", Encoding.ASCII.GetBytes(json)).Sketch(0x0800_4000).Do("upload blink.bin --simulate f4boot --board b --config own.json")
            .Fails(2, "configuration", ["own.json", .. facts]).Hints(hint).Steps("hint error");
    }

    [Fact]
    public void A_variable_that_is_not_known_is_warned_of_and_the_others_count()
    {
        using var run = new ProgramRun();
        run.Environment["UPLOADHELPER_ADDRESS"] = "0x08004000";
        run.Environment["UPLOADHELPER_NO_VERIFY"] = "1";
        run.Environment["UPLOADHELPER_MAX_SIZE"] = "1";
        run.Environment["UPLOADHELPER_NO_LEEVE"] = "1";

        var printed = run.Sketch(0x0800_4000).Do("upload blink.bin --simulate f4boot --quiet");

        printed.Exits(0).Steps("warning warning").Warns("unknown-variable", "UPLOADHELPER_MAX_SIZE", "--no-verify").Ends("4000 0x08004000 11.5", "not verified", " sim.");
        Assert.Contains("UPLOADHELPER_NO_LEAVE?", printed.Coded().Last().Line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_a_variable_names_must_be_there()
    {
        using var run = new ProgramRun();
        run.Environment["UPLOADHELPER_CONFIG"] = "/nonexistent";

        run.Do("list --simulate f4boot").Fails(2, "configuration", "/nonexistent").Hints("UPLOADHELPER_CONFIG");
    }
}
