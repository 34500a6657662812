using UploadHelper.Core.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading.Several;

/// <summary>What boards must have in common to get the same image in one run.</summary>
/// <param name="Id">idVendor and idProduct.</param>
/// <param name="Layout">The names of all alternate settings, with the memory maps.</param>
public sealed record BoardKind(UsbId Id, string Layout)
{
    /// <summary>The kind of a board.</summary>
    public static BoardKind Of(DfuDescription device) => new(device.Device.Id, string.Join(" | ", device.Alternates.Select(a => a.Name)));
}
