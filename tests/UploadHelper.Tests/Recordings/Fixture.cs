using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;

namespace UploadHelper.Tests.Recordings;

/// <summary>
/// Makes of someone's recording a file for tests/recordings: in the format of <c>--trace</c>, without other devices on that machine, and without
/// what identifies a person or a single board. The README there says what is kept.
/// </summary>
internal static partial class Fixture
{
    private const byte StringDescriptor = 3;

    // What a board is reached by, and how a run is shown: a replay has its own.
    private static readonly string[] Dropped = ["simulate", "usbip", "config", "port", "wait-port", "trace", "json", "verbose", "quiet", "color"];

    /// <summary>Takes out what is not needed.</summary>
    /// <param name="recording">The recording.</param>
    public static Recording Of(Recording recording)
    {
        var boards = new RecordedBoards(recording);
        var serials = new Serials(recording);
        var port = recording.Events.Select(e => e.File?.Port).FirstOrDefault(p => p is not null);
        var events = new List<TraceEvent>();
        foreach (var e in recording.Events.Where(e => boards.Concerns(e) && e.Operation != TraceOperation.Unknown).Select(e => Clean(e, port, serials)))
        {
            // A list in which only a mouse has changed.
            var before = events.LastOrDefault(b => b.Operation == e.Operation);
            if (!(e.Operation == TraceOperation.Devices && before is not null && e.Devices.SequenceEqual(before.Devices, SameDevice.Instance))
                && !(e.Operation == TraceOperation.Ports && before is not null && e.Ports.SequenceEqual(before.Ports)))
            {
                events.Add(e);
            }
        }

        return recording with { Events = events };
    }

    /// <summary>A recording as <c>--trace</c> writes it.</summary>
    /// <param name="recording">The recording.</param>
    public static string Text(Recording recording)
    {
        var text = new StringBuilder();
        foreach (var e in recording.Events)
        {
            using var buffer = new MemoryStream();
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                json.WriteNumber("at", Math.Round((e.At ?? default).TotalMilliseconds, 3));
                json.WriteString("operation", e.Operation.ToString());
                Write(json, e);
                if (e.Fault is not null)
                {
                    json.WriteString("fault", e.Fault);
                }

                json.WriteEndObject();
            }

            text.Append(Encoding.UTF8.GetString(buffer.ToArray())).Append('\n');
        }

