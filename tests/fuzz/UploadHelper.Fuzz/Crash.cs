using System.Diagnostics;

namespace UploadHelper.Fuzz;

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
