using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;

namespace UploadHelper.Tests.Faults;

/// <summary>Two faults: both in one upload, or the second in the same upload run again.</summary>
/// <param name="First">The first.</param>
/// <param name="Second">The second; its transfer is counted like the first's, or from where the upload is run again.</param>
/// <param name="Again">Whether it happens when the upload is run again.</param>
internal sealed record FaultPair(Fault First, Fault Second, bool Again)
{
    /// <summary>As options of the virtual board, each behind a comma; what happens when the upload is run again stands behind "then".</summary>
    public override string ToString() => Again ? $",fault={First} then fault={Second}" : $",fault={First},fault={Second}";

    /// <summary>The uploads in which they happen.</summary>
    public FaultTrial On(FaultBench kind) => Again ? new FaultTrial(kind, $",fault={First}", Second) : new FaultTrial(kind, $",fault={First},fault={Second}");
}

/// <summary>
/// All pairs of faults, reduced to those that differ. Two first faults are alike if the upload then passes through the same
/// situations in the same order and ends alike: for a second fault there is then nothing to tell them apart but a count of
/// attempts. Two second faults are alike if they happen in the same situation and, as single faults, were alike. Of faults
/// that are alike, the first stands for all.
/// </summary>
internal sealed class FaultPairs
{
    private const int Share = 3;

    // By all that followed in the same upload, and in the one run again: the first fault that came to it.
    private readonly Dictionary<string, (Fault Fault, IReadOnlyList<Situation> After)> _same = [];
    private readonly Dictionary<string, (Fault Fault, IReadOnlyList<Situation> After)> _again = [];

    // By situation: one fault for each way it goes on from there.
    private readonly Dictionary<Situation, Dictionary<string, (FaultKind Kind, DfuStatusCode Status)>> _kinds = [];

    /// <summary>How many first faults differ.</summary>
    public int Firsts => _same.Count;

    /// <summary>How many pairs there are without the reduction.</summary>
    public long All { get; private set; }

    /// <summary>Takes in a single fault.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="trial">The upload in which it happened; it is over.</param>
    public void Add(Fault fault, FaultTrial trial)
    {
        if (fault.Index >= trial.Situations.Count)
        {
            return;
        }

        var after = trial.Situations.Skip(fault.Index + 1).ToList();
        var story = Story(after, trial.Limit ?? trial.Outcome);
        All += after.Concat(trial.SituationsAgain).Sum(s => (long)s.Faults().Count());
        _same.TryAdd(story, (fault, after));
        _again.TryAdd(Story(trial.SituationsAgain, ""), (fault, trial.SituationsAgain));
        var at = trial.Situations[fault.Index];
        (_kinds.TryGetValue(at, out var kinds) ? kinds : _kinds[at] = []).TryAdd(story, (fault.Kind, fault.Status));
    }

    /// <summary>The pairs that differ.</summary>
    /// <param name="all">
    /// All of them. Otherwise, in each situation, there is one second fault after every third first fault: of those that
    /// differ there, each in its turn.
    /// </param>
    public IEnumerable<FaultPair> Different(bool all)
    {
        var turns = new Dictionary<Situation, int>();
        foreach (var (alike, again) in new[] { (_same, false), (_again, true) })
        {
            foreach (var (first, after) in alike.Values)
            {
                foreach (var (situation, index) in after.Select((s, i) => (s, i)).DistinctBy(x => x.s))
                {
                    var kinds = Kinds(situation);
                    var turn = turns[situation] = turns.GetValueOrDefault(situation, -1) + 1;
                    foreach (var (kind, status) in all ? kinds : turn % Share == 0 ? [kinds[turn / Share % kinds.Count]] : [])
                    {
                        // A second board must be there from the beginning, to be plugged in.
                        if (!again || kind != FaultKind.Twin)
                        {
                            yield return new FaultPair(first, new Fault(kind, again ? index : first.Index + 1 + index, status), again);
                        }
                    }
                }
            }
        }
    }

    // In a situation that no single fault has met, no two kinds are known to be alike; but a bStatus is like another.
    private IReadOnlyList<(FaultKind Kind, DfuStatusCode Status)> Kinds(Situation situation) => _kinds.TryGetValue(situation, out var known)
        ? [.. known.Values]
        : [.. situation.Faults().Where(f => f.Kind != FaultKind.Status || f.Status == DfuStatusCode.ErrVendor)];

    private static string Story(IEnumerable<Situation> rest, string end) => string.Join('\n', rest.Distinct()) + "\n" + end;
}
