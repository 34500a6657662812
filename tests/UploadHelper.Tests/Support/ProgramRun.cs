using System.Text.RegularExpressions;
using UploadHelper.Host;
using UploadHelper.Output;

namespace UploadHelper.Tests.Support;

/// <summary>Runs the whole program in this process, in a directory of its own, and keeps what it wrote.</summary>
internal sealed class ProgramRun : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("upload-helper");

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>The path by which the process was started.</summary>
    public string Program { get; init; } = "";

    /// <summary>What a person types at a terminal, or null where there is none.</summary>
    public string? Typed { get; init; }

    /// <summary>The bytes on standard input.</summary>
    public byte[] Input { get; set; } = [];

    /// <summary>Takes the place of standard output; null for one that keeps everything.</summary>
    public TextWriter? Output { get; set; }

    /// <summary>Takes the place of standard error; null for one that keeps everything.</summary>
    public TextWriter? ErrorOutput { get; set; }

    /// <summary>Takes the place of the disk where files are written; null for the disk.</summary>
    public Func<string, Stream>? CreateFile { get; set; }

    /// <summary>What the last run printed.</summary>
    public Printed Printed { get; private set; } = new(0, "", "");

    public string Out => Printed.Out;

    public string Error => Printed.Error;

    public string Transcript => Printed.Transcript;

    /// <summary>Puts a sketch into the directory.</summary>
    public ProgramRun Sketch(uint linkedFor, int size = 4_000, uint stack = SketchImage.EndOfRam, string name = "blink.bin") =>
        With(name, SketchImage.Bytes(linkedFor, size, stack));

    /// <summary>Puts a file into the directory.</summary>
    public ProgramRun With(string name, byte[] content)
    {
        File(name, content);
        return this;
    }

    /// <summary>Puts a file into the directory, and tells its path.</summary>
    public string File(string name, byte[] content)
    {
        var path = PathOf(name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>The bytes of a file in the directory.</summary>
    public byte[] Bytes(string name) => System.IO.File.ReadAllBytes(PathOf(name));

    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    /// <summary>Splits a command line at its spaces; words that end like files are files in the directory of this run.</summary>
    public string[] Arguments(string line) =>
    [
        .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => Regex.Replace(w, @"(?<=^|flash=)[\w-]+\.(bin|hex|dfu|txt|json)\b", m => PathOf(m.Value))),
    ];

    /// <summary>Runs a command line (<see cref="Arguments"/>).</summary>
    public Printed Do(string line)
    {
        Run(Arguments(line));
        return Printed;
    }

    public int Run(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var streams = new ConsoleStreams(Typed is null ? TextReader.Null : new StringReader(Typed), Output ?? output, ErrorOutput ?? error, ErrorIsTerminal: Typed is not null)
        {
            InIsTerminal = Typed is not null,
            OpenBytesIn = () => new MemoryStream(Input),
        };
        var status = new Application(streams, Environment, TimeProvider.System, _ => CancellationToken.None) { CreateFile = CreateFile ?? OutputFile.OnDisk, Program = Program }.Run(arguments);
        Printed = new Printed(status, Clean(output), Clean(error)).KnowsItsCodes();
        return status;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string Clean(StringWriter writer) => writer.ToString().Replace(_directory.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
}
