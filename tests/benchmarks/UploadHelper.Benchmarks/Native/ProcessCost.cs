using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace UploadHelper.Benchmarks.Native;

/// <summary>What a run of a program cost (Linux).</summary>
/// <param name="Wall">From its start to its end, or to the line.</param>
/// <param name="Processor">Processor time of all its threads until then.</param>
/// <param name="PeakBytes">The most memory it had in RAM when it wrote its lines; 0 if it wrote none to its standard error.</param>
public sealed record ProcessCost(TimeSpan Wall, TimeSpan Processor, long PeakBytes)
{
    /// <summary>Whether a program is on the path.</summary>
    public static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(f => File.Exists(Path.Combine(f, program)));

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ProcessCost Of(string program, IEnumerable<string> arguments)
    {
        var before = Children();
        var start = Stopwatch.GetTimestamp();
        using var process = Start(program, arguments);
        var peak = 0L;
        while (process.StandardError.ReadLine() is not null)
        {
            peak = Math.Max(peak, Peak(process.Id));
        }

        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new ProcessCost(Stopwatch.GetElapsedTime(start), Children() - before, peak);
    }

    /// <summary>
    /// Runs a program until a line comes on its standard error, and ends it. A short program may have come further by then: its
    /// processor time is an upper bound.
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="line">How the line begins.</param>
    /// <exception cref="InvalidOperationException">The line never came.</exception>
    public static ProcessCost Until(string program, IEnumerable<string> arguments, string line)
    {
        var before = Children();
        var start = Stopwatch.GetTimestamp();
        using var process = Start(program, arguments);
        while (process.StandardError.ReadLine() is { } written)
        {
            if (written.StartsWith(line, StringComparison.Ordinal))
            {
                var wall = Stopwatch.GetElapsedTime(start);
                process.Kill();
                process.WaitForExit();
                return new ProcessCost(wall, Children() - before, 0);
            }
        }

        throw new InvalidOperationException($"{program} ended without \"{line}\".");
    }

    private static Process Start(string program, IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    // proc(5): VmHWM is the largest resident set in KiB. What getrusage(2) says of a child counts its parent's memory before exec.
    private static long Peak(int id)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has ended.
            return 0;
        }
    }

    // getrusage(2), RUSAGE_CHILDREN: two times as seconds and microseconds.
    private static TimeSpan Children()
    {
        var usage = new long[18];
        _ = GetResourceUsage(-1, usage);
        return TimeSpan.FromSeconds(usage[0] + usage[2]) + TimeSpan.FromMicroseconds(usage[1] + usage[3]);
    }

    [DllImport("libc", EntryPoint = "getrusage")]
    private static extern int GetResourceUsage(int who, long[] usage);
}
