using System.Text.RegularExpressions;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Usb;
using UploadHelper.Tests.Support;

namespace UploadHelper.Tests.Udev;

public class UdevRulesTests
{
    private const string Name = "60-upload-helper.rules";
    private static readonly string File = Path.Combine(TestFiles.Repository, "arduino", "udev", Name);

    private static IEnumerable<string> Rules => System.IO.File.ReadLines(File).Where(l => l.Length > 0 && !l.StartsWith('#'));

    [Fact]
    public void Every_board_that_is_known_is_named_and_no_other()
    {
        var ids = Rules
            .Select(l => Regex.Match(l, "^ATTRS\\{idVendor\\}==\"([0-9a-f]{4})\", ATTRS\\{idProduct\\}==\"([0-9a-f|]+)\""))
            .Where(m => m.Success)
            .SelectMany(m => m.Groups[2].Value.Split('|').Select(product => UsbId.Parse($"{m.Groups[1].Value}:{product}")))
            .ToList();

        Assert.Equal(BootloaderCatalogue.Devices.Select(k => k.Id).OrderBy(Number), ids.OrderBy(Number));
    }

    [Fact]
    public void Nothing_is_opened_to_everybody_and_no_board_is_taken_for_a_modem()
    {
        Assert.DoesNotContain(Rules, l => l.Contains("MODE", StringComparison.Ordinal) || l.Contains("GROUP", StringComparison.Ordinal) || l.Contains("RUN", StringComparison.Ordinal));
        Assert.All(
            Rules.Where(l => l.StartsWith("ATTRS", StringComparison.Ordinal)),
            l => Assert.EndsWith(", TAG+=\"uaccess\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"", l, StringComparison.Ordinal));
    }

    [Fact]
    public void They_come_before_the_rule_that_acts_on_the_tag() =>
        Assert.True(string.CompareOrdinal(Name, "73-seat-late.rules") < 0);

    [Fact]
    public void Every_label_that_is_gone_to_is_there()
    {
        var text = System.IO.File.ReadAllText(File);
        var goals = Regex.Matches(text, "GOTO=\"(\\w+)\"").Select(m => m.Groups[1].Value).Distinct().Order();
        Assert.Equal(goals, Regex.Matches(text, "^LABEL=\"(\\w+)\"", RegexOptions.Multiline).Select(m => m.Groups[1].Value).Order());
    }

    private static int Number(UsbId id) => id.Vendor << 16 | id.Product;
}
