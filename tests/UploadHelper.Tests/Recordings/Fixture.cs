using System.Text;
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
