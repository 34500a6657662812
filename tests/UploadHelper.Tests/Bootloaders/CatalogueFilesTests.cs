using System.Text;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Tests.Support;
using UploadHelper.Tests.Uploading;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Bootloaders;

/// <summary>The files that are generated from the catalogue. UPDATE_SNAPSHOTS=1 writes them.</summary>
public class CatalogueFilesTests
{
    private const string RulesStart = "LABEL=\"upload_helper_boards\"\n\n";
    private const string RulesEnd = "LABEL=\"upload_helper_end\"\n";
    private const string TableHead = "| bootloader | USB ids | offset | virtual board |\n|---|---|---|---|\n";

    [Fact]
    public void The_udev_rules_name_the_boards_of_the_catalogue() =>
        MatchPart(Path.Combine("arduino", "udev", "60-upload-helper.rules"), RulesStart, RulesEnd, Rules());

    [Fact]
    public void The_page_of_ROMs_is_that_of_the_catalogue() =>
        Snapshot.MatchFile(RomPage(), Path.Combine(TestFiles.Repository, "arduino", "ROMS.md"));

    [Fact]
    public void The_table_of_the_README_is_that_of_the_catalogue() => MatchPart("README.md", TableHead, "\n", Table());

    private static void MatchPart(string file, string head, string tail, string generated)
    {
        var path = Path.Combine(TestFiles.Repository, file);
        var text = File.ReadAllText(path).ReplaceLineEndings("\n");
        var start = text.IndexOf(head, StringComparison.Ordinal) + head.Length;
        Assert.True(start >= head.Length, $"{file} has no part that begins with {head}");
        var end = tail == "\n" ? text.IndexOf("\n\n", start, StringComparison.Ordinal) + 1 : text.IndexOf(tail, start, StringComparison.Ordinal);
        Snapshot.MatchFile(text[..start] + generated + text[end..], path);
    }

    // One rule per vendor; the product ids of a vendor are alternatives.
    private static string Rules()
    {
        var rules = new StringBuilder();
        foreach (var vendor in BootloaderCatalogue.Devices.GroupBy(d => d.Id.Vendor))
        {
            foreach (var device in vendor)
            {
                rules.Append($"# {device.Id}: {device.Name}\n");
            }

            rules.Append(
                $"ATTRS{{idVendor}}==\"{vendor.Key:x4}\", ATTRS{{idProduct}}==\"{string.Join('|', vendor.Select(d => $"{d.Id.Product:x4}"))}\", "
                + "TAG+=\"uaccess\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"\n\n");
        }

        return rules.ToString();
    }

    private static string Table()
    {
        var boards = new BoardFactoryNames();
        var table = new StringBuilder();
        foreach (var family in BootloaderCatalogue.All.Where(b => b.Places.Count > 0).GroupBy(b => b.Family))
        {
            var places = family.SelectMany(b => b.Places).ToList();
            var offsets = places.Select(p => $"`{Offset(p.Address)}`{(p.Alternate is { } alternate ? $" (alt {alternate})" : "")}").Distinct();
            var id = places[0].Devices[0].Device.Id;
            table.Append($"| {family.Key} | {id} | {string.Join(", ", offsets)} | {string.Join(", ", boards.Of(places).Select(b => $"`{b}`"))} |\n");
        }

        return table.ToString();
    }

    private static string RomPage()
    {
        var boards = new BoardFactoryNames();
        var page = new StringBuilder(
            "# Bootloaders in ROM: what is known of each chip, and from where\n\n"
            + "Generated from the catalogue (`UPDATE_SNAPSHOTS=1`). A row is what someone read of a real chip and published; upload-helper was\n"
            + "not tried on any of these chips by its authors. A bootloader with a virtual board was tried on that one, which acts as the\n"
            + "sources of its code say. One without is recognised, and served by the same code, and that is all.\n\n"
            + "*polls early*: the evidence that its GETSTATUS may be sent before the time that it asks for. *written last*: bytes of the\n"
            + "last write of an upload, which makes a sketch startable.\n");
        foreach (var rom in BootloaderCatalogue.All.Where(b => b.Readings.Count > 0))
        {
            page.Append($"\n## {rom.Name}\n\n");
            page.Append($"- sources: {rom.Source}\n");
            page.Append($"- virtual boards: {Joined(boards.RecognisedAs(rom.Name), "none, so untested")}\n");
            page.Append($"- in ROM: {(rom.IsInRom ? "yes, `unprotect` is allowed" : "not certain")}; polls early: {rom.PollsEarly ?? "no evidence, so it does not"}; written last: {rom.LastWrite}\n");
            page.Append($"- stack pointers: {(rom.Series is { } series ? $"in the RAM of {string.Join(", ", series.Select(s => s.Name))}" : "of any chip, since the descriptors do not tell the series")}\n\n");
            page.Append("| chip | seen | where |\n|---|---|---|\n");
            foreach (var reading in rom.Readings)
            {
                page.Append($"| {reading.Chip} | {reading.Seen} | {reading.Source} |\n");
            }
        }

        page.Append("\n## Not found\n\n");
        foreach (var (chips, missing) in BootloaderCatalogue.UnreadRoms)
        {
            page.Append($"- {chips}: {missing}.\n");
        }

        return page.ToString();
    }

    private static string Joined(IEnumerable<string> boards, string none) =>
        boards.Select(b => $"`{b}`").ToList() is { Count: > 0 } names ? string.Join(", ", names) : none;

    private static string Offset(uint address) => address == FlashAddress.FlashBase ? "0" : $"0x{address - FlashAddress.FlashBase:X}";

    /// <summary>Which virtual board announces which devices.</summary>
    private sealed class BoardFactoryNames
    {
        private readonly List<(string Name, DfuDescription Description, string Bootloader)> _boards =
            [.. BoardFactory.UsbNames.SelectMany(n => (string[])[n, .. Shown(n)]).Select(Describe)];

        public IEnumerable<string> RecognisedAs(string bootloader) => _boards.Where(b => b.Bootloader == bootloader).Select(b => b.Name);

        public IEnumerable<string> Of(IReadOnlyList<SketchPlace> places) => _boards
            .Where(b => places.Any(p => p.Devices.Any(d => d.Product == b.Description.Product && d.Alternates.SequenceEqual(b.Description.Alternates))))
            .Select(b => b.Name);

        // The variants with a bootloader of their own.
        private static IEnumerable<string> Shown(string board) =>
            BoardFactory.Variants(board).Where(v => v.StartsWith("boot=", StringComparison.Ordinal) || v.StartsWith("chip=", StringComparison.Ordinal) || v is "generation=2.0" or "generation=2019").Select(v => $"{board},{v}");

        private static (string Name, DfuDescription Description, string Bootloader) Describe(string board)
        {
            (string, DfuDescription, string)? description = null;
            new Bench(board, StartState.Bootloader).Work(
                new BootloaderRequest(new DeviceFilter(DeviceFilter.KnownIds)), session => description = (board, session.Description, session.Info.Name));
            return description!.Value;
        }
    }
}
