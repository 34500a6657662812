using UploadHelper.Core.Serial;

namespace UploadHelper.Core.Diagnosis;

/// <summary>A serial port, and whether it can be used.</summary>
/// <param name="Port">The port.</param>
public sealed record SeenPort(SerialPortInfo Port)
{
    /// <summary>Whether this user may open it.</summary>
    public Access Access { get; init; }

    /// <summary>The group whose members may open it (Linux), or null where it is not known.</summary>
    public string? Group { get; init; }

    /// <summary>The processes that are known to have it open.</summary>
    public IReadOnlyList<Holder> Holders { get; init; } = [];
}
