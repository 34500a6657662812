using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Output;

/// <summary>The page of <c>info</c>.</summary>
internal static class StateText
{
    private const int LabelWidth = 16;
    private static readonly string[] Attributes = ["can be written", "can be read", "manifestation tolerant", "detaches by itself"];

    /// <summary>The lines of the page.</summary>
    /// <param name="state">What the bootloader has said.</param>
    /// <param name="drivers">The drivers that hold it; null where they are not known.</param>
    /// <param name="verbose">Whether to show the descriptors byte for byte.</param>
    public static IEnumerable<string> Of(BootloaderState state, IReadOnlyList<string>? drivers, bool verbose)
    {
        var description = state.Description;
        yield return $"{DescriptionText.Place(description.Device)}: {description.Manufacturer} {description.Product}, serial number {description.SerialNumber}";
        foreach (var (label, text) in Fields(state, drivers))
        {
            yield return $"  {label.PadRight(LabelWidth)}{text}";
        }

        foreach (var line in DescriptionText.Alternates(description))
        {
            yield return line;
        }

        if (verbose)
        {
            yield return $"  device descriptor: {Bytes(state.DeviceDescriptor)}";
            foreach (var part in UsbDescriptors.Split(state.Configuration))
            {
                yield return $"  configuration: {Bytes(part)}";
            }
        }
    }

    private static string Bytes(ReadOnlyMemory<byte> bytes) => BitConverter.ToString(bytes.ToArray()).Replace('-', ' ');

    private static IEnumerable<(string Label, string Text)> Fields(BootloaderState state, IReadOnlyList<string>? drivers)
    {
        var (description, functional) = (state.Description, state.Description.Functional);
        yield return ("USB", $"{DescriptionText.Release(description.UsbRelease)}, release {DescriptionText.Release(description.Device.Release)}, number {description.Device.Number} on bus {description.Device.Bus}");
        if (drivers is not null)
        {
            yield return ("driver", drivers.Count == 0 ? "none" : string.Join(", ", drivers));
        }

        yield return ("DFU", DescriptionText.Release(functional.DfuVersion) + (description.IsDfuSe ? " (DfuSe)" : ""));
        yield return ("attributes", $"0x{functional.Attributes:X2}: {string.Join(", ", Attributes.Where((_, bit) => (functional.Attributes & 1 << bit) != 0))}");
        yield return ("block size", $"{functional.TransferSize} bytes");
        if (state.Info is { } info)
        {
            yield return ("taken for", info.Name);
        }

        yield return ("state", state.Status.State.Name());
        yield return ("status", state.Status.Code.Name());
        yield return ("poll time-out", $"{state.Status.PollTimeout.TotalMilliseconds:0} ms");
    }
}
