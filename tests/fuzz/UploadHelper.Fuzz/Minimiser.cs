namespace UploadHelper.Fuzz;

/// <summary>Makes a crash's input as small and as plain as it can be while it still crashes in the same place.</summary>
internal static class Minimiser
{
    public static Crash Shrink(FuzzTarget target, Crash crash)
    {
        for (var piece = Math.Max(1, crash.Input.Length / 2); piece > 0; piece /= 2)
        {
            for (var at = 0; at + piece <= crash.Input.Length;)
            {
                var input = crash.Input;
                if (Same(target, crash, [.. input[..at], .. input[(at + piece)..]]) is { } smaller)
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
            if (crash.Input[at] != 0 && Same(target, crash, [.. crash.Input[..at], 0, .. crash.Input[(at + 1)..]]) is { } plainer)
            {
                crash = plainer;
            }
        }

        return crash;
    }

    private static Crash? Same(FuzzTarget target, Crash crash, byte[] input) =>
        Fuzzer.Attempt(target, input, out _) is { } other && other.Identity == crash.Identity ? other : null;
}
