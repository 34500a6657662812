using System.Globalization;

namespace UploadHelper.Benchmarks.Rig;

/// <summary>What a board in the rig saw, cut at the "status:" lines that the scenario asked for.</summary>
/// <param name="file">Its log.</param>
public sealed class BoardLog(string file)
{
    private static readonly string[] Requests = ["DNLOAD", "UPLOAD", "GETSTATUS", "CLRSTATUS", "GETSTATE", "ABORT"];
    private readonly string[] _lines = File.ReadAllLines(file);

    /// <summary>One entry for what lies between two "status:" lines.</summary>
    public IReadOnlyList<Span> Spans()
    {
        var spans = new List<Span>();
        int? transfers = null;
        var times = new List<double>();
        foreach (var line in _lines)
        {
            if (line.StartsWith("status:", StringComparison.Ordinal))
            {
                var count = int.Parse(line.Split("control_transfers=")[1].Split(' ')[0], CultureInfo.InvariantCulture);
                if (transfers is { } before && times.Count > 0)
                {
                    spans.Add(new Span(TimeSpan.FromSeconds(times[^1] - times[0]), count - before));
                }

                transfers = count;
                times.Clear();
            }
            else if (Requests.Any(r => line.Length > 11 && line[11..].StartsWith(r, StringComparison.Ordinal)))
            {
                times.Add(TimeOf(line));
            }
        }

        return spans;
    }

    private static double TimeOf(string line) => double.Parse(line[..9], CultureInfo.InvariantCulture);

    /// <summary>The DFU requests of one program.</summary>
    /// <param name="Duration">From the first to the last.</param>
    /// <param name="Transfers">Number of control transfers, standard requests included.</param>
    public sealed record Span(TimeSpan Duration, int Transfers);
}
