using UploadHelper.Core.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading.Several;

/// <summary>A board in DFU mode, as a survey of the bus shows it.</summary>
/// <param name="Device">The device.</param>
/// <param name="Description">What it says of itself, or null if it could not be asked.</param>
/// <param name="Trouble">Why it could not be asked, or null.</param>
internal sealed record SurveyedBoard(UsbDeviceInfo Device, DfuDescription? Description, UploadException? Trouble)
{
    /// <summary>Where it is plugged in.</summary>
    public string Path => Device.Path;

    /// <summary>How long its bootloader waits for a host before it starts the sketch; zero if it stays for ever.</summary>
    public TimeSpan BootWindow { get; init; }
}
