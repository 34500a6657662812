using System.Text.Json;
using UploadHelper.Output;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Output;

/// <summary>The properties of each line of JSON, in their order: what other programs rely on.</summary>
public class JsonFormatTests
{
    private const string Described = "manufacturer product serial release dfuse attributes transferSize alternates";

    [Fact]
    public void An_upload()
    {
        var lines = Lines("upload", TestFiles.FirmwarePath("blink-08004000.bin"), "--offset", "0x4000", "--simulate", "f4boot", "--port", "sim", "--wait-port", "yes");

        AssertLine(lines, "image", "name format size address addressProven leftOut");
        AssertLine(lines, "reset", "port way");
        AssertLine(lines, "reset-done", "port way");
        AssertLine(lines, "wait-bootloader", "wanted timeout pressReset");
        AssertLine(lines, "found", $"id {Described} bootloader pollsEarly");
        AssertLine(lines, "plan", "erase write unchanged");
        AssertLine(lines, "progress", "phase done total");
        AssertLine(lines, "leave", "address");
        AssertLine(lines, "wait-sketch", "timeout pressReset");
        AssertLine(lines, "simulated", "name sectorsErased bytesProgrammed violations sketch");
        AssertLine(lines, "result", "exitStatus address size unchanged verified left port startsAfter seconds");
        Assert.Equal("result", lines[^1].GetProperty("event").GetString());

        var found = lines.First(l => l.GetProperty("event").GetString() == "found");
        Assert.Equal("1-1", found.GetProperty("board").GetString());
        Assert.Equal(["setting", "name", "sectors"], Names(found.GetProperty("alternates")[0]));
        Assert.Equal(["address", "count", "size", "access"], Names(found.GetProperty("alternates")[0].GetProperty("sectors")[0]));
        Assert.Equal(["address", "size"], Names(lines.First(l => l.GetProperty("event").GetString() == "plan").GetProperty("erase")[0]));
    }

    [Fact]
    public void The_other_commands_on_a_board()
    {
        using var files = new ProgramRun();
        string[] board = ["--simulate", "f4boot"];

        AssertLine(Lines(["list", .. board]), "device", $"id {Described}");
        AssertLine(Lines(["info", .. board]), "info", $"id usbRelease dfuVersion {Described} bootloader state status deviceDescriptor configuration pollTimeout");
        AssertLine(Lines(["read", "0x4000", "16", files.PathOf("x.bin"), .. board]), "result", "exitStatus address size file format");
        AssertLine(Lines(["erase", "--yes", .. board]), "result", "exitStatus address size verified");
        AssertLine(Lines(["unprotect", "--yes", "--simulate", "f4rom,rdp=1"]), "result", "exitStatus erased verified");
        AssertLine(Lines(["leave", .. board]), "result", "exitStatus address left port");
        AssertLine(Lines(["reset", "sim", .. board]), "result", "exitStatus port gone");
        AssertLine(Lines(["verify", TestFiles.FirmwarePath("blink-08004000.hex"), "--simulate", "f4boot,start=sketch"], 9), "difference", "address wanted found");
    }

    [Fact]
    public void What_needs_no_board()
    {
        var image = Lines("image", TestFiles.FirmwarePath("h747.elf"));

        AssertLine(
            image,
            "image",
            "name format size address addressProven leftOut addressFrom linkedFor stackPointer resetVector defect unusual madeFor targets bootloaders");
        Assert.Equal(["address", "size", "section"], Names(image[0].GetProperty("leftOut")[0]));
        Assert.Equal(["alternate", "name", "segments"], Names(image[0].GetProperty("targets")[0]));
        Assert.Equal(["address", "size"], Names(image[0].GetProperty("targets")[0].GetProperty("segments")[0]));
        Assert.Equal(["name", "options", "fits", "refusal", "smallestFlash"], Names(image[0].GetProperty("bootloaders")[0]));
    }

    [Fact]
    public void Trouble()
    {
        var failed = Lines(["upload", "none.bin", "--simulate", "f4boot"], 3);

        AssertLine(failed, "result", "exitStatus code message hint");

        using var run = new ProgramRun();
        run.Environment["UPLOADHELPER_OFSET"] = "1";
        Assert.Equal(0, run.Run("list", "--simulate", "f4boot", "--json"));
        AssertLine(Parsed(run.Out), "device", $"id {Described}");
        AssertLine(Parsed(run.Out), "warning", "code message hint");
    }

    [Fact]
    public void Text_is_escaped_to_ASCII_and_numbers_are_plain()
    {
        var writer = new StringWriter { NewLine = "\n" };

        new RetryEvent("\u00e4\u001b\"<", 1, 3, null).Print(writer);
        new RetryEvent("x", 1, 3, 2.5).Print(writer);

        Assert.Equal(
            """
            {"schema":1,"event":"retry","board":null,"what":"\u00E4\u001B\u0022\u003C","number":1,"most":3}
            {"schema":1,"event":"retry","board":null,"what":"x","number":1,"most":3,"timeout":2.5}

            """.ReplaceLineEndings("\n"),
            writer.ToString());
    }

    private static void AssertLine(IReadOnlyList<JsonElement> lines, string name, string properties)
    {
        var found = lines.Where(l => l.GetProperty("event").GetString() == name).ToList();
        Assert.NotEmpty(found);
        Assert.All(found, line =>
        {
            Assert.Equal($"schema event board {properties}", string.Join(' ', Names(line)));
            Assert.Equal(1, line.GetProperty("schema").GetInt32());
        });
    }

    private static IEnumerable<string> Names(JsonElement line) => line.EnumerateObject().Select(p => p.Name);

    private static IReadOnlyList<JsonElement> Lines(params string[] arguments) => Lines(arguments, 0);

    private static IReadOnlyList<JsonElement> Lines(string[] arguments, int status)
    {
        using var run = new ProgramRun();
        Assert.Equal(status, run.Run([.. arguments, "--json"]));
        return Parsed(run.Out);
    }

    private static IReadOnlyList<JsonElement> Parsed(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
}
