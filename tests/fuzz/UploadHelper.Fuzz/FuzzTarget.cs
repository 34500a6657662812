namespace UploadHelper.Fuzz;

/// <summary>One parser under attack.</summary>
/// <param name="Name">What scripts/fuzz.sh calls it.</param>
/// <param name="Seeds">Sound inputs to begin with; none is empty.</param>
/// <param name="Tokens">Pieces that mean something to the parser.</param>
/// <param name="Run">
/// Parses an input, checks what comes out, and says in a few words how it ended: a value's shape, or the parser's own
/// declared error. Whatever it throws is a crash.
/// </param>
public sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Seeds, IReadOnlyList<byte[]> Tokens, Func<byte[], string> Run)
{
    /// <summary>Mends checksums and counts after a mutation, so that more than the check of them is reached.</summary>
    public Action<byte[]> Repair { get; init; } = _ => { };

    /// <summary>How many bytes may be allocated for an input of so many, garbage included.</summary>
    public Func<int, long> Memory { get; init; } = length => (1 << 20) + 256L * length;
}
