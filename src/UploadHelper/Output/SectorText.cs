using UploadHelper.Core.Chips;

namespace UploadHelper.Output;

/// <summary>Sectors in words: those that lie one behind the other and are alike in one line, as small pages come by the hundred.</summary>
internal static class SectorText
{
    /// <summary>A line for each row of sectors, in their order.</summary>
    public static IEnumerable<string> Of(IEnumerable<Sector> sectors)
    {
        var row = new List<Sector>();
        foreach (var sector in sectors)
        {
            if (row.Count > 0 && (sector.Address != row[^1].End || sector.Size != row[^1].Size))
            {
                yield return Line(row);
                row.Clear();
            }

            row.Add(sector);
        }

        if (row.Count > 0)
        {
            yield return Line(row);
        }
    }

    private static string Line(List<Sector> row) => row.Count == 1
        ? $"sector 0x{row[0].Address:X8} to 0x{row[0].End - 1:X8}"
        : $"sectors 0x{row[0].Address:X8} to 0x{row[^1].End - 1:X8}, {row.Count} of {row[0].Size} bytes";
}
