using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.VirtualBoard.Faults;
using Xunit.Abstractions;

namespace UploadHelper.Tests.Faults;

/// <summary>
/// Every fault at every transfer of an upload, on every board, and pairs of faults: nothing but the sketch's sectors is touched, no half
/// sketch is started, success is only said of what is in flash, a failure says how the board is and what to do, and the
/// same upload run again succeeds. One class a board, so that they run side by side.
/// </summary>
/// <param name="output">Receives the counts.</param>
/// <param name="board">The kind of board.</param>
/// <param name="isOnePage">Whether the sketch is only what is at its beginning: on pages of 2 KiB, one page.</param>
/// <param name="volts">The supply voltage that the upload names; 0 if it names none.</param>
public abstract class FaultSweep(ITestOutputHelper output, string board, bool isOnePage = false, double volts = 0)
{
    private const int MostShown = 60;

    // By hand (scripts/sweep.sh pairs).
    private static readonly bool AllPairs = Environment.GetEnvironmentVariable("UPLOADHELPER_SWEEP_PAIRS") == "all";

    private readonly FaultBench _kind = FaultBench.All.Where(k => k.Board == board).Select(k => isOnePage ? new FaultBench(k.Board, k.Address) : k).Single() with
    {
        Voltage = volts > 0 ? new VoltageRange(volts) : null,
    };

    [Fact]
    public void Whatever_fails_whenever_the_promises_hold()
    {
        var plan = new TransferPlan(_kind);
        Assert.InRange(plan.Count, 15, 1_000);
        var broken = new List<string>();
        var counts = new SortedDictionary<FaultKind, Dictionary<string, int>>();
        var singles = 0;
        var pairs = new FaultPairs();
        foreach (var fault in plan.Faults())
        {
            var trial = new FaultTrial(_kind, $",fault={fault}");
            broken.AddRange(trial.Run().Select(b => $"{board},fault={fault}: {b}"));
            Count(counts.TryGetValue(fault.Kind, out var known) ? known : counts[fault.Kind] = [], trial);
            singles++;
            pairs.Add(fault, trial);
        }

        output.WriteLine($"{board}: {plan.Count} transfers, {singles} faults, {2 * singles} uploads, {broken.Count} broken promises");
        foreach (var (kind, of) in counts)
        {
            output.WriteLine($"  {kind}: {Text(of)}");
        }

        var (same, again) = (0, 0);
        var outcomes = new Dictionary<string, int>();
        var brokenBefore = broken.Count;
        foreach (var pair in pairs.Different(AllPairs))
        {
            var trial = pair.On(_kind);
            broken.AddRange(trial.Run().Select(b => $"{board}{pair}: {b}"));
            Count(outcomes, trial);
            (same, again) = pair.Again ? (same, again + 1) : (same + 1, again);
        }

        output.WriteLine(
            $"{board}: {pairs.Firsts} first faults differ, {same} pairs in one upload and {again} in two for {pairs.All} in all, {2 * same + 3 * again} uploads, {broken.Count - brokenBefore} broken promises");
        output.WriteLine($"  pairs: {Text(outcomes)}");
        Assert.True(broken.Count == 0, $"{broken.Count} broken promises\n" + string.Join('\n', broken.Take(MostShown)));
    }

    private static void Count(Dictionary<string, int> outcomes, FaultTrial trial)
    {
        var outcome = trial.Limit is { } limit ? $"device limit ({limit})" : trial.Outcome;
        outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
    }

    private static string Text(Dictionary<string, int> outcomes) =>
        $"{outcomes.Values.Sum()} ({string.Join(", ", outcomes.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key} {o.Value}"))})";
}

public sealed class F4BootFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "f4boot");

public sealed class F4BootOldFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "f4boot-old");

public sealed class F4RomFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "f4rom");

public sealed class F4RomVoltageFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "f4rom", volts: 3.3);

public sealed class F7RomFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "f7rom");

public sealed class F7RomVoltageFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "f7rom", volts: 2.5);

public sealed class DsoNanoFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dsonano");

public sealed class H0wch33FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "h0wch33");

public sealed class H747FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "h747");

public sealed class ArduinoFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "h747,boot=arduino");

public sealed class L496FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "l496");

public sealed class BlackPillFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "blackpill-f411");

public sealed class F072FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "f072-rom");

public sealed class L083FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "f072-rom,chip=l083");

public sealed class G431FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "g431-rom");

public sealed class C562FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "g431-rom,chip=c562");

public sealed class Gd32FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "gd32vf103");

public sealed class Apm32FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "f072-rom,chip=apm32");

public sealed class At32F437FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "at32f415,chip=f437");

public sealed class At32FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "at32f415");

public sealed class Maple20FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "maple20");

public sealed class Maple512FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "maple20,size=512");

public sealed class MapleOrigFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "maple-orig");

public sealed class DapbootFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot");

public sealed class TolerantDapbootFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,boot=tolerant");

public sealed class HighDapbootFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,boot=high");

public sealed class High128DapbootFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,boot=high-128");

public sealed class SkrDapbootFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,boot=skr");

public sealed class HighSkrDapbootFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,boot=skr-high");

public sealed class SkrDapbootOnePageFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,boot=skr", isOnePage: true);

public sealed class HighSkrDapbootOnePageFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,boot=skr-high", isOnePage: true);

public sealed class LeavingPlainDfuFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,ids=custom");

public sealed class PlainDfuFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,ids=custom-tolerant");

public sealed class UnreadablePlainDfuFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "dapboot,ids=custom-unreadable");

public sealed class MapleF4FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "maple-f4");

public sealed class HidF1FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "hid-f1");

public sealed class Hid20FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "hid-f1,generation=2.0");

public sealed class Hid2019FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "hid-f1,generation=2019");

public sealed class Hid21FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "hid-f1,generation=2.1");

public sealed class Hid221FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "hid-f1,generation=2.2.1");

public sealed class HidLargePagesFaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "hid-f1,size=512");

public sealed class HidF4FaultSweepTests(ITestOutputHelper output) : FaultSweep(output, "hid-f4");
