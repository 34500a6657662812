using System.Text.Json;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;

namespace UploadHelper.Output;

/// <summary>What a device says of itself, as JSON fields.</summary>
internal static class DescriptionJson
{
    public static void Write(Utf8JsonWriter json, DfuDescription description)
    {
        json.WriteString("manufacturer", description.Manufacturer);
        json.WriteString("product", description.Product);
        json.WriteString("serial", description.SerialNumber);
        json.WriteNumber("release", description.Device.Release);
        json.WriteBoolean("dfuse", description.IsDfuSe);
        json.WriteNumber("attributes", description.Functional.Attributes);
        json.WriteNumber("transferSize", description.Functional.TransferSize);
        json.WriteStartArray("alternates");
        foreach (var alternate in description.Alternates)
        {
            json.WriteStartObject();
            json.WriteNumber("setting", alternate.Setting);
            json.WriteString("name", alternate.Name);
            Sectors(json, DescriptionText.Sectors(alternate));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Sectors(Utf8JsonWriter json, IReadOnlyList<SectorGroup> groups)
    {
        json.WriteStartArray("sectors");
        foreach (var group in groups)
        {
            json.WriteStartObject();
            json.WriteString("address", $"0x{group.Address:X8}");
            json.WriteNumber("count", group.Count);
            json.WriteNumber("size", group.SectorSize);
            json.WriteString("access", string.Join(",", DescriptionText.AccessWords(group.Access)));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
