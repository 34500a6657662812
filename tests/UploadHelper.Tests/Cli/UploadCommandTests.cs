using System.Text.Json;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Cli;

public class UploadCommandTests
{
    private const int Small = 4_000;

    [Theory]
    [InlineData("upload-f4boot", "f4boot", "0x4000", 0x0800_4000)]
    [InlineData("upload-f4rom", "f4rom", "0x08000000", 0x0800_0000)]
    [InlineData("upload-f4boot-old", "f4boot-old", "0x10000", 0x0801_0000)]
    [InlineData("upload-h0wch33", "h0wch33,start=bootloader", "0", 0x0800_0000, 0x2000_5000)]
    [InlineData("upload-dsonano", "dsonano,start=bootloader", "0x4000", 0x0800_4000, 0x2000_5000)]
    [InlineData("upload-h747", "h747", "0", 0x0800_0000)]
    [InlineData("upload-h747-rom-9.0", "h747,rom=9.0", "0", 0x0800_0000)]
    [InlineData("upload-h747-bank-2", "h747,rom=9.1,start=bootloader", "0x100000", 0x0810_0000)]
    [InlineData("upload-l496", "l496", "0", 0x0800_0000)]
    [InlineData("upload-h0wch33-magic", "h0wch33", "0", 0x0800_0000, 0x2000_5000, 6)]
    [InlineData("upload-f4boot-old-no-flag", "f4boot-old,sketch=stm32generic", "0x10000", 0x0801_0000, 0x2002_0000, 6)]
    [InlineData("upload-bootloader-answers", "f4boot,start=bootloader", "0x4000", 0x0800_4000)]
    [InlineData("upload-empty-board", "f4rom,start=empty", "0", 0x0800_0000)]
    [InlineData("upload-sketch-without-usb", "f4boot,sketch=none,start=bootloader", "0x4000", 0x0800_4000)]
    public void A_sketch_goes_onto_a_board(string snapshot, string board, string offset, uint linkedFor, uint stack = 0x2002_0000, int expected = 0)
    {
        using var run = new ProgramRun();

        var status = run.Run("upload", run.File("blink.bin", SketchImage.Bytes(linkedFor, Small, stack)), "--simulate", board, "--offset", offset);

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Theory]
    [InlineData("upload-elf-with-ram", "h747.elf")]
    [InlineData("upload-hex-with-ram", "h747.hex")]
    public void What_lies_in_RAM_is_left_out_with_a_line_each(string snapshot, string firmware)
    {
        using var run = new ProgramRun();

        var status = run.Run("upload", TestFiles.FirmwarePath(firmware), "--simulate", "h747");

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(0, status);
    }

