using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb.Tracing;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary><c>trace</c>: shows in words what is in a recording of USB or of a serial port. Needs no board.</summary>
internal static class TraceCommand
{
    private const int MostFailures = 5;

    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "What --trace FILE wrote, a USB capture (.pcap, .pcapng), or a device emulation of fwupd (.json)" };
        var command = new ExampledCommand(
            "trace",
            "Show in words what is in a recording: each transfer, and how long erasing, writing and reading took.",
            "upload-helper trace trace.txt",
            "upload-helper trace usbmon.pcapng --json")
        {
            file,
        };
        command.SetAction(parse => context.Print(parse, (settings, _) =>
        {
            var recording = Recording.Read(Content(parse.GetValue(file)!));
            Write(context.Streams.Out, settings.Switch(SettingKeys.Json), recording, new TraceStory(recording));
        }));
        return command;
    }

    private static ReadOnlyMemory<byte> Content(string path)
    {
        try
        {
            return BoundedFile.Read(path, Recording.LargestSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadException(
                UploadError.Configuration, e is FileNotFoundException or DirectoryNotFoundException ? $"File {path} not found." : $"Cannot read {path}: {e.Message}", "Check the path and its permissions.", e);
        }
    }

    private static void Write(TextWriter writer, bool json, Recording recording, TraceStory story)
    {
        foreach (var line in story.Lines)
        {
            if (json)
            {
                new TransferEvent(line.Began?.TotalMilliseconds, line.Text, line.Times, line.Took.TotalMilliseconds, line.Fault).Print(writer);
            }
            else
            {
                writer.WriteLine(Ascii.Of(Text(line)));
            }
        }

        if (json)
        {
            new RecordingEvent(
                recording.Format,
                story.Boards.Boards.Select(b => new JsonRecordedBoard(b.Info.Id.ToString(), b.Info.Path, b.Name)),
                story.Totals.Select(t => new JsonStoryTotal(t.Purpose.ToString().ToLowerInvariant(), t.Took.TotalMilliseconds, t.Bytes)),
                story.Failures.Sum(f => f.Times),
                story.LeftOut,
                recording.Warnings).Print(writer);
            return;
        }

        writer.WriteLine();
        foreach (var line in Summary(recording, story))
        {
            writer.WriteLine(Ascii.Of(line));
        }
    }

    private static string Text(StoryLine line)
    {
        var times = line.Times == 1 ? "" : $", {line.Times} times";
        var took = line.Began is not null && line.Took.TotalMilliseconds >= 0.5 ? $" ({Milliseconds(line.Took)})" : "";
        return $"{(line.Began is { } began ? $"{began.TotalSeconds,9:0.000} s  " : "")}{line.Text}{times}{took}";
    }

    private static IEnumerable<string> Summary(Recording recording, TraceStory story)
    {
        yield return $"This is a {recording.Format}.";
        foreach (var board in story.Boards.Boards.Select(b => $"Board: {TransferWords.Place(b.Info)}, {b.Name}").Distinct())
        {
            yield return board;
        }

        if (story.Boards.Boards.Count == 0 && recording.Events.All(e => e.Name.Length == 0))
        {
            yield return "No board is in it.";
        }

        foreach (var total in story.Totals)
        {
            var what = total.Purpose switch { TransferPurpose.Erase => "Erasing", TransferPurpose.Write => "Writing", _ => "Reading" };
            var rate = total.Bytes > 0 && total.Took > TimeSpan.Zero ? $", {total.Bytes / 1024.0 / total.Took.TotalSeconds:0.0} KiB/s" : "";
            yield return $"{what}: {(total.Bytes > 0 ? $"{total.Bytes} bytes" : "")}{(total.Took > TimeSpan.Zero ? $"{(total.Bytes > 0 ? " in " : "")}{Milliseconds(total.Took)}" : "")}{rate}";
        }

        if (recording.Events.LastOrDefault(e => e.Operation == TraceOperation.Outcome) is { } outcome)
        {
            yield return outcome.Name.Length == 0 ? "Outcome: it succeeded." : $"Outcome: it failed [{outcome.Name}]. See: upload-helper explain {outcome.Name}";
        }

        var failures = story.Failures.ToList();
        yield return failures.Count == 0 ? "No transfer failed." : $"Failed: {failures.Sum(f => f.Times)} of its transfers.";
        foreach (var failure in failures.TakeLast(MostFailures))
        {
            yield return $"  {Text(failure).Trim()}";
        }

        if (story.LeftOut > 0)
        {
            yield return $"Not shown: {story.LeftOut} transfers of other devices.";
        }

        foreach (var warning in recording.Warnings)
        {
            yield return $"warning: {warning}";
        }
    }

    private static string Milliseconds(TimeSpan time) => time.TotalSeconds >= 10 ? $"{time.TotalSeconds:0.0} s" : $"{time.TotalMilliseconds:0} ms";
}
