namespace UploadHelper.Core.Diagnosis;

internal static class HoldersText
{
    /// <summary>": NAME (process 12), ..."; "" if it is not known who.</summary>
    public static string Of(IReadOnlyList<Holder> holders) =>
        holders.Count == 0 ? "" : ": " + string.Join(", ", holders.Select(h => $"{h.Name} (process {h.Id})"));
}
