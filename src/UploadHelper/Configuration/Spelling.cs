namespace UploadHelper.Configuration;

/// <summary>Finds the word that was probably meant by a misspelt one.</summary>
internal static class Spelling
{
    /// <summary>The nearest of some words, or null if none is near: at most one letter in three is wrong, missing, too much or swapped.</summary>
    public static string? Nearest(string word, IEnumerable<string> words) => words
        .Select(w => (Word: w, Distance: Distance(word.ToLowerInvariant(), w)))
        .Where(w => w.Distance <= Math.Max(1, word.Length / 3))
        .OrderBy(w => w.Distance)
        .Select(w => w.Word)
        .FirstOrDefault();

    /// <summary>The nearest as a question behind a sentence; empty if none is near.</summary>
    /// <param name="word">The misspelt word.</param>
    /// <param name="words">Those that there are.</param>
    /// <param name="written">How one of them is written.</param>
    public static string Question(string word, IEnumerable<string> words, Func<string, string> written) =>
        Nearest(word, words) is { } meant ? $" Did you mean {written(meant)}?" : "";

    // Levenshtein distance, with two swapped neighbours as one mistake.
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                rows[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), 1 + Math.Min(rows[i - 1, j], rows[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[a.Length, b.Length];
    }
}
