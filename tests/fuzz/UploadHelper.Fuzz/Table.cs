using System.Globalization;

namespace UploadHelper.Fuzz;

/// <summary>The table of what was spent on each target and what came of it, in tests/fuzz/corpus/README.md. A run adds to what is there.</summary>
internal static class Table
{
    public static void Add(FuzzTarget target, long seconds, long runs, long crashes)
    {
        var file = Path.Combine(Corpus.Folder, "README.md");
        var lines = File.ReadAllLines(file).ToList();
        var old = lines.Find(l => l.StartsWith($"| {target.Name} |", StringComparison.Ordinal));
        var cells = old?.Split('|').Select(c => c.Replace(",", "").Trim()).ToArray();
        long Before(int column) => cells is null ? 0 : long.Parse(cells[column], CultureInfo.InvariantCulture);

        var methods = BranchCount.Of(target);
        var (reached, all) = (methods.Sum(m => m.Reached), methods.Sum(m => m.All));
        var kept = Corpus.Read(target.Name);
        var row = string.Create(CultureInfo.InvariantCulture,
            $"| {target.Name} | {Before(2) + seconds:n0} | {Before(3) + runs:n0} | {kept.Count:n0} | {new FileInfo(Corpus.FileOf(target.Name)).Length:n0} | {reached:n0} | {all:n0} | {100.0 * reached / all:0} | {Before(9) + crashes} |");
        if (old is not null)
        {
            lines[lines.IndexOf(old)] = row;
        }
        else
        {
            var last = lines.FindLastIndex(l => l.StartsWith('|'));
            lines.Insert(last + 1, row);
        }

        File.WriteAllLines(file, lines);
        Console.WriteLine(row);
    }
}