        return text.ToString();
    }

    private static TraceEvent Clean(TraceEvent e, string? port, Serials serials) => e.Operation switch
    {
        TraceOperation.Devices => e with { Devices = [.. e.Devices.Where(RecordedBoards.IsBoard)] },
        TraceOperation.Ports => e with
        {
            Ports = [.. e.Ports.Where(p => p.Name == port || (p.Id is { } id && BootloaderCatalogue.Find(id) is not null))
                .Select(p => p with { Name = serials.Hide(p.Name), SerialNumber = p.SerialNumber is { } serial ? serials.Hide(serial) : null })],
        },
        TraceOperation.Control when e.Setup is { RequestType: 0x80, Request: 6 } && e.Setup.Value >> 8 == StringDescriptor && e.Data.Length > 2 =>
            e with { Data = (byte[])[e.Data.Span[0], e.Data.Span[1], .. Encoding.Unicode.GetBytes(serials.Hide(Encoding.Unicode.GetString(e.Data.Span[2..])))] },
        TraceOperation.Request => e with
        {
            Settings = e.Settings.Where(s => !Dropped.Contains(s.Key)).ToDictionary(s => s.Key, s => serials.Hide(s.Value)),
        },
        TraceOperation.File => e with { File = e.File! with { Name = "sketch" + Path.GetExtension(e.File!.Name), Port = e.File.Port is { } name ? serials.Hide(name) : null } },
        _ => e with { Name = serials.Hide(e.Name) },
    };

    private static void Write(Utf8JsonWriter json, TraceEvent e)
    {
        switch (e.Operation)
        {
            case TraceOperation.Devices:
                json.WriteStartArray("devices");
                foreach (var device in e.Devices)
                {
                    json.WriteStartObject();
                    json.WriteNumber("bus", device.Bus);
                    json.WriteNumber("number", device.Number);
                    json.WriteString("path", device.Path);
                    json.WriteString("id", device.Id.ToString());
                    json.WriteNumber("release", device.Release);
                    json.WriteStartArray("interfaces");
                    foreach (var i in device.Interfaces)
                    {
                        json.WriteStringValue(Convert.ToHexString([i.Number, i.AlternateSetting, i.Class, i.SubClass, i.Protocol]));
                    }

                    json.WriteEndArray();
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                break;
            case TraceOperation.Ports:
                json.WriteStartArray("ports");
                foreach (var port in e.Ports)
                {
                    json.WriteStartObject();
                    Texts(json, ("name", port.Name), ("id", port.Id?.ToString()), ("serial", port.SerialNumber), ("path", port.Path), ("product", port.Product));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                break;
            case TraceOperation.Request:
                Texts(json, ("command", e.Name), ("version", e.Text));
                json.WriteStartObject("settings");
                Texts(json, [.. e.Settings.Select(s => (s.Key, (string?)s.Value))]);
                json.WriteEndObject();
                break;
            case TraceOperation.File:
                json.WriteNumber("size", e.File!.Size);
                Texts(json, ("name", e.File.Name), ("port", e.File.Port), ("waitPort", e.File.WaitPort));
                json.WriteStartArray("segments");
                foreach (var (address, data) in e.File.Segments)
                {
                    json.WriteStartObject();
                    Texts(json, ("address", address is { } at ? $"0x{at:X8}" : null), ("data", Convert.ToHexString(data.Span)));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                break;
            case TraceOperation.Outcome:
                Texts(json, ("error", e.Name));
                break;
            case TraceOperation.Open:
                json.WriteNumber("argument", e.Argument);
                Texts(json, ("cannot", e.Text.Length > 0 ? e.Text : null));
                break;
            case TraceOperation.Claim or TraceOperation.Alternate or TraceOperation.Reset:
                json.WriteNumber("device", e.Device);
                json.WriteNumber("argument", e.Argument);
                break;
            case TraceOperation.Control or TraceOperation.Interrupt or TraceOperation.Bulk:
                json.WriteNumber("device", e.Device);
                if (e.Operation == TraceOperation.Control)
                {
                    var setup = new byte[UsbSetup.Size];
                    e.Setup.Write(setup);
                    json.WriteString("setup", Convert.ToHexString(setup));
                }
                else
                {
                    json.WriteNumber("endpoint", e.Argument);
                }

                json.WriteString("data", Convert.ToHexString(e.Data.Span));
                json.WriteNumber("took", Math.Round(e.Took.TotalMilliseconds, 3));
                break;
            default:
                Texts(json, ("port", e.Name), ("data", e.Operation is TraceOperation.SerialRead or TraceOperation.SerialWrite ? Convert.ToHexString(e.Data.Span) : e.Text));
                json.WriteNumber("took", Math.Round(e.Took.TotalMilliseconds, 3));
                break;
        }
    }

    private static void Texts(Utf8JsonWriter json, params (string Name, string? Value)[] texts)
    {
        foreach (var (name, value) in texts.Where(t => t.Value is not null))
        {
            json.WriteString(name, value);
        }
    }

    // The serial numbers of single boards: eight digits or more. Shorter ones are those of a kind of board ("3CBJ", "LLM 003").
    private sealed partial class Serials
    {
        private readonly List<(string Serial, string Instead)> _known = [];

        public Serials(Recording recording)
        {
            var texts = recording.Events.SelectMany(e => e.Ports).Select(p => p.SerialNumber)
                .Concat(recording.Events.SelectMany(e => e.Settings).Where(s => s.Key == "serial").Select(s => s.Value))
                .Concat(recording.Events.Where(e => e.Setup is { RequestType: 0x80, Request: 6 } && e.Setup.Value >> 8 == StringDescriptor && (e.Setup.Value & 0xFF) > 0 && e.Data.Length > 2)
                    .Select(e => Encoding.Unicode.GetString(e.Data.Span[2..])));
            foreach (var serial in texts.OfType<string>().Where(t => OfOneBoard().IsMatch(t)).Distinct().OrderByDescending(t => t.Length))
            {
                var number = $"{_known.Count + 1}";
                _known.Add((serial, new string('0', serial.Length - number.Length) + number));
            }
        }

        public string Hide(string text)
        {
            foreach (var (serial, instead) in _known)
            {
                text = text.Replace(serial, instead, StringComparison.OrdinalIgnoreCase);
            }

            return text;
        }

        [GeneratedRegex("^[0-9A-Fa-f]{8,}$")]
        private static partial Regex OfOneBoard();
    }

    private sealed class SameDevice : IEqualityComparer<UsbDeviceInfo>
    {
        public static SameDevice Instance { get; } = new();

        public bool Equals(UsbDeviceInfo? x, UsbDeviceInfo? y) => x is not null && y is not null && (x.Bus, x.Number, x.Id, x.Release) == (y.Bus, y.Number, y.Id, y.Release) && x.Interfaces.SequenceEqual(y.Interfaces);

        public int GetHashCode(UsbDeviceInfo obj) => obj.Number;
    }
}
