using System.Globalization;
using UploadHelper.Core.Protocols.Dfu;

namespace UploadHelper.VirtualBoard.Faults;

/// <summary>One thing that goes wrong once.</summary>
/// <param name="Kind">What.</param>
/// <param name="Index">At which control transfer to a bootloader, counted from 0 since the board was made.</param>
/// <param name="Status">bStatus of <see cref="FaultKind.Status"/>.</param>
public sealed record Fault(FaultKind Kind, int Index, DfuStatusCode Status = DfuStatusCode.Ok)
{
    /// <summary>The last of the status codes that are no success.</summary>
    public const int LastStatus = (int)DfuStatusCode.ErrStalledPacket;

    private const string StatusPrefix = "status-";

    /// <summary>All kinds as they are written; a status has its number behind it, 1 to 15.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<FaultKind>().Select(NameOf)];

    /// <summary>Reads "stall@12" or "status-4@12".</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Fault Parse(string text)
    {
        var at = text.IndexOf('@');
        return at > 0
            && int.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && Read(text[..at], index) is { } fault
                ? fault
                : throw new FormatException(
                    $"\"{text}\" is no fault; write KIND@TRANSFER, for example stall@12. There are: {string.Join(", ", Names)} (1 to {LastStatus}).");
    }

    /// <summary>As it is written: "stall@12".</summary>
    public override string ToString() => $"{(Kind == FaultKind.Status ? StatusPrefix + (int)Status : NameOf(Kind))}@{Index}";

    private static Fault? Read(string kind, int index)
    {
        if (kind.StartsWith(StatusPrefix, StringComparison.Ordinal))
        {
            return int.TryParse(kind[StatusPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 1 and <= LastStatus
                ? new Fault(FaultKind.Status, index, (DfuStatusCode)code)
                : null;
        }

        return Enum.GetValues<FaultKind>().Where(k => NameOf(k) == kind).Select(k => new Fault(k, index)).FirstOrDefault();
    }

    private static string NameOf(FaultKind kind) => kind switch
    {
        FaultKind.CutErase => "cut-erase",
        FaultKind.CutProgram => "cut-program",
        FaultKind.Status => StatusPrefix + "N",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
