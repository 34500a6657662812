using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;

namespace UploadHelper.Core.Diagnosis;

/// <summary>One line of what happened: a transfer, or several in a row of which the same is to be said.</summary>
/// <param name="Began">When it began, since the recording began; null if the recording has no times.</param>
/// <param name="Device">The number of the device, 0 for none.</param>
/// <param name="Text">What it was, and how it failed; not only ASCII.</param>
/// <param name="Times">How often in a row.</param>
/// <param name="Took">From the beginning of the first to the end of the last.</param>
/// <param name="Fault">How it failed; null if it did not.</param>
public sealed record StoryLine(TimeSpan? Began, int Device, string Text, int Times, TimeSpan Took, string? Fault);

/// <summary>How long something took in all.</summary>
/// <param name="Purpose">What.</param>
/// <param name="Took">The time in transfers, and in the pauses between those that wait for the same.</param>
/// <param name="Bytes">How many bytes of the board's memory.</param>
public sealed record StoryTotal(TransferPurpose Purpose, TimeSpan Took, int Bytes);

/// <summary>A recording in words.</summary>
public sealed class TraceStory
{
    private readonly List<StoryLine> _lines = [];
    private readonly StoryTotal[] _totals = [.. Enumerable.Range(0, (int)TransferPurpose.Read + 1).Select(p => new StoryTotal((TransferPurpose)p, default, 0))];

    /// <summary>Tells it.</summary>
    /// <param name="recording">The recording.</param>
    public TraceStory(Recording recording)
    {
        Boards = new RecordedBoards(recording);
        var words = new TransferWords(Boards);
        var (during, before) = (TransferPurpose.Other, (TimeSpan?)null);
        foreach (var e in recording.Events)
        {
            if (!Boards.Concerns(e))
            {
                LeftOut++;
                continue;
            }

            var (text, purpose, bytes) = words.Of(e);
            if (purpose == TransferPurpose.Poll)
            {
                Add(during, (e.At - before) ?? e.Took, during == TransferPurpose.Read ? bytes : 0);
            }
            else
            {
                during = purpose;
                Add(during, e.Took, bytes);
            }

            before = e.At ?? before;
            Fold(e, text);
        }
    }

    /// <summary>The boards in it.</summary>
    public RecordedBoards Boards { get; }

    /// <summary>What happened.</summary>
    public IReadOnlyList<StoryLine> Lines => _lines;

    /// <summary>How long erasing, writing and reading took, as far as there was any of it.</summary>
    public IEnumerable<StoryTotal> Totals => _totals.Where(t => t is { Purpose: TransferPurpose.Erase or TransferPurpose.Write or TransferPurpose.Read } and not { Bytes: 0, Took.Ticks: 0 });

    /// <summary>What failed.</summary>
    public IEnumerable<StoryLine> Failures => _lines.Where(l => l.Fault is not null);

    /// <summary>How many transfers of other devices are not told.</summary>
    public int LeftOut { get; private set; }

    private static string Failed(string fault) => fault switch
    {
        nameof(UsbFault.Stall) => "refused (STALL)",
        nameof(UsbFault.Timeout) => "no answer in time",
        nameof(UsbFault.Gone) => "the device is gone",
        nameof(UsbFault.AccessDenied) => "access denied",
        nameof(UsbFault.Busy) => "in use by another program or driver",
        nameof(UsbFault.WrongDriver) => "no driver that can be used",
        nameof(UsbFault.Io) => "the transfer failed",
        _ => $"failed ({fault})",
    };

    private void Add(TransferPurpose purpose, TimeSpan took, int bytes)
    {
        var total = _totals[(int)purpose];
        _totals[(int)purpose] = total with { Took = total.Took + took, Bytes = unchecked(total.Bytes + bytes) };
    }

    // The same thing several times in a row, or the same two things: a question and its answer.
    private void Fold(TraceEvent e, string text)
    {
        _lines.Add(new StoryLine(e.Began, e.Device, e.Fault is { } fault ? $"{text}: {Failed(fault)}" : text, 1, e.Took, e.Fault));
        for (var period = 1; period <= 2; period++)
        {
            var first = _lines.Count - 2 * period;
            if (first >= 0 && Enumerable.Range(first, period).All(at => Same(_lines[at], _lines[at + period])))
            {
                for (var at = first; at < first + period; at++)
                {
                    _lines[at] = Together(_lines[at], _lines[at + period]);
                }

                _lines.RemoveRange(first + period, period);
                return;
            }
        }
    }

    private static bool Same(StoryLine one, StoryLine next) => (one.Device, one.Text) == (next.Device, next.Text) && next.Times == 1;

    private static StoryLine Together(StoryLine one, StoryLine next) => one with
    {
        Times = one.Times + 1,
        Took = one.Began is { } began && next.Began is { } again ? again + next.Took - began : one.Took + next.Took,
    };
}
