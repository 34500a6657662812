using System.Globalization;
using UploadHelper.VirtualBoard.Bootloaders;

namespace UploadHelper.VirtualBoard.Faults;

/// <summary>A fault to inject once.</summary>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Index">At which control transfer to the bootloader, counted from 0 since the board was created.</param>
/// <param name="Status">bStatus of <see cref="FaultKind.Status"/>.</param>
public sealed record Fault(FaultKind Kind, int Index, DfuStatusCode Status = DfuStatusCode.Ok)
{
    /// <summary>The highest bStatus; from 1 to here they report failures.</summary>
    public const int LastStatus = (int)DfuStatusCode.ErrStalledPacket;

    private const string StatusPrefix = "status-";

    /// <summary>All kinds as text; in status-N, N is the bStatus, 1 to 15.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<FaultKind>().Select(NameOf)];

    /// <summary>Reads "stall@12" or "status-4@12".</summary>
    /// <exception cref="FormatException">The text is not a fault.</exception>
    public static Fault Parse(string text)
    {
        var at = text.IndexOf('@');
        return at > 0
            && int.TryParse(text[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && Read(text[..at], index) is { } fault
                ? fault
                : throw new FormatException(
                    $"Invalid fault \"{text}\": write KIND@TRANSFER, for example stall@12. Known kinds: {string.Join(", ", Names)} (N from 1 to {LastStatus}).");
    }

    /// <summary>As text: "stall@12".</summary>
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

/// <summary>What can go wrong in a control transfer to a bootloader.</summary>
public enum FaultKind
{
    /// <summary>The device answers STALL, and does nothing.</summary>
    Stall,

    /// <summary>The transfer does not arrive: the device does nothing, and the host's time limit ends it.</summary>
    Silent,

    /// <summary>The device executes it, but the answer is lost: the host's time limit ends it.</summary>
    Late,

    /// <summary>The cable is pulled before it, and stays unplugged.</summary>
    Gone,

    /// <summary>The cable is pulled before it and plugged in again: the board starts as after any power-up, with its sketch if it has one.</summary>
    Replug,

    /// <summary>The board resets before it, and restarts in its bootloader.</summary>
    Reset,

    /// <summary>The board is plugged into another port before it, and restarts there in its bootloader.</summary>
    Moved,

    /// <summary>The board resets before it, and restarts in its bootloader with another serial number.</summary>
    Renamed,

    /// <summary>A second board of the kind appears on the bus before it, in its bootloader.</summary>
    Twin,

    /// <summary>The power fails while it erases a sector, halfway. Then the board restarts.</summary>
    CutErase,

    /// <summary>The power fails while it programs, halfway and in the middle of a program unit. Then the board restarts.</summary>
    CutProgram,

    /// <summary>Its flash operation reports success, but does nothing.</summary>
    Lost,

    /// <summary>One bit that it programs stays unchanged.</summary>
    Bit,

    /// <summary>From then on the device stays in dfuDNBUSY.</summary>
    Busy,

    /// <summary>From then on a GETSTATUS before the end of bwPollTimeout stalls.</summary>
    Early,

    /// <summary>The device sends only half of its answer.</summary>
    Short,

    /// <summary>The memory map in the answer is wrong: all sectors are writable, and the last group has one more.</summary>
    Layout,

    /// <summary>The device fails with a bStatus, and is in dfuERROR.</summary>
    Status,
}