    [Theory]
    [InlineData("upload-all", "f4rom,count=3", "--all", 0)]
    [InlineData("upload-all-verbose", "f4rom", "--all --verbose", 0)]
    [InlineData("upload-some", "f4rom,count=3", "--usb-path 1-1 --usb-path 1-3", 0)]
    [InlineData("upload-some-missing", "f4rom,count=2", "--usb-path 1-1 --usb-path 1-7 --timeout 1", 6)]
    [InlineData("upload-all-with-port", "f4rom,count=2", "--all --port sim", 2)]
    public void Several_boards_at_once_with_a_line_each(string snapshot, string boards, string options, int expected)
    {
        using var run = new ProgramRun();
        var file = run.File("blink.bin", SketchImage.Bytes(0x0800_0000, Small));

        var status = run.Run(["upload", file, "--simulate", boards, "--offset", "0", .. options.Split(' ')]);

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Fact]
    public void Several_boards_in_json_have_a_result_each()
    {
        using var run = new ProgramRun();
        var file = run.File("blink.bin", SketchImage.Bytes(0x0800_0000, Small));

        run.Run("upload", file, "--simulate", "f4rom,count=8", "--offset", "0", "--all", "--json");

        var results = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)
            .Where(e => e.GetProperty("event").GetString() == "result").ToList();
        Assert.Equal(Enumerable.Range(1, 8).Select(i => $"1-{i}"), results.Select(r => r.GetProperty("board").GetString()));
        Assert.All(results, r => Assert.Equal(0, r.GetProperty("exitStatus").GetInt32()));
    }

    [Fact]
    public void By_hand_with_port_offset_and_file()
    {
        using var run = new ProgramRun();

        var status = run.Run("sim", "0x4000", run.File("blink.bin", SketchImage.Bytes(0x0800_4000, Small)), "--simulate=f4boot", "--verbose");

        Snapshot.Match(run.Transcript, "by-hand-verbose");
        Assert.Equal(0, status);
    }

    [Theory]
    [InlineData("legacy-dfuse", "sim|0|0483:df11|x.bin|/opt/arduino 1.8|0x8000000", "f4rom", 0x0800_0000, 0)]
    [InlineData("legacy-dfuse-no-port", "0|0483|DF11|x.bin|/opt/arduino 1.8|0x8000000", "f4rom", 0x0800_0000, 0)]
    [InlineData("legacy-dfuse-no-address", "sim|0|0483:df11|x.bin|/opt/arduino 1.8|{upload.dfuse_addr}", "f4rom", 0x0800_0000, 2)]
    [InlineData("legacy-no-file", "sim|0|0483:df11", "f4rom", 0x0800_0000, 2)]
    [InlineData("legacy-maple2", "sim|2|1EAF:0003|x.bin|/opt/arduino 1.8", "maple20", 0x0800_2000, 0)]
    [InlineData("legacy-maple1", "1|0x1EAF|0x0003|x.bin", "maple-orig", 0x0800_5000, 0)]
    [InlineData("legacy-maple-wrong-alt", "sim|1|1EAF:0003|x.bin", "maple20", 0x0800_2000, 4)]
    public void As_maple_upload_was_called(string snapshot, string line, string board, uint linkedFor, int expected)
    {
        using var run = new ProgramRun();
        var file = run.File("x.bin", SketchImage.Bytes(linkedFor, Small, 0x2000_5000));

        var status = run.Run([.. line.Replace("x.bin", file, StringComparison.Ordinal).Split('|'), $"--simulate={board}"]);

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Theory]
    [InlineData("offset-leading-zero", "08004000", 2)]
    [InlineData("offset-suffix", "4000h", 2)]
    [InlineData("offset-negative", "-1", 2)]
    [InlineData("offset-without-0x", "2000", 2)]
    [InlineData("offset-no-sector-start", "0x4400", 4)]
    [InlineData("offset-read-only", "0", 4)]
    [InlineData("offset-outside", "0x100000", 4)]
    public void A_bad_offset_is_refused(string snapshot, string offset, int expected)
    {
        using var run = new ProgramRun();
        var linkedFor = expected == 4 ? 0x0800_0000 + Convert.ToUInt32(offset, 16) : 0x0800_4000;

        var status = run.Run("upload", run.File("blink.bin", SketchImage.Bytes(linkedFor, Small)), "--simulate", "f4boot", $"--offset={offset}");

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Fact]
    public void A_bad_image_is_refused_and_the_flash_is_as_before()
    {
        using var run = new ProgramRun();
        var flash = run.PathOf("flash.bin");
        Assert.Equal(0, run.Run("list", "--simulate", $"f4boot,flash={flash}"));
        var before = File.ReadAllBytes(flash);
        var images = new (string Snapshot, string Path, int Status)[]
        {
            ("image-missing", run.PathOf("missing.bin"), 3),
            ("image-empty", run.File("empty.bin", []), 3),
            ("image-hex", run.File("blink.hex", ":020000040800F2\r\n:0400000000000220DA\r\n"u8.ToArray()), 3),
            ("image-noise", run.File("noise.bin", SketchImage.Noise(7, Small)), 4),
            ("image-too-large", run.File("large.bin", SketchImage.Bytes(0x0800_4000, 0xF_C000 + 100)), 4),
            ("image-linked-for-another-bootloader", run.File("blink.bin", SketchImage.Bytes(0x0801_0000, Small)), 4),
            ("image-says-another-address", TestFiles.FirmwarePath("blink-08010000.elf"), 4),
            ("image-linked-elsewhere", run.File("other.bin", SketchImage.Bytes(0x0800_8000, Small)), 4),
        };

        foreach (var (snapshot, path, expected) in images)
        {
            using var each = new ProgramRun();
            var status = each.Run("upload", path, "--simulate", $"f4boot,flash={flash}", "--offset", "0x4000");
            Snapshot.Match(each.Transcript.Replace(Path.GetDirectoryName(path)! + Path.DirectorySeparatorChar, "", StringComparison.Ordinal), snapshot);
            Assert.Equal(expected, status);
            Assert.Equal(before, File.ReadAllBytes(flash));
        }
    }

    [Theory]
    [InlineData("port-missing", "f4boot,start=bootloader,sketch=none", "COM9", 0)]
    [InlineData("port-missing-no-board", "f4rom,sketch=none", "COM9", 6)]
    public void A_missing_port_is_a_warning_and_the_wait_goes_on(string snapshot, string board, string port, int expected)
    {
        using var run = new ProgramRun();
        var (offset, address) = board.StartsWith("f4rom", StringComparison.Ordinal) ? ("0", 0x0800_0000u) : ("0x4000", 0x0800_4000u);

        var status = run.Run("upload", run.File("blink.bin", SketchImage.Bytes(address, Small)), "--simulate", board, "--offset", offset, "--port", port);

        Snapshot.Match(run.Transcript, snapshot);
        Assert.Equal(expected, status);
    }

    [Fact]
    public void The_flash_file_keeps_the_sketch()
    {
        using var run = new ProgramRun();
        var image = SketchImage.Bytes(0x0800_4000, Small);
        var flash = run.PathOf("flash.bin");

        Assert.Equal(0, run.Run("upload", run.File("blink.bin", image), "--simulate", $"f4boot,flash={flash}", "--offset", "0x4000"));

        Assert.Equal(image, File.ReadAllBytes(flash)[0x4000..(0x4000 + Small)]);
    }

    [Fact]
    public void Json_is_one_object_a_line_with_schema_and_board()
    {
        using var run = new ProgramRun();

        var status = run.Run("upload", run.File("blink.bin", SketchImage.Bytes(0x0800_4000, Small)), "--simulate", "f4boot", "--offset", "0x4000", "--json");

        Assert.Equal(0, status);
        Assert.Equal("", run.Error);
        var events = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.All(events, e => Assert.Equal(1, e.GetProperty("schema").GetInt32()));
        Assert.All(events, e => Assert.True(e.TryGetProperty("board", out _)));
        Assert.Equal("result", events[^1].GetProperty("event").GetString());
        Assert.Equal("1-1", events[^1].GetProperty("board").GetString());
        Assert.True(events[^1].GetProperty("verified").GetBoolean());
        Assert.Equal("sim", events[^1].GetProperty("port").GetString());
    }

    [Fact]
    public void Json_tells_a_failure_as_its_result()
    {
        using var run = new ProgramRun();

        var status = run.Run("upload", run.PathOf("missing.bin"), "--simulate", "f4boot", "--offset", "0x4000", "--json");

        Assert.Equal(3, status);
        var result = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal("image-missing", result.GetProperty("code").GetString());
        Assert.Equal(3, result.GetProperty("exitStatus").GetInt32());
    }

    [Theory]
    [InlineData("usage-no-offset", "upload x.bin --simulate f4boot")]
    [InlineData("usage-unknown-option", "upload x.bin --simulate f4boot --ofset 0x4000")]
    [InlineData("usage-unknown-command", "uplaod x.bin")]
    [InlineData("usage-unknown-board", "upload x.bin --simulate f5boot --offset 0x4000")]
    [InlineData("usage-bad-timeout", "upload x.bin --simulate f4boot --offset 0x4000 --timeout soon")]
    [InlineData("usage-bad-ids", "upload x.bin --simulate f4boot --offset 0x4000 --usb-id 0483")]
    [InlineData("list-f4rom", "list --simulate f4rom")]
    [InlineData("list-f4boot", "list --simulate f4boot")]
    [InlineData("list-dsonano", "list --simulate dsonano")]
    [InlineData("list-h0wch33", "list --simulate h0wch33")]
    [InlineData("list-h747", "list --simulate h747")]
    [InlineData("list-l496", "list --simulate l496")]
    [InlineData("list-nothing", "list --simulate f4boot,start=sketch")]
    [InlineData("info-f4rom", "info --simulate f4rom")]
    [InlineData("info-f4boot-verbose", "info --simulate f4boot --verbose")]
    [InlineData("info-f4boot-json", "info --simulate f4boot --json")]
    [InlineData("info-maple20", "info --simulate maple20")]
    [InlineData("info-nothing", "info --simulate f4boot,start=sketch")]
    public void Other_commands_and_mistakes(string snapshot, string line)
    {
        using var run = new ProgramRun();
        var arguments = line.Replace("x.bin", run.File("x.bin", SketchImage.Bytes(0x0800_4000, Small)), StringComparison.Ordinal).Split(' ');

        run.Run(arguments);

        Snapshot.Match(run.Transcript, snapshot);
    }
}
