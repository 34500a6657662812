using System.Globalization;
using System.Text.RegularExpressions;
using UploadHelper.EndToEnd.Support;
using Xunit.Abstractions;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>From the click to the running sketch: ours against the steps of the old chain, by turns on the same board in one run.</summary>
[Collection(RigCollection.Name)]
public sealed partial class ChainTests(ChainTests.Run rig, ITestOutputHelper output) : IClassFixture<ChainTests.Run>
{
    private const int Rounds = 3;

    public sealed class Run(RigMachine machine) : RigRun(machine, "chain")
    {
        protected override int Seconds => 900;
    }

    // What the board and the kernel take for two resets and two enumerations is the larger part of both, and ours also verifies:
    // that is why it may take longer by the board's clock, though not by half.
    [LongRigTheory]
    [InlineData("maple20-small", 0x2000, 716)]
    [InlineData("maple20-large", 0x2000, 30_001)]
    [InlineData("maple20-64k", 0x2000, 65_536)]
    [InlineData("f4boot-small", 0x4000, 716)]
    public void Both_lead_to_the_new_sketch_and_ours_speaks_to_its_bootloader_sooner(string upload, int offset, int size)
    {
        foreach (var round in Enumerable.Range(1, Rounds))
        {
            Assert.All(Both(upload, round), name => Assert.Equal("sketch:blink", rig.Summary(name)["running"]));
            Assert.Equal(Image($"{upload}-old-{round}"), Image($"{upload}-ours-{round}"));
        }

        // The shortest of each: what else the machine did only lengthens a time.
        var (caught, oldCaught) = Shortest(upload, name => Between(name, Configured(), FirstRequest()));
        var (ours, old) = Shortest(upload, name => Between(name, Magic(), NewSketch()));
        var (click, oldClick) = Shortest(upload, Milliseconds);
        var start = Enumerable.Range(1, Rounds).Min(n => Milliseconds($"ours-alone-{n}"));
        output.WriteLine(
            $"{upload}, upload-helper (verified) and upload-reset + pause + dfu-util 0.11 (not verified): bootloader's enumeration to its first DFU request "
                + $"{caught} and {oldCaught} ms; first magic byte to the new sketch's enumeration {ours} and {old} ms, ratio {(double)old / ours:0.00}; "
                + $"click to the sketch's answer {click} ms ({start} ms of it to start the process in the rig) and {oldClick} ms");
        Assert.True(caught < oldCaught, $"{caught} ms is not less than {oldCaught} ms");
        Assert.True(ours < 1.5 * old, $"{ours} ms is more than half as much again as {old} ms");

        byte[] Image(string name) => rig.Bytes(name + ".flash")[offset..(offset + size)];
    }

    private static IEnumerable<string> Both(string upload, int round) => [$"{upload}-ours-{round}", $"{upload}-old-{round}"];

    private static (int Ours, int Old) Shortest(string upload, Func<string, int> time)
    {
        var rounds = Enumerable.Range(1, Rounds).ToList();
        return (rounds.Min(n => time($"{upload}-ours-{n}")), rounds.Min(n => time($"{upload}-old-{n}")));
    }

    // By the board's own clock. Nothing of the old sketch's enumeration is of interest.
    private int Between(string name, Regex begin, Regex end)
    {
        var log = rig.Text(name + ".board");
        var from = begin.Match(log, Magic().Match(log).Index);
        var to = end.Match(log, from.Index);
        Assert.True(from.Success && to.Success, log);
        return (int)(1000 * (Seconds(to) - Seconds(from)));

        static double Seconds(Match match) => double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    private int Milliseconds(string name) => int.Parse(rig.Text(name + ".ms"), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^ *([\d.]+)  (sketch receives 4 bytes|off the bus: reset: magic)", RegexOptions.Multiline)]
    private static partial Regex Magic();

    [GeneratedRegex(@"^ *([\d.]+)  standard request 0x09, value 0x0001", RegexOptions.Multiline)]
    private static partial Regex Configured();

    [GeneratedRegex(@"^ *([\d.]+)  GETSTATUS", RegexOptions.Multiline)]
    private static partial Regex FirstRequest();

    // Set up by the host, which is the end of its enumeration.
    [GeneratedRegex(@"sketch blink starts.*?^ *([\d.]+)  standard request 0x09, value 0x0001", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex NewSketch();
}
