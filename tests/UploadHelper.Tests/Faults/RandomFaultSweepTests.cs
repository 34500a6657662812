using System.Diagnostics;
using System.Globalization;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;
using Xunit.Abstractions;

namespace UploadHelper.Tests.Faults;

/// <summary>
/// Several faults at once, at random: a few of them here, always the same; by hand as long as wanted (scripts/sweep.sh random, which
/// sets UPLOADHELPER_SWEEP_SECONDS for each board and UPLOADHELPER_SWEEP_SEED).
/// </summary>
public sealed class RandomFaultSweepTests(ITestOutputHelper output)
{
    private const int UploadsByDefault = 25;
    private const int MostFaults = 4;
    private const int MostShown = 20;

    // The shortest boot window is one of 0.8 s.
    private const int MostDelay = 600;
    private static readonly int Seed = Number("UPLOADHELPER_SWEEP_SEED") ?? 1;
    private static readonly int? Seconds = Number("UPLOADHELPER_SWEEP_SECONDS");

    public static TheoryData<string> Boards() => new(FaultBench.All.Select(b => b.Board));

    [Theory]
    [MemberData(nameof(Boards))]
    public void Whatever_fails_together_the_promises_hold(string board)
    {
        var kind = FaultBench.All.Single(b => b.Board == board);
        var transfers = new TransferPlan(kind).Count;
        var random = new Random(Seed + board.Sum(c => c));
        var broken = new List<string>();
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var start = Stopwatch.GetTimestamp();
        var trials = 0;
        while (Seconds is { } seconds ? Stopwatch.GetElapsedTime(start).TotalSeconds < seconds : trials < UploadsByDefault)
        {
            var options = Options(random, transfers);
            var trial = new FaultTrial(kind, options);
            broken.AddRange(trial.Run().Select(b => $"{board}{options}: {b}"));
            var outcome = trial.Limit is null ? trial.Outcome : "device limit";
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            trials++;
        }

        output.WriteLine(
            $"{board}: seed {Seed}, {trials} random trials, {2 * trials} uploads, {broken.Count} broken promises ({string.Join(", ", outcomes.Select(o => $"{o.Key} {o.Value}"))})");
        Assert.True(broken.Count == 0, $"seed {Seed}: {broken.Count} broken promises\n" + string.Join('\n', broken.Take(MostShown)));
    }

    private static string Options(Random random, int transfers)
    {
        var kinds = Enum.GetValues<FaultKind>();
        var options = "";
        for (var i = random.Next(2, MostFaults + 1); i > 0; i--)
        {
            var kind = kinds[random.Next(kinds.Length)];

            // What is tried again makes an upload longer.
            var fault = new Fault(kind, random.Next(transfers + transfers / 2));
            options += $",fault={(kind == FaultKind.Status ? fault with { Status = (DfuStatusCode)random.Next(1, Fault.LastStatus + 1) } : fault)}";
        }

        return options + (random.Next(4) == 0 ? $",denied={random.Next(MostDelay)}" : "") + (random.Next(4) == 0 ? $",held={random.Next(MostDelay)}" : "");
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
