namespace UploadHelper.Core.Diagnosis;

internal static class LibraryRules
{
    public static IEnumerable<Finding> Of(Situation situation)
    {
        yield return situation.UsbLibrary switch
        {
            { Trouble: { } trouble } => new Finding(FindingLevel.Problem, FindingTopic.UsbLibrary, "usb-library", trouble),
            { Version: { Length: > 0 } version } => new Finding(FindingLevel.Fine, FindingTopic.UsbLibrary, "usb-library", $"libusb {version}"),
            _ => new Finding(FindingLevel.Fine, FindingTopic.UsbLibrary, "usb-library", "libusb works"),
        };
    }
}
