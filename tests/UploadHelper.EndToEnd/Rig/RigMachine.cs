using System.Diagnostics;
using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>The virtual machine in which all scenarios run, one after the other; booted for the first, and anew after it has hung.</summary>
public sealed class RigMachine : IDisposable
{
    private static readonly string Folder = Repository.PathOf("artifacts", "rig");
    private Process? _machine;
    private Task<string>? _error;

    /// <summary>Runs a shell command in the repository. What it writes to /rig-out is in a folder then.</summary>
    /// <param name="name">The folder's name; what was in it is gone.</param>
    /// <param name="udev">Whether udev runs.</param>
    /// <param name="seconds">When the command counts as hung, by the machine's clock.</param>
    /// <param name="command">The command.</param>
    /// <returns>What became of it, for where a file of it is missing.</returns>
    internal ProcessRun Run(string name, bool udev, int seconds, string command)
    {
        var folder = Path.Combine(Folder, name);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        if (_machine is null)
        {
            Start();
        }

        _machine!.StandardInput.WriteLine($"{name} {(udev ? "yes" : "no")} {seconds} {command}");
        _machine.StandardInput.Flush();
        var answer = _machine.StandardOutput.ReadLine()?.Split(' ');
        if (answer is null)
        {
            return End();
        }

        var log = Path.Combine(folder, ".rig");
        return new ProcessRun(int.Parse(answer[1]), File.ReadAllText(Path.Combine(log, "stdout")), File.ReadAllText(Path.Combine(log, "stderr")));
    }

    public void Dispose()
    {
        if (_machine is not null)
        {
            End();
        }
    }

    private void Start()
    {
        _machine = ProcessRun.Start(
            Repository.PathOf("scripts", "rig.sh"), ["--serve"], new Dictionary<string, string> { ["RIG_OUT"] = Folder });
        _error = _machine.StandardError.ReadToEndAsync();
    }

    private ProcessRun End()
    {
        using var machine = _machine!;
        _machine = null;
        try
        {
            machine.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        machine.WaitForExit();
        return new ProcessRun(machine.ExitCode, "", _error!.Result);
    }
}

/// <summary>The tests that share the machine.</summary>
[CollectionDefinition(Name)]
public sealed class RigCollection : ICollectionFixture<RigMachine>
{
    public const string Name = "rig";
}
