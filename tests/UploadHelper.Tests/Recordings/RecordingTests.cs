using UploadHelper.Commands;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb.Tracing;
using UploadHelper.Tests.Support;
using Xunit.Abstractions;

namespace UploadHelper.Tests.Recordings;

/// <summary>Every file in tests/recordings: what was recorded happens again. scripts/fixture.sh adds one.</summary>
public class RecordingTests(ITestOutputHelper output)
{
    private const string Extension = ".trace";

    private static string Folder { get; } = Path.Combine(TestFiles.Repository, "tests", "recordings");

    public static TheoryData<string> Names => [.. Directory.GetFiles(Folder, "*" + Extension).Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    /// <summary>An upload sends the same requests, and ends in the same way; of another recording, the words are the same.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void It_happens_again(string name)
    {
        var path = Path.Combine(Folder, name + Extension);
        var recording = Recording.Read(File.ReadAllBytes(path));

        if (recording.Events.FirstOrDefault(e => e.File is not null)?.File is not { } file)
        {
            using var run = new ProgramRun();
            Assert.Equal(0, run.Run("trace", path));
            Snapshot.MatchFile(run.Out, Path.Combine(Folder, name + ".txt"));
            return;
        }

        var expected = recording.Events.Last(e => e.Operation == TraceOperation.Outcome).Name;
        Assert.Equal(expected, Upload(recording, file));
    }

    /// <summary>The file that is given to scripts/fixture.sh becomes one of them.</summary>
    [FixtureFact]
    public void Make()
    {
        var (source, name) = (FixtureFactAttribute.Source!, FixtureFactAttribute.Name!);
        var recording = Recording.Read(File.ReadAllBytes(source));
        var fixture = Fixture.Of(recording);
        var path = Path.Combine(Folder, name + Extension);
        File.WriteAllText(path, fixture.ToTrace());
        output.WriteLine($"fixture: a {recording.Format}; {fixture.Events.Count} of {recording.Events.Count} events kept");
        foreach (var warning in recording.Warnings)
        {
            output.WriteLine($"fixture: {warning}");
        }

        if (fixture.Events.FirstOrDefault(e => e.File is not null)?.File is { } file)
        {
            output.WriteLine($"fixture: an upload of {file.Size} bytes; the program itself is in the file");
            It_happens_again(name);
            return;
        }

        using var run = new ProgramRun();
        Assert.Equal(0, run.Run("trace", path));
        File.WriteAllText(Path.ChangeExtension(path, ".txt"), run.Out);
        output.WriteLine("fixture: no upload with its request is in it, so its words are kept beside it");
    }

    /// <summary>Repeats a recorded upload.</summary>
    /// <returns>The code of the error, or "".</returns>
    internal static string Upload(Recording recording, TracedFile file)
    {
        var replay = new Replay(recording);
        string outcome;
        try
        {
            new Uploader(replay, replay, replay.Clock, _ => { }).Run(Request(recording, file), CancellationToken.None);
            outcome = "";
        }
        catch (UploadException e)
        {
            outcome = e.Error.Code();
        }
        catch (ReplayException)
        {
            outcome = "";
        }

        Assert.Null(replay.Difference);
        Assert.Null(replay.Missing);
        return outcome;
    }

    private static UploadRequest Request(Recording recording, TracedFile file)
    {
        var typed = recording.Events.First(e => e.Operation == TraceOperation.Request).Settings.ToDictionary(s => s.Key, s => (string?)s.Value);
        typed.Remove("simulate");
        typed["wait-port"] = file.WaitPort;
        if (file.Port is not null)
        {
            typed["port"] = file.Port;
        }

        using var run = new ProgramRun();
        return UploadCommand.Request(SettingsLoader.Load(typed, null, run.Environment), run.File(Image(file, out var content), content), run.Environment);
    }

    private static string Image(TracedFile file, out byte[] content)
    {
        if (file.Segments is [{ Address: null, Data: var raw }])
        {
            content = raw.ToArray();
            return "sketch.bin";
        }

        var hex = new StringWriter();
        IntelHexWriter.Write(hex, [.. file.Segments.Select(s => new Segment(s.Address!.Value, s.Data))]);
        content = System.Text.Encoding.ASCII.GetBytes(hex.ToString());
        return "sketch.hex";
    }
}

/// <summary>A test that makes a file of tests/recordings; only scripts/fixture.sh runs it.</summary>
public sealed class FixtureFactAttribute : FactAttribute
{
    public FixtureFactAttribute() => Skip = Source is null || Name is null ? "makes a test of a recording: scripts/fixture.sh" : null;

    /// <summary>The recording.</summary>
    internal static string? Source { get; } = Environment.GetEnvironmentVariable("UPLOADHELPER_FIXTURE");

    /// <summary>The name of the test.</summary>
    internal static string? Name { get; } = Environment.GetEnvironmentVariable("UPLOADHELPER_FIXTURE_NAME");
}
