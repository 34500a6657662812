using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace UploadHelper.Benchmarks;

/// <summary>Shows the tables as they come, and writes them to a file with machine and date.</summary>
/// <param name="file">The file.</param>
public sealed class Report(string file)
{
    private readonly StringBuilder _text = new(
        $"""
        # Benchmarks: how close uploads come to the speed of the board

        Written by `scripts/bench.sh` on {DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}; {Machine()}.
        Virtual times, transfers and sectors are the same on every machine, and checked by unit tests. The other times depend on the machine.


        """.ReplaceLineEndings("\n"));

    /// <summary>Adds a table.</summary>
    public void Add(Table table, string notes)
    {
        var text = $"{table}\n{(notes.Length > 0 ? notes.ReplaceLineEndings("\n") + "\n\n" : "")}";
        Console.WriteLine(text);
        _text.Append(text);
    }

    /// <summary>Writes the file.</summary>
    public void Write() => File.WriteAllText(file, _text.ToString().TrimEnd() + "\n");

    private static string Machine()
    {
        const string ProcessorInfo = "/proc/cpuinfo";
        var model = File.Exists(ProcessorInfo)
            ? File.ReadLines(ProcessorInfo).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1]
            : null;
        return $"{Environment.ProcessorCount} x {model ?? RuntimeInformation.ProcessArchitecture.ToString()}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";
    }
}
