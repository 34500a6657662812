using System.Text.RegularExpressions;
using UploadHelper.Output;

namespace UploadHelper.Tests.Support;

/// <summary>Runs the whole program in this process and keeps what it wrote.</summary>
internal sealed class ProgramRun : IDisposable
{
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("upload-helper");

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>What a person types at a terminal, or null where there is none.</summary>
    public string? Typed { get; init; }

    public string Out => Clean(_out);

    public string Error => Clean(_error);

    /// <summary>Exit status and both streams, as a snapshot shows them.</summary>
    public string Transcript { get; private set; } = "";

    public string File(string name, byte[] content)
    {
        var path = PathOf(name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    /// <summary>Splits a command line at its spaces; words that end like files are files in the directory of this run.</summary>
    public string[] Arguments(string line) =>
    [
        .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => Regex.Replace(w, @"(?<=^|flash=)[\w-]+\.(bin|hex|txt)\b", m => PathOf(m.Value))),
    ];

    public int Run(params string[] arguments)
    {
        var streams = new ConsoleStreams(Typed is null ? TextReader.Null : new StringReader(Typed), _out, _error, ErrorIsTerminal: Typed is not null)
        {
            InIsTerminal = Typed is not null,
        };
        var status = new Application(streams, Environment, TimeProvider.System, () => CancellationToken.None).Run(arguments);
        Transcript = $"exit {status}\n--- stdout\n{Out}--- stderr\n{Error}";
        return status;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string Clean(StringWriter writer) => writer.ToString().Replace(_directory.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
}
