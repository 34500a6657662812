using System.Text.Json;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;

namespace UploadHelper.Output;

/// <summary>An image, as JSON fields.</summary>
internal static class ImageJson
{
    /// <summary>What every command tells of an image.</summary>
    public static void Write(Utf8JsonWriter json, FirmwareImage image, LinkAddress? fit)
    {
        json.WriteString("name", image.Name);
        json.WriteString("format", image.Format.ToString().ToLowerInvariant());
        json.WriteNumber("size", image.Size);
        json.WriteString("address", Hex(image.Start));
        json.WriteBoolean("addressProven", fit?.LinkedFor == image.Start);
        json.WriteStartArray("leftOut");
        foreach (var segment in image.LeftOut)
        {
            json.WriteStartObject();
            json.WriteString("address", Hex(segment.Address));
            json.WriteNumber("size", segment.Size);
            json.WriteString("section", segment.Section);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>What the image command tells beyond that.</summary>
    public static void Write(Utf8JsonWriter json, ImageInspection inspection)
    {
        Write(json, inspection.Image, inspection.Fit);
        json.WriteString("addressFrom", inspection.AddressFrom.ToString().ToLowerInvariant());
        json.WriteString("linkedFor", inspection.Fit?.LinkedFor is { } linkedFor ? Hex(linkedFor) : null);
        json.WriteString("stackPointer", inspection.Vectors is { } vectors ? Hex(vectors.StackPointer) : null);
        json.WriteString("resetVector", inspection.Vectors is { } table ? Hex(table.Reset) : null);
        json.WriteString("defect", inspection.Defect);
        json.WriteString("madeFor", inspection.Image.MadeFor?.ToString());
        Targets(json, inspection.Image.Targets);
        Bootloaders(json, inspection.Bootloaders);
    }

    private static void Targets(Utf8JsonWriter json, IReadOnlyList<ImageTarget> targets)
    {
        json.WriteStartArray("targets");
        foreach (var target in targets)
        {
            json.WriteStartObject();
            if (target.Alternate is { } alternate)
            {
                json.WriteNumber("alternate", alternate);
            }
            else
            {
                json.WriteNull("alternate");
            }

            json.WriteString("name", target.Name);
            json.WriteStartArray("segments");
            foreach (var segment in target.Segments)
            {
                json.WriteStartObject();
                json.WriteString("address", Hex(segment.Address));
                json.WriteNumber("size", segment.Data.Length);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Bootloaders(Utf8JsonWriter json, IReadOnlyList<BootloaderFit> bootloaders)
    {
        json.WriteStartArray("bootloaders");
        foreach (var fit in bootloaders)
        {
            json.WriteStartObject();
            json.WriteString("name", fit.Name);
            json.WriteString("options", fit.Options);
            json.WriteBoolean("fits", fit.Refusal is null);
            json.WriteString("refusal", fit.Refusal);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Hex(uint address) => $"0x{address:X8}";
}
