using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>One scenario in the rig. The files that it left stay in artifacts/rig/NAME until the next run.</summary>
public abstract class RigRun
{
    private readonly Lazy<ProcessRun> _run;
    private readonly string _out;

    /// <param name="machine">The machine that runs it.</param>
    /// <param name="name">The run's own name, where a scenario is run more than once.</param>
    /// <param name="scenario">The scenario, if its name is another.</param>
    /// <param name="argument">The scenario's argument.</param>
    /// <param name="udev">Whether udev runs.</param>
    protected RigRun(RigMachine machine, string name, string? scenario = null, string argument = "", bool udev = true)
        : this(machine, name, () => argument, scenario, udev)
    {
    }

    /// <param name="machine">The machine that runs it.</param>
    /// <param name="name">The run's own name, where a scenario is run more than once.</param>
    /// <param name="argument">Prepares what the scenario needs, and returns its argument.</param>
    /// <param name="scenario">The scenario, if its name is another.</param>
    /// <param name="udev">Whether udev runs.</param>
    protected RigRun(RigMachine machine, string name, Func<string> argument, string? scenario = null, bool udev = true)
    {
        _out = Repository.PathOf("artifacts", "rig", name);
        _run = new Lazy<ProcessRun>(() => machine.Run(name, udev, Seconds, $"bash tests/rig/scenarios/{scenario ?? name}.sh '{argument()}'"));
    }

    /// <summary>When a scenario counts as hung, by the machine's clock.</summary>
    protected virtual int Seconds => 300;

    /// <summary>The text of a file, or why it is not there.</summary>
    public string Text(string name)
    {
        var path = PathOf(name);
        return File.Exists(path) ? File.ReadAllText(path) : $"{path} is missing: {_run.Value}";
    }

    public byte[] Bytes(string name) => File.ReadAllBytes(PathOf(name));

    /// <summary>The exit status of a step.</summary>
    public int Status(string step) => int.TryParse(Text(step + ".status"), out var status) ? status : throw new InvalidDataException(Text(step + ".status"));

    /// <summary>The fields of the summary that ends a board's log.</summary>
    public Dictionary<string, string> Summary(string board)
    {
        var line = Text(board + ".board").Split('\n').LastOrDefault(l => l.StartsWith("summary: ", StringComparison.Ordinal))
            ?? throw new InvalidDataException(Text(board + ".board"));
        return line["summary: ".Length..].Split(' ').Select(f => f.Split('=', 2)).ToDictionary(f => f[0], f => f[1]);
    }

    private string PathOf(string name)
    {
        _ = _run.Value;
        return Path.Combine(_out, name);
    }
}
