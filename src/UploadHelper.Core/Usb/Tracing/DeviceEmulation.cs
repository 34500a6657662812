using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace UploadHelper.Core.Usb.Tracing;

/// <summary>
/// Reads a device emulation of fwupd (docs/device-emulation.md and libfwupdplugin/fu-usb-device.c there): what its daemon asked of devices, and
/// their answers, without times. In files since 2.0.3 a request is only named by the beginning of its SHA-1; those of DFU that carry no data of
/// a file are found again.
/// </summary>
internal static class DeviceEmulation
{
    private const string Format = "device emulation of fwupd";
    private const int Digits = 8;
    private const byte GetDescriptor = 6;
    private const byte StringDescriptor = 3;

    // FuUsbDirection, FuUsbRequestType and FuUsbRecipient have the values of bmRequestType, but for the direction, which is turned round.
    private static readonly Lazy<Dictionary<string, string>> Hashed = new(() => Candidates().ToDictionary(Hash));

    /// <summary>Whether a text may be such a file: an object with devices in it.</summary>
    public static bool Begins(ReadOnlySpan<byte> text) => text is [(byte)'{', ..] && text.IndexOf("\"UsbDevices\""u8) >= 0;

    /// <summary>Reads the events of all devices.</summary>
    public static Recording Read(ReadOnlyMemory<byte> content)
    {
        var (events, unknown) = (new List<TraceEvent>(), 0);
        try
        {
            using var json = JsonDocument.Parse(content.TrimStart("\uFEFF \t\r\n"u8));
            foreach (var device in json.RootElement.GetProperty("UsbDevices").EnumerateArray())
            {
                if (Device(device, events.Count + 1) is not { } info)
                {
                    continue;
                }

                events.Add(new TraceEvent(TraceOperation.Devices) { Devices = [info] });
                foreach (var recorded in device.TryGetProperty("UsbEvents", out var all) ? all.EnumerateArray() : default)
                {
                    var read = Events(recorded, info.Number).ToList();
                    unknown += read.Count(e => e.Operation == TraceOperation.Unknown);
                    events.AddRange(read);
                }
            }
        }
        catch (JsonException e)
        {
            throw Recording.Unreadable($"The {Format} is damaged or cut off in line {e.LineNumber + 1}.");
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Recording.Unreadable($"The {Format} is damaged: {e.Message}");
        }

        return new Recording(Format, events)
        {
            Warnings = unknown == 0 ? [] : [$"{unknown} of its events cannot be understood: it keeps only a hash of what was asked."],
        };
    }

    // Devices that are not on USB have no ids.
    private static UsbDeviceInfo? Device(JsonElement device, int number) => Number(device, "IdVendor") is var vendor and not 0
        ? new UsbDeviceInfo(
            0, number, Text(device, "PlatformId") ?? "", (ushort)vendor, (ushort)Number(device, "IdProduct"), (ushort)Number(device, "Device"),
            Interfaces(device))
        : null;

    private static List<UsbInterfaceInfo> Interfaces(JsonElement device)
    {
        var all = new List<UsbInterfaceInfo>();
        foreach (var i in device.TryGetProperty("UsbInterfaces", out var interfaces) ? interfaces.EnumerateArray() : default)
        {
            all.Add(new UsbInterfaceInfo(
                (byte)Number(i, "InterfaceNumber"), (byte)Number(i, "AlternateSetting"), (byte)Number(i, "InterfaceClass"),
                (byte)Number(i, "InterfaceSubClass"), (byte)Number(i, "InterfaceProtocol")));
        }

        return all;
    }

    private static IEnumerable<TraceEvent> Events(JsonElement recorded, int device)
    {
        var written = Text(recorded, "Id") ?? "";
        var id = written.StartsWith('#') ? Hashed.Value.GetValueOrDefault(written, written) : written;
        var (kind, values) = Split(id);
        var fault = recorded.TryGetProperty("Error", out var error) ? Fault(error) : null;
        var shared = new TraceEvent(TraceOperation.Control) { Device = device, Fault = fault };
        switch (kind)
        {
            case "ReadProp" or "ReadAttr" or "GetSymlinkTarget" or "GetBackendParent" or "GetCustomIndex":
                // What the operating system knows of it.
                break;
            case "ControlTransfer":
                var isIn = values("Direction") == 0;
                yield return shared with
                {
                    Setup = new UsbSetup(
                        (byte)((isIn ? 0x80 : 0) | values("RequestType") << 5 | values("Recipient")),
                        (byte)values("Request"), (ushort)values("Value"), (ushort)values("Idx"), (ushort)values("Length")),
                    Data = Bytes(recorded),
                };
                break;
            case "InterruptTransfer" or "BulkTransfer":
                yield return shared with { Operation = kind[0] == 'I' ? TraceOperation.Interrupt : TraceOperation.Bulk, Argument = values("Endpoint"), Data = Bytes(recorded) };
                break;
            case "GetStringDescriptorBytes":
                yield return shared with { Setup = DescriptorRequest(StringDescriptor, values("DescIndex"), values("Length")), Data = Bytes(recorded) };
                break;
            case "GetStringDescriptor":
                // The library has made ASCII of it.
                var text = Encoding.Unicode.GetBytes(Encoding.ASCII.GetString(Bytes(recorded).Span.TrimEnd((byte)0)));
                yield return shared with
                {
                    Setup = DescriptorRequest(StringDescriptor, values("DescIndex"), byte.MaxValue),
                    Data = (byte[])[(byte)Math.Min(text.Length + 2, byte.MaxValue - 1), StringDescriptor, .. text.Take(byte.MaxValue - 3)],
                };
                break;
            case "LoadDescriptor":
                foreach (var part in Descriptors(Bytes(recorded)))
                {
                    yield return shared with { Setup = DescriptorRequest(part.Span[1], 0, part.Length), Data = part };
                }

                break;
            default:
                yield return shared with { Operation = TraceOperation.Unknown, Text = id, Data = Bytes(recorded) };
                break;
        }
    }

