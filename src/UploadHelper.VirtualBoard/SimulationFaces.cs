using System.Net;

namespace UploadHelper.VirtualBoard;

/// <summary>How the outside can reach a simulated board.</summary>
public sealed record SimulationFaces
{
    /// <summary>Where a USB/IP server listens, or null for none.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>Whether the board is plugged into this machine's own USB (Linux, root, vhci-hcd).</summary>
    public bool Plug { get; init; }

    /// <summary>Path of a link to a pseudo terminal that stands for the sketch's serial port (Linux), or null for none.</summary>
    public string? PseudoTerminal { get; init; }
}
