using UploadHelper.Core.Protocols.Dfu;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>A device in DFU mode.</summary>
public interface IDfuFunction
{
    /// <summary>bState.</summary>
    DfuState State { get; }
}
