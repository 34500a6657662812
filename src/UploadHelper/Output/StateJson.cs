using System.Text.Json;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Protocols.Dfu;

namespace UploadHelper.Output;

/// <summary>What <c>info</c> tells, as JSON fields.</summary>
internal static class StateJson
{
    /// <summary>Writes the fields.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="state">What the bootloader has said.</param>
    /// <param name="drivers">The drivers that hold it; null where they are not known.</param>
    public static void Write(Utf8JsonWriter json, BootloaderState state, IReadOnlyList<string>? drivers)
    {
        json.WriteString("id", state.Description.Device.Id.ToString());
        json.WriteNumber("usbRelease", state.Description.UsbRelease);
        json.WriteNumber("dfuVersion", state.Description.Functional.DfuVersion);
        DescriptionJson.Write(json, state.Description);
        if (drivers is not null)
        {
            json.WriteStartArray("drivers");
            foreach (var driver in drivers)
            {
                json.WriteStringValue(driver);
            }

            json.WriteEndArray();
        }

        json.WriteString("bootloader", state.Info?.Name);
        json.WriteString("state", state.Status.State.Name());
        json.WriteString("status", state.Status.Code.Name());
        json.WriteString("deviceDescriptor", Convert.ToHexString(state.DeviceDescriptor.Span));
        json.WriteString("configuration", Convert.ToHexString(state.Configuration.Span));
        json.WriteNumber("pollTimeout", state.Status.PollTimeout.TotalMilliseconds);
    }
}
