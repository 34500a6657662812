using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
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
    /// <param name="state">What the bootloader reports.</param>
    /// <param name="drivers">The drivers bound to it; null where that is unknown.</param>
    /// <param name="verbose">Whether to show the descriptors byte for byte.</param>
    public static IEnumerable<string> Of(BootloaderState state, IReadOnlyList<string>? drivers, bool verbose)
    {
        var description = state.Description;
        yield return $"{DescriptionText.Place(description.Device)}: {description.Manufacturer} {description.Product}, {DescriptionText.SerialNumber(description)}";
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

    /// <summary>The lines of the page for the USART bootloader in ROM.</summary>
    public static IEnumerable<string> Of(UartState state)
    {
        yield return $"{state.Chip} at {state.Port}";
        foreach (var (label, text) in ((string Label, string Text)[])
        [
            ("product id", $"0x{state.Identity.ProductId:X3}"),
            ("bootloader", $"USART bootloader in ROM, protocol version {state.Identity.Version >> 4}.{state.Identity.Version & 0xF} (AN3155)"),
            ("commands", string.Join(' ', state.Identity.Commands.Select(c => $"{c:X2}"))),
            ("flash", state.FlashSize is { } size ? $"{size} KiB" : "read-protected: its size cannot be read"),
        ])
        {
            yield return $"  {label.PadRight(LabelWidth)}{text}";
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

        if (description.IsHid)
        {
            yield return ("protocol", "reports of HID; it has no states, and cannot be read");
        }
        else
        {
            foreach (var field in Dfu(description, functional))
            {
                yield return field;
            }
        }

        if (state.Info is { } info)
        {
            yield return ("recognised as", info.Name);
            if (info.CorrectMap is { } correct && DescriptionText.FirstMap(description) is { } reported && correct(description, reported) is var map && map.ToString() != reported.ToString())
            {
                yield return ("memory map", $"{map}, instead of what the device says");
            }
        }

        if (state.Status is { } status)
        {
            yield return ("state", status.State.Name());
            yield return ("status", status.Code.Name());
            yield return ("poll timeout", $"{status.PollTimeout.TotalMilliseconds:0} ms");
        }
    }

    private static IEnumerable<(string Label, string Text)> Dfu(DfuDescription description, DfuFunctionalDescriptor functional)
    {
        yield return ("DFU", DescriptionText.Release(functional.DfuVersion) + (description.IsDfuSe ? " (DfuSe)" : ""));
        yield return ("attributes", $"0x{functional.Attributes:X2}: {string.Join(", ", Attributes.Where((_, bit) => (functional.Attributes & 1 << bit) != 0))}");
        yield return ("block size", $"{functional.TransferSize} bytes");
    }
}

/// <summary>What a device's descriptors say, as text.</summary>
internal static class DescriptionText
{
    /// <summary>The alternate settings, each with its sectors below it.</summary>
    public static IEnumerable<string> Alternates(DfuDescription description)
    {
        foreach (var alternate in description.Alternates)
        {
            yield return $"  alt {alternate.Setting}: {alternate.Name}";
            foreach (var group in Sectors(alternate))
            {
                yield return group.Count == 0
                    ? $"    0x{group.Address:X8}  no sectors: there is nothing to read or write"
                    : $"    0x{group.Address:X8} to 0x{group.End - 1:X8}  {group.Count,4} x {group.SectorSize,6} bytes  {string.Join(", ", AccessWords(group.Access))}";
            }

            foreach (var line in Ignored(alternate))
            {
                yield return $"    {line}";
            }
        }
    }

    /// <summary>What an alternate setting's name has beside memory maps, a line each; none if it has no map at all.</summary>
    public static IEnumerable<string> Ignored(DfuAlternate alternate) =>
        Layout(alternate)?.Ignored.Select(i => $"ignored, not part of a memory map (at character {i.At + 1}): {i.Printable}") ?? [];

    /// <summary>The sectors in an alternate setting's name, those of all its memory maps; none if it has none.</summary>
    public static IEnumerable<SectorGroup> Sectors(DfuAlternate alternate) => Layout(alternate)?.Maps.SelectMany(m => m.Groups) ?? [];

    /// <summary>The first memory map of a device, or null.</summary>
    public static MemoryMap? FirstMap(DfuDescription description) => description.Alternates.Select(a => Layout(a)?.Maps[0]).FirstOrDefault(m => m is not null);

    private static MemoryLayout? Layout(DfuAlternate alternate)
    {
        try
        {
            return MemoryLayout.Parse(alternate.Name);
        }
        catch (MemoryMapException)
        {
            return null;
        }
    }

    /// <summary>The access rights of sectors in words.</summary>
    public static IEnumerable<string> AccessWords(SectorAccess access) =>
        Enum.GetValues<SectorAccess>().Where(a => access.HasFlag(a)).Select(a => a.ToString().ToLowerInvariant());

    /// <summary>A binary-coded release: "22.00".</summary>
    public static string Release(ushort bcd) => $"{bcd >> 8:X}.{bcd & 0xFF:X2}";

    /// <summary>The serial number, or that there is none.</summary>
    public static string SerialNumber(DfuDescription description) => description.SerialNumber.Length == 0 ? "no serial number" : $"serial number {description.SerialNumber}";

    /// <summary>A device and its place: "0483:DF11 at 1-1".</summary>
    public static string Place(UsbDeviceInfo device) => $"{device.Id} at {device.Path}";
}
