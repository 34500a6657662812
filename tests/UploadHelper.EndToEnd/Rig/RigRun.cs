using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Rig;

/// <summary>One boot of the rig with one scenario. The files that it left stay in artifacts/rig/SCENARIO until the next run.</summary>
public abstract class RigRun
{
    private readonly string _out;
    private readonly Lazy<ProcessRun> _run;

    protected RigRun(string scenario, params string[] options)
        : this(scenario, scenario, options, [])
    {
    }

    /// <param name="name">The run's own name, where a scenario is run more than once.</param>
    /// <param name="scenario">The scenario.</param>
    /// <param name="options">Options of scripts/rig.sh.</param>
    /// <param name="arguments">Arguments of the scenario.</param>
    protected RigRun(string name, string scenario, string[] options, string[] arguments)
    {
        _out = Repository.PathOf("artifacts", "rig", name);
        _run = new Lazy<ProcessRun>(() => Boot([.. options, "bash", $"tests/rig/scenarios/{scenario}.sh", .. arguments]));
    }

    /// <summary>When a machine counts as hung: it is emulated, and its host may have other work.</summary>
    protected virtual int Minutes => 10;

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

    private ProcessRun Boot(IEnumerable<string> arguments)
    {
        if (Directory.Exists(_out))
        {
            Directory.Delete(_out, recursive: true);
        }

        return ProcessRun.Of(
            Repository.PathOf("scripts", "rig.sh"),
            arguments,
            new Dictionary<string, string> { ["RIG_OUT"] = _out, ["RIG_TIMEOUT"] = $"{Minutes * 60}" },
            watchdogMinutes: Minutes + 5);
    }
}
