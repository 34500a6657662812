namespace UploadHelper.Fuzz;

/// <summary>
/// Attacks a parser for a short while, without tools. An input with a new outcome (another message, another shape of value)
/// joins those that are changed further. The long attack, guided by the program's branches, is scripts/fuzz.sh.
/// </summary>
/// <param name="target">The parser.</param>
/// <param name="known">Inputs to begin with; at least one that is not empty.</param>
/// <param name="seed">Decides on everything.</param>
public sealed class Fuzzer(FuzzTarget target, IReadOnlyList<byte[]> known, int seed)
{
    private const int LargestPool = 4096;

    private readonly Mutator _mutator = new(new Random(seed), target.Tokens);
    private readonly List<byte[]> _pool = [.. known.Where(k => k.Length > 0)];
    private readonly HashSet<ulong> _outcomes = [];
    private readonly Dictionary<string, Crash> _crashes = [];

    /// <summary>One crash of each kind, as small as it could be made.</summary>
    public IReadOnlyCollection<Crash> Crashes => _crashes.Values;

    /// <summary>How many ways of ending were seen.</summary>
    public int Outcomes => _outcomes.Count;

    /// <summary>Tries the known inputs, and then so many changed ones.</summary>
    public void Run(long count)
    {
        foreach (var input in _pool.ToList())
        {
            Try(input);
        }

        for (long i = 0; i < count; i++)
        {
            var input = _mutator.Mutate(_pool);
            if (Try(input) && _pool.Count < LargestPool)
            {
                _pool.Add(input);
            }
        }
    }

    // True if it ended in a way that was not seen before.
    private bool Try(byte[] input)
    {
        if (target.Attempt(input, out var outcome) is { } crash)
        {
            if (!_crashes.ContainsKey(crash.Identity))
            {
                _crashes[crash.Identity] = Shrink(crash);
            }

            return false;
        }

        return _outcomes.Add(Hash(outcome));
    }

    // Without the numbers and what stands in quotes, which differ from input to input and say nothing new.
    private static ulong Hash(string outcome)
    {
        var hash = 14695981039346656037UL;
        var text = outcome.AsSpan();
        var (first, last) = (text.IndexOfAny('\'', '"'), text.LastIndexOfAny('\'', '"'));
        for (var i = 0; i < text.Length; i++)
        {
            if ((i < first || i > last) && text[i] is not ((>= '0' and <= '9') or (>= 'A' and <= 'F')))
            {
                hash = (hash ^ text[i]) * 1099511628211UL;
            }
        }

        return hash;
    }

    // As small and as plain as it can be while it still crashes in the same place.
    private Crash Shrink(Crash crash)
    {
        for (var piece = Math.Max(1, crash.Input.Length / 2); piece > 0; piece /= 2)
        {
            for (var at = 0; at + piece <= crash.Input.Length;)
            {
                var input = crash.Input;
                if (Same(crash, [.. input[..at], .. input[(at + piece)..]]) is { } smaller)
                {
                    crash = smaller;
                }
                else
                {
                    at += piece;
                }
            }
        }

        for (var at = 0; at < crash.Input.Length; at++)
        {
            if (crash.Input[at] != 0 && Same(crash, [.. crash.Input[..at], 0, .. crash.Input[(at + 1)..]]) is { } plainer)
            {
                crash = plainer;
            }
        }

        return crash;
    }

    private Crash? Same(Crash crash, byte[] input) =>
        target.Attempt(input, out _) is { } other && other.Identity == crash.Identity ? other : null;
}
