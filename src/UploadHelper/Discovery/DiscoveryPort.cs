using UploadHelper.Core.Usb;

namespace UploadHelper.Discovery;

/// <summary>A board in DFU mode, as an IDE's list of ports shows it.</summary>
/// <param name="Address">Where it is plugged in: "1-1.2".</param>
/// <param name="Id">Its ids.</param>
/// <param name="SerialNumber">Its serial number, or "" where it has none or was not to be read.</param>
internal sealed record DiscoveryPort(string Address, UsbId Id, string SerialNumber)
{
    /// <summary>The protocol of all these ports; a core's <c>upload.tool.dfu</c> is for them.</summary>
    public const string Protocol = "dfu";

    /// <summary>The protocol for people.</summary>
    public const string ProtocolLabel = "USB DFU";
}
