using System.Diagnostics;

namespace UploadHelper.Fuzz;

/// <summary>One parser under attack.</summary>
/// <param name="Name">What scripts/fuzz.sh calls it.</param>
/// <param name="Classes">The beginnings of the full names of the classes that it attacks. Its coverage is counted in these.</param>
/// <param name="Sound">Makes sound inputs to begin with.</param>
/// <param name="Tokens">Pieces that mean something to the parser.</param>
/// <param name="Run">
/// Parses an input, checks what comes out, and says in a few words how it ended: a value's shape, or the parser's own
/// declared error. Whatever it throws is a crash.
/// </param>
public sealed record FuzzTarget(string Name, string[] Classes, Func<IEnumerable<byte[]>> Sound, IReadOnlyList<byte[]> Tokens, Func<byte[], string> Run)
{
    /// <summary>The sound inputs to begin with; none is empty.</summary>
    public IReadOnlyList<byte[]> Seeds => field ??= [.. Sound().Where(s => s.Length > 0).DistinctBy(Convert.ToHexString)];

    /// <summary>Mends checksums and counts in place, so that more than the check of them is reached. Null if there are none.</summary>
    public Action<byte[]>? Repair { get; init; }

    /// <summary>How many bytes may be allocated for an input of so many, garbage included.</summary>
    public Func<int, long> Memory { get; init; } = length => (1 << 20) + 256L * length;

    /// <summary>Tries an input, as it is and mended.</summary>
    /// <param name="input">The input.</param>
    /// <param name="outcome">How it ended.</param>
    /// <returns>What is wrong, or null.</returns>
    public Crash? Attempt(byte[] input, out string outcome)
    {
        var crash = Once(input, out outcome);
        if (crash is not null || Repair is null)
        {
            return crash;
        }

        var mended = input.ToArray();
        Repair(mended);
        if (!mended.AsSpan().SequenceEqual(input))
        {
            crash = Once(mended, out var second);
            outcome += second;
        }

        return crash;
    }

    private Crash? Once(byte[] input, out string outcome)
    {
        outcome = "";
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            outcome = Run(input);
        }
        catch (Exception e)
        {
            return new Crash(input, e);
        }

        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        return taken <= Memory(input.Length)
            ? null
            : new Crash(input, new UnsoundException($"{taken} bytes of memory for an input of {input.Length}"));
    }
}

/// <summary>An input at which a parser neither returned a value nor threw its own error.</summary>
/// <param name="Input">The input.</param>
/// <param name="What">The exception, or what else was wrong.</param>
public sealed record Crash(byte[] Input, Exception What)
{
    /// <summary>What tells crashes apart: the kind of exception, and where in the program it came from.</summary>
    public string Identity { get; } = $"{What.GetType().Name} at {Place(What)}";

    private static string Place(Exception e)
    {
        var frames = new StackTrace(e).GetFrames().Select(f => f.GetMethod()).OfType<System.Reflection.MethodBase>();
        var own = frames.FirstOrDefault(m => m.DeclaringType?.FullName?.StartsWith("UploadHelper.", StringComparison.Ordinal) == true);
        return own is null ? "nowhere" : $"{own.DeclaringType!.FullName}.{own.Name}";
    }
}

/// <summary>A parser that returned, and should not have: the value is not sound, or took more memory than it may.</summary>
public sealed class UnsoundException(string message) : Exception(message);
