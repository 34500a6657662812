using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Arduino;

/// <summary>
/// The table of boards, arduino/BOARDS.md, and what scripts/link-overlays.sh has linked with the real cores, where they are at hand:
/// tests/arduino/linked.tsv and one-click-sizes.tsv.
/// </summary>
public class BoardsTableTests
{
    private static readonly string[] Cores = ["Arduino_STM32-F1", "Arduino_STM32-F4", "STM32GENERIC", "Arduino_Core_STM32"];
    private static readonly string[] OurTools = ["maple_upload", "upload_helper", "upload_helper_hid"];

    [Fact]
    public void The_table_has_what_was_linked_and_nothing_else()
    {
        var table = Table().ToDictionary(r => (r.Overlay, r.Board, r.Options));
        var linked = LinkedRows().ToDictionary(r => (r.Overlay, r.Board, r.Options));

        Assert.Equal(linked.Keys.Order(), table.Keys.Order());
        Assert.All(table, r => Assert.Equal(linked[r.Key].Offset, r.Value.Offset));
    }

    /// <summary>An option that its own bootloader refuses is no option.</summary>
    [Fact]
    public void The_bootloader_of_each_option_starts_what_was_linked_for_it()
    {
        (string Option, string Bootloader)[] expected =
        [
            ("upload_method=F4BootMethod", "F4Bootloader"),
            ("upload_method=f4bootMethod", "F4Bootloader"),
            ("upload_method=F4BootOldMethod", "F4Bootloader (old build)"),
            ("upload_method=f4bootOldMethod", "F4Bootloader (old build)"),
            ("upload_method=MapleF4Method", "Maple bootloader, F4 port"),
            ("upload_method=RomMethod", "ST system bootloader in ROM (BOOT0)"),
            ("upload_method=dfuOneClickMethod", "ST system bootloader in ROM (BOOT0)"),
            ("upload_method=DfuSeEndMethod", "h0wch33/stm32f1_dfu (64 KiB part)"),
        ];
        var seen = new HashSet<string>();
        foreach (var line in Fields("tests", "arduino", "linked.tsv"))
        {
            foreach (var (option, bootloader) in expected.Where(e => e.Option == line[3]))
            {
                Assert.True(line.Length == 9 && line[8].Split("; ").Contains(bootloader), string.Join(' ', line));
                seen.Add(option);
            }
        }

        Assert.Equal(expected.Select(e => e.Option).Order(), seen.Order());
    }

    /// <summary>The catalogue grows after a row was linked. What decides is the address, the size and the stack of the linked sketch.</summary>
    [Fact]
    public void The_rows_name_the_bootloaders_that_the_catalogue_has_now()
    {
        var ids = Table().ToDictionary(r => (r.Overlay, r.Board, r.Options), r => r.Ids);
        var lines = Fields("tests", "arduino", "linked.tsv");
        foreach (var line in lines.Where(l => l.Length == 9 && ids.ContainsKey((l[0], l[2], l[3]))))
        {
            line[8] = Starting(line[4], int.Parse(line[6]), line[7], ids[(line[0], line[2], line[3])]);
        }

        Snapshot.MatchFile(string.Concat(lines.Select(l => string.Join('\t', l) + "\n")), Repository("tests", "arduino", "linked.tsv"));
    }

    /// <summary>Every option with which an overlay makes the button call upload-helper, and the offset that it sets.</summary>
    [Fact]
    public void The_table_has_each_option_that_an_overlay_adds()
    {
        var rows = Table().ToList();
        foreach (var core in Cores)
        {
            foreach (var line in File.ReadAllLines(InstalledCore.Overlay(core, "boards.local.txt")).Where(l => l.Length > 0 && l[0] != '#'))
            {
                if (line.Split('=', 2) is [var key, var value] && key.Split('.', 5) is [var board, "menu", var menu, var option, var setting])
                {
                    var own = rows.Where(r => r.Overlay == core && r.Board == board && r.Options.Split(", ").Contains($"{menu}={option}")).ToList();
                    switch (setting)
                    {
                        case "upload.tool" when OurTools.Contains(value):
                            Assert.True(own.Count > 0, $"{core} {board} {menu}={option} is not in the table");
                            break;
                        case "upload.offset" or "build.flash_offset":
                            Assert.Contains(own, r => r.Offset == value);
                            break;
                    }
                }
            }
        }
    }

    /// <summary>In bytes. STM32GENERIC compiles its own answer to the packet only with this option: another hundred or so.</summary>
    [Fact]
    public void One_click_costs_a_sketch_little_on_every_board_that_offers_it()
    {
        var sizes = Fields("tests", "arduino", "one-click-sizes.tsv");
        Assert.All(sizes, s => Assert.InRange(int.Parse(s[3]) - int.Parse(s[5]), 1, s[0] == "STM32GENERIC" ? 400 : 300));
        Assert.All(sizes, s => Assert.InRange(int.Parse(s[4]) - int.Parse(s[6]), 0, 8));

        var offered = LinkedRows().Where(r => r.Options.Contains("dfuOneClickMethod", StringComparison.Ordinal) || r.Options.Contains("RomMethod", StringComparison.Ordinal));
        Assert.Equal(offered.Select(r => $"{r.Overlay} {r.Board}").Distinct().Order(), sizes.Select(s => $"{s[0]} {s[1]}").Distinct().Order());
    }

    // The names, as link-overlays.sh takes them from `upload-helper image`; only the options of Maple and HID bootloaders name ids.
    private static string Starting(string offset, int size, string stack, string ids)
    {
        var start = 0x0800_0000 + Convert.ToUInt32(offset, 16);
        var inspection = ImageInspection.Of(new ImageFile("Blink.ino.bin", SketchImage.Bytes(start, size, Convert.ToUInt32(stack, 16))), start);
        return inspection.Bootloaders.Count == 0
            ? "no known bootloader"
            : string.Join("; ", inspection.Bootloaders.Where(b => b.Refusal is null && IsFor(b.Options, ids)).Select(b => b.Name));
    }

    private static bool IsFor(string options, string ids) => ids is "1EAF:0003" or "1209:BEBA"
        ? options.Contains(ids, StringComparison.Ordinal)
        : !options.Contains("1EAF", StringComparison.Ordinal) && !options.Contains("1209:BEBA", StringComparison.Ordinal);

    private static IEnumerable<Row> LinkedRows() => Fields("tests", "arduino", "linked.tsv").Where(l => l.Length == 9).Select(l => new Row(l[0], l[2], l[3], "", l[4]));

    private static IEnumerable<Row> Table()
    {
        var overlay = "";
        foreach (var line in File.ReadAllLines(Repository("arduino", "BOARDS.md")))
        {
            overlay = line.StartsWith("## ", StringComparison.Ordinal) ? line.Split("(overlay ")[1].TrimEnd(')') : overlay;
            if (line.StartsWith("| ", StringComparison.Ordinal) && line.Split('|', StringSplitOptions.TrimEntries) is [_, not "board" and var board, var options, var ids, _, var offset, _, _])
            {
                yield return new Row(overlay, board, options, ids, offset);
            }
        }
    }

    private static List<string[]> Fields(params string[] path) => [.. File.ReadAllLines(Repository(path)).Select(l => l.Split('\t'))];

    private static string Repository(params string[] path) => InstalledCore.PathOf(["..", "..", "..", .. path]);

    private sealed record Row(string Overlay, string Board, string Options, string Ids, string Offset);
}
