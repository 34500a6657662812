using System.Diagnostics;

namespace UploadHelper.EndToEnd.Support;

/// <summary>A process that has ended: exit status and what it wrote.</summary>
internal sealed record ProcessRun(int Status, string Out, string Error)
{
    /// <summary>Runs a program to its end in the repository. The watchdog is only there to stop what hangs.</summary>
    public static ProcessRun Of(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, int watchdogMinutes = 15)
    {
        using var process = Start(program, arguments, environment);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(watchdogMinutes)))
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{program} did not end in {watchdogMinutes} minutes.");
        }

        return new ProcessRun(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts a program in the repository, its streams redirected.</summary>
    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Those that steer the tests are no settings, and settings of this machine would have a part in them.
        foreach (var ours in start.Environment.Keys.Where(k => k.StartsWith("UPLOADHELPER_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(ours);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public override string ToString() => $"exit {Status}\n{Out}\n{Error}";
}
