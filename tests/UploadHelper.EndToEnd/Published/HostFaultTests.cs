using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Published;

/// <summary>Outputs of a real system that take nothing: no upload ends for them, and the exit status is the board's outcome.</summary>
public sealed class HostFaultTests : IDisposable
{
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

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ProcessRun Shell(string command) => ProcessRun.Of("bash", ["-c", "set -o pipefail; " + command, Executable.Linux]);
}
