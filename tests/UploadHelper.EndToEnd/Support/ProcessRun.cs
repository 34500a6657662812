using System.Diagnostics;
using System.Runtime.InteropServices;

namespace UploadHelper.EndToEnd.Support;

/// <summary>A process that has ended: exit status and what it wrote.</summary>
internal sealed record ProcessRun(int Status, string Out, string Error)
{
    /// <summary>How long anything may take: only there to stop what hangs, since a busy machine may be slow without end.</summary>
    public static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(30);

    /// <summary>Runs a program to its end in the repository.</summary>
    public static ProcessRun Of(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Start(program, arguments, environment);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Watchdog))
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{program} did not end in {Watchdog.TotalMinutes} minutes.");
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

    /// <summary>Sends a signal at once: to start a program for it may take longer than what it shall interrupt.</summary>
    public static void Signal(Process process, PosixSignalNumber signal) => Assert.Equal(0, Kill(process.Id, (int)signal));

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);

    public override string ToString() => $"exit {Status}\n{Out}\n{Error}";
}

/// <summary>Signals by their numbers.</summary>
internal enum PosixSignalNumber
{
    Int = 2,
    Kill = 9,
    Term = 15,

    // Of Linux on x64 and arm64.
    Continue = 18,
    Stop = 19,
}
