using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Published;

/// <summary>
/// Faults of a real system: outputs that take nothing, few descriptors, a process that is stopped, a second one at the same board. No upload
/// that the board could finish ends for them, and the exit status is the board's outcome.
/// </summary>
public sealed class HostFaultTests : IDisposable
{
    private const int Offset = 0x4000;
    private readonly string _folder = Directory.CreateTempSubdirectory("host-faults").FullName;

    [PublishedTheory]
    [InlineData(">/dev/full")]
    [InlineData("2>/dev/full")]
    [InlineData(">/dev/full 2>/dev/full")]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData(">&- 2>&-")]
    [InlineData("<&- >&- 2>&-")]
    [InlineData("--json >/dev/full")]
    [InlineData("--json 2>&-")]
    [InlineData("--trace /dev/full")]
    [InlineData("| head -0", 0)]
    public void An_upload_goes_on(string redirection, int status = 0)
    {
        var flash = Path.Combine(_folder, "flash.bin");

        var run = Shell($"\"$0\" upload tests/firmware/blink-08004000.bin --offset 0x4000 --simulate f4boot,flash={flash} {redirection}");

        Assert.True(run.Status == status, run.ToString());
        var image = File.ReadAllBytes(Repository.PathOf("tests", "firmware", "blink-08004000.bin"));
        Assert.Equal(image, File.ReadAllBytes(flash)[0x4000..(0x4000 + image.Length)]);
        Assert.Equal([flash], Directory.GetFiles(_folder));
    }

    [PublishedFact]
    public void What_only_prints_fails_where_nothing_can_be_printed() => Assert.Equal(2, Shell("\"$0\" list --simulate f4boot >/dev/full").Status);

    // The first descriptors that .NET opens have the numbers of those that are closed: a log line must not get into them.
    [PublishedFact]
    public void A_virtual_board_runs_with_all_of_its_streams_closed() =>
        Assert.Equal(0, Shell("\"$0\" simulate --board f4boot --listen 127.0.0.1:0 --for 1 <&- >&- 2>&-").Status);

    // The loader of the system needs one descriptor more than the three before the program runs at all.
    [PublishedFact]
    public void With_few_descriptors_it_succeeds_or_says_why_and_the_board_is_as_it_was()
    {
        var flash = Path.Combine(_folder, "flash.bin");
        var statuses = new List<int>();
        for (var descriptors = 4; descriptors <= 16; descriptors++)
        {
            File.Delete(flash);

            var run = Shell($"ulimit -n {descriptors}; exec \"$0\" upload tests/firmware/blink-08004000.bin --offset 0x4000 --simulate f4boot,flash={flash}");

            statuses.Add(run.Status);
            Assert.True(run.Status == 0 ? run.Out.StartsWith("Done: ", StringComparison.Ordinal) : run.Status < 128 && run.Error.Contains("error: ", StringComparison.Ordinal), $"{descriptors}: {run}");
            Assert.True(run.Status == 0 || !File.Exists(flash), run.ToString());
            Assert.DoesNotContain("Unhandled", run.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, statuses[^1]);
    }

    [PublishedTheory]
    [InlineData("HOME=/nowhere", "TMPDIR=/nowhere")]
    [InlineData("HOME=/proc", "TMPDIR=/proc")]
    [InlineData("LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8")]
    [InlineData("LANG=nonsense", "LC_ALL=$'\\xff\\e[31m'")]
    [InlineData("TERM=nonsense", "TERMINFO=/nowhere")]
    public void Its_surroundings_may_be_anything(string one, string other)
    {
        var run = Shell($"cd /proc; exec env -i {one} {other} \"$0\" upload {Repository.PathOf("tests", "firmware", "blink-08004000.bin")} --offset 0x4000 --simulate f4boot");

        Assert.True(run.Status == 0, run.ToString());
    }

    [PublishedTheory]
    [InlineData("sys")]
    [InlineData("proc")]
    [InlineData("dev/pts")]
    public void A_system_may_hide_its_folders(string folder)
    {
        // Only root may; elsewhere nothing is hidden.
        var image = Repository.PathOf("tests", "firmware", "blink-08004000.bin");
        var inside = $"mount -t tmpfs none /{folder} && \"$0\" list && exec \"$0\" upload {image} --offset 0x4000 --simulate f4boot";
        var run = Shell($"if [ $(id -u) = 0 ]; then exec unshare -m bash -c '{inside}' \"$0\"; fi; exec \"$0\" upload {image} --offset 0x4000 --simulate f4boot");

        Assert.True(run.Status == 0, run.ToString());
        Assert.Contains("Done: ", run.Out, StringComparison.Ordinal);
    }

    [PublishedFact]
    public void Stopped_for_longer_than_a_transfer_may_take_it_goes_on()
    {
        var image = Image(7);
        Parallel.ForEach(["Wait ", "Found ", "Erase     ", "Write     ", "Verify    "], new ParallelOptions { MaxDegreeOfParallelism = 5 }, at =>
        {
            using var board = new ServedBoard("f4boot");
            using var upload = ProcessRun.Start(Executable.Linux, [.. Upload(board, image), "--port", board.SerialPort]);
            for (var seen = ""; !seen.EndsWith(at, StringComparison.Ordinal);)
            {
                var next = upload.StandardError.Read();
                Assert.True(next >= 0, $"it ended before \"{at}\":\n{seen}");
                seen += (char)next;
            }

            ProcessRun.Signal(upload, PosixSignalNumber.Stop);
            Thread.Sleep(TimeSpan.FromSeconds(6));
            ProcessRun.Signal(upload, PosixSignalNumber.Continue);
            var error = upload.StandardError.ReadToEnd();
            upload.WaitForExit();

            Assert.True(upload.ExitCode == 0, $"{at}: {error}");
            var (log, flash) = board.Stop();
            Assert.Equal(File.ReadAllBytes(image), flash[Offset..(Offset + (int)new FileInfo(image).Length)]);
            Assert.Contains("violations=0", log, StringComparison.Ordinal);
        });
    }

    [PublishedTheory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(1500)]
    public void Of_two_uploads_to_one_board_each_is_done_or_refused_and_none_is_mixed(int milliseconds)
    {
        string[] images = [Image(7), Image(13)];
        using var board = new ServedBoard("f4boot");

        var runs = images.Select((image, i) => Task.Run(() =>
        {
            Thread.Sleep(i * milliseconds);
            return ProcessRun.Of(Executable.Linux, [.. Upload(board, image), "--port", board.SerialPort]);
        })).ToArray();
        Task.WaitAll(runs);

        var (log, flash) = board.Stop();
        var told = string.Join('\n', runs.Select(r => r.Result.ToString()));
        Assert.Contains("violations=0", log, StringComparison.Ordinal);
        Assert.Contains(runs, r => r.Result.Status == 0);
        Assert.All(runs.Where(r => r.Result.Status != 0), r => Assert.Matches("another program is using it. Nothing was erased. \\[device-busy\\]|The board is unchanged. \\[no-device\\]", r.Result.Error));
        Assert.True(images.Zip(runs).Any(u => u.Second.Result.Status == 0 && flash.AsSpan(Offset).StartsWith(File.ReadAllBytes(u.First))), told);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Image(int factor)
    {
        var image = new byte[90_000];
        Array.ForEach([.. Enumerable.Range(0, image.Length)], i => image[i] = (byte)(i * factor));
        File.ReadAllBytes(Repository.PathOf("tests", "firmware", "blink-08004000.bin")).CopyTo(image, 0);
        var path = Path.Combine(_folder, $"image-{factor}.bin");
        File.WriteAllBytes(path, image);
        return path;
    }

    private static string[] Upload(ServedBoard board, string image) => ["upload", image, "--usbip", $"127.0.0.1:{board.Port}", "--offset", $"0x{Offset:X}"];

    private static ProcessRun Shell(string command) => ProcessRun.Of("bash", ["-c", "set -o pipefail; " + command, Executable.Linux]);
}
