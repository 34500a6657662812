namespace UploadHelper.Fuzz;

/// <summary>
/// Attacks a parser. An input with a new outcome (another message, another shape of value) joins those that are changed
/// further: so the attack gets deeper without a look at the program's own branches.
/// </summary>
/// <param name="target">The parser.</param>
/// <param name="seed">Decides on everything.</param>
public sealed class Fuzzer(FuzzTarget target, int seed)
{
    private const int LargestPool = 4096;

    private readonly Mutator _mutator = new(new Random(seed), target.Tokens);
    private readonly Random _random = new(~seed);
    private readonly List<byte[]> _pool = [.. target.Seeds];
    private readonly HashSet<ulong> _outcomes = [];
    private readonly Dictionary<string, Crash> _crashes = [];
    private byte[] _current = [];

    /// <summary>One crash of each kind, as small as it could be made.</summary>
    public IReadOnlyCollection<Crash> Crashes => _crashes.Values;

    /// <summary>How many ways of ending were seen.</summary>
    public int Outcomes => _outcomes.Count;

    /// <summary>How many inputs were tried.</summary>
    public long Tried { get; private set; }

    /// <summary>The input that is being tried; of use to whoever finds that it takes for ever.</summary>
    public byte[] Current => Volatile.Read(ref _current);

    /// <summary>Tries the seeds, and then so many inputs.</summary>
    public void Run(long count)
    {
        foreach (var sound in target.Seeds)
        {
            Try(sound);
        }

        for (long i = 0; i < count; i++)
        {
            var input = _mutator.Mutate(_pool);
            if (_random.Next(2) == 0)
            {
                target.Repair(input);
            }

            if (Try(input) && _pool.Count < LargestPool)
            {
                _pool.Add(input);
            }
        }
    }

    /// <summary>Tries one input; null if all is well.</summary>
    public static Crash? Attempt(FuzzTarget target, byte[] input, out string outcome)
    {
        outcome = "";
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            outcome = target.Run(input);
        }
        catch (Exception e)
        {
            return new Crash(input, e);
        }

        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        return taken <= target.Memory(input.Length)
            ? null
            : new Crash(input, new UnsoundException($"{taken} bytes of memory for an input of {input.Length}"));
    }

    // True if it ended in a way that was not seen before.
    private bool Try(byte[] input)
    {
        Volatile.Write(ref _current, input);
        Tried++;
        if (Attempt(target, input, out var outcome) is { } crash)
        {
            if (!_crashes.ContainsKey(crash.Identity))
            {
                _crashes[crash.Identity] = Minimiser.Shrink(target, crash);
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
}
