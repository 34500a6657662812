using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard;

/// <summary>Control transfers in words.</summary>
internal static class RequestText
{
    public static string Of(UsbFunction function, UsbSetup setup, ControlReply reply)
    {
        var isClass = !setup.IsStandard;
        var text = isClass && function is IDfuFunction
            ? Dfu(setup)
            : $"{(isClass ? "class" : "standard")} request 0x{setup.Request:X2}, value 0x{setup.Value:X4}, index {setup.Index}, {setup.Length} bytes";
        var end = reply.Outcome == ControlOutcome.Done ? "" : $" -> {reply.Outcome}";
        return text + end + (function is IDfuFunction dfu && isClass ? $" [{dfu.State.Name()}]" : "");
    }

    private static string Dfu(UsbSetup setup) => (DfuRequest)setup.Request switch
    {
        DfuRequest.Detach => "DETACH",
        DfuRequest.Download => $"DNLOAD block {setup.Value}, {setup.Length} bytes",
        DfuRequest.Upload => $"UPLOAD block {setup.Value}, {setup.Length} bytes",
        DfuRequest.GetStatus => "GETSTATUS",
        DfuRequest.ClearStatus => "CLRSTATUS",
        DfuRequest.GetState => "GETSTATE",
        DfuRequest.Abort => "ABORT",
        _ => $"class request {setup.Request}",
    };
}