    // The file "descriptors" of Linux: the device descriptor, then the configurations.
    private static IEnumerable<ReadOnlyMemory<byte>> Descriptors(ReadOnlyMemory<byte> all)
    {
        const int Device = 18;
        if (all.Length >= Device && all.Span[1] == 1)
        {
            yield return all[..Device];
            if (all.Length >= Device + 4 && all.Span[Device + 1] == 2)
            {
                var length = all.Span[Device + 2] | all.Span[Device + 3] << 8;
                yield return all.Slice(Device, Math.Clamp(length, 2, all.Length - Device));
            }
        }
    }

    private static UsbSetup DescriptorRequest(int type, int index, int length) => new(0x80, GetDescriptor, (ushort)(type << 8 | index & 0xFF), 0, (ushort)length);

    // "ControlTransfer:Direction=0x01,RequestType=0x01,..."
    private static (string Kind, Func<string, int> Values) Split(string id)
    {
        var parts = id.Split(':', 2);
        var fields = parts.Length < 2 ? [] : parts[1].Split(',');
        int Value(string name)
        {
            foreach (var field in fields)
            {
                if (field.StartsWith(name + "=0x", StringComparison.Ordinal)
                    && int.TryParse(field.AsSpan(name.Length + 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                {
                    return value;
                }
            }

            return 0;
        }

        return (parts[0], Value);
    }

    // The requests whose text is known beforehand.
    private static IEnumerable<string> Candidates()
    {
        string[] facts = ["ReadProp:Key=BUSNUM", "ReadProp:Key=DEVNUM", "ReadProp:Key=DEVTYPE", "ReadProp:Key=DEVNAME", "ReadAttr:Attr=uevent", "ReadAttr:Attr=vendor",
            "ReadAttr:Attr=device", "ReadAttr:Attr=class", "GetSymlinkTarget:Attr=subsystem", "GetSymlinkTarget:Attr=driver", "LoadDescriptor:basename=descriptors"];
        foreach (var fact in facts)
        {
            yield return fact;
        }

        for (var index = 1; index <= 16; index++)
        {
            yield return $"GetStringDescriptor:DescIndex=0x{index:x2}";
            yield return $"GetStringDescriptorBytes:DescIndex=0x{index:x2},Langid=0x0409,Length=0x80";
        }

        for (var number = 0; number < 4; number++)
        {
            // DETACH, CLRSTATUS, ABORT; GETSTATUS, GETSTATE.
            yield return Control(1, 0, 1000, number, 0);
            yield return Control(1, 4, 0, number, 0);
            yield return Control(1, 6, 0, number, 0);
            yield return Control(0, 3, 0, number, 6);
            yield return Control(0, 5, 0, number, 1);
        }
    }

    private static string Control(int direction, int request, int value, int index, int length) =>
        $"ControlTransfer:Direction=0x{direction:x2},RequestType=0x01,Recipient=0x01,Request=0x{request:x2},Value=0x{value:x4},Idx=0x{index:x4},Data={Convert.ToBase64String(new byte[length])},Length=0x{length:x}";

    // Numbers of libusb (libusb.h, enum libusb_error).
    private static string Fault(JsonElement error) => (error.ValueKind == JsonValueKind.Number && error.TryGetInt32(out var code) ? code : 0) switch
    {
        -9 => nameof(UsbFault.Stall),
        -7 => nameof(UsbFault.Timeout),
        -4 => nameof(UsbFault.Gone),
        _ => nameof(UsbFault.Io),
    };

    private static ReadOnlyMemory<byte> Bytes(JsonElement element)
    {
        var text = Text(element, "Data") ?? "";
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count) ? bytes.AsMemory(0, count) : default;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int Number(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.TryGetInt32(out var number) ? number : 0;

    // FIPS 180-4, 6.1. The runtime's needs a library of the system.
    private static string Hash(string text)
    {
        const int Block = 64;
        var bytes = Encoding.ASCII.GetBytes(text);
        var message = new byte[(bytes.Length + 8) / Block * Block + Block];
        bytes.CopyTo(message, 0);
        message[bytes.Length] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(message.AsSpan(message.Length - 8), bytes.Length * 8L);
        uint[] state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0];
        var words = new uint[80];
        for (var at = 0; at < message.Length; at += Block)
        {
            var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4]);
            for (var i = 0; i < words.Length; i++)
            {
                words[i] = i < 16
                    ? BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(at + 4 * i))
                    : BitOperations.RotateLeft(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
                var (f, k) = (i / 20) switch
                {
                    0 => (b & c | ~b & d, 0x5A827999u),
                    1 => (b ^ c ^ d, 0x6ED9EBA1u),
                    2 => (b & c | b & d | c & d, 0x8F1BBCDCu),
                    _ => (b ^ c ^ d, 0xCA62C1D6u),
                };
                (a, b, c, d, e) = (unchecked(BitOperations.RotateLeft(a, 5) + f + e + k + words[i]), a, BitOperations.RotateLeft(b, 30), c, d);
            }

            state = unchecked([state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e]);
        }

        return $"#{state[0]:x8}"[..(1 + Digits)];
    }
}
