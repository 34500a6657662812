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

    private static string Offset(uint address) => address == FlashAddress.FlashBase ? "0" : $"0x{address - FlashAddress.FlashBase:X}";

    /// <summary>Which virtual board announces which devices.</summary>
    private sealed class BoardFactoryNames
    {
        private readonly List<(string Name, DfuDescription Description)> _boards = [.. BoardFactory.Names.SelectMany(n => (string[])[n, .. Shown(n)]).Select(n => (n, Describe(n)))];

        public IEnumerable<string> Of(IReadOnlyList<SketchPlace> places) => _boards
            .Where(b => places.Any(p => p.Devices.Any(d => d.Product == b.Description.Product && d.Alternates.SequenceEqual(b.Description.Alternates))))
            .Select(b => b.Name);

        // The variants with a bootloader of their own.
        private static IEnumerable<string> Shown(string board) =>
            BoardFactory.Variants(board).Where(v => v.StartsWith("boot=", StringComparison.Ordinal) || v is "generation=2.0" or "generation=2019").Select(v => $"{board},{v}");

        private static DfuDescription Describe(string board)
        {
            DfuDescription? description = null;
            new Bench(board, StartState.Bootloader).Work(
                new BootloaderRequest(new DeviceFilter(DeviceFilter.KnownIds)), session => description = session.Description);
            return description!;
        }
    }
}
