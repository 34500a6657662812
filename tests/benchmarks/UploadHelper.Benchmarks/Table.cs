using System.Globalization;
using System.Text;

namespace UploadHelper.Benchmarks;

/// <summary>A table of a report, in Markdown that is also easy to read as it stands.</summary>
/// <param name="title">What stands above it.</param>
/// <param name="columns">The heads of its columns.</param>
public sealed class Table(string title, params string[] columns)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Seconds, as all tables show them.</summary>
    public static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>A ratio, as all tables show it.</summary>
    public static string Ratio(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>A number, as all tables show it.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The table as text.</summary>
    public override string ToString()
    {
        var widths = columns.Select((c, i) => _rows.Select(r => r[i].Length).Append(c.Length).Max()).ToArray();
        var text = new StringBuilder($"## {title}\n\n");
        Line(columns);
        Line([.. widths.Select(w => new string('-', w))]);
        _rows.ForEach(Line);
        return text.ToString();

        void Line(string[] cells) => text.Append($"| {string.Join(" | ", cells.Select((c, i) => i == 0 ? c.PadRight(widths[i]) : c.PadLeft(widths[i])))} |\n");
    }
}
