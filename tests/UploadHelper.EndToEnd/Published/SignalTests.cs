using UploadHelper.EndToEnd.Support;

namespace UploadHelper.EndToEnd.Published;

/// <summary>What Ctrl-C, an IDE's Cancel and a killed process leave behind.</summary>
public sealed class SignalTests : IDisposable
{
    private const int Offset = 0x1_0000;
    private readonly string _image = Path.GetTempFileName();

    public SignalTests()
    {
        // Large enough that erasing it takes several seconds, whatever else the machine has to do.
        var image = new byte[320 * 1024];
        new Random(1).NextBytes(image);
        File.ReadAllBytes(Repository.PathOf("tests", "firmware", "blink-08010000.bin")).CopyTo(image, 0);
        File.WriteAllBytes(_image, image);
    }

    [PublishedFact]
    public void A_signal_ends_the_wait_and_the_state_of_the_board_is_told()
    {
        using var board = new ServedBoard("f4boot");

        var (status, error) = Interrupted(board, PosixSignalNumber.Term, at: "Wait", "--timeout", "600");

        Assert.Equal(130, status);
        Assert.Contains("Nothing was erased.", error, StringComparison.Ordinal);
        Assert.EndsWith("error: cancelled\n", error, StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 130)]
    [InlineData("KILL", 137)]
    public void In_the_middle_of_it_the_bootloader_stays_whole_and_the_same_upload_succeeds(string signal, int expected)
    {
        using var board = new ServedBoard("f4boot-old,start=bootloader", hasPort: false);

        // Until the board confirms the first erase, the old sketch may be whole.
        var (status, error) = Interrupted(board, Enum.Parse<PosixSignalNumber>(signal, ignoreCase: true), at: "Erase     25%");

        Assert.Equal(expected, status);
        if (signal != "KILL")
        {
            Assert.Contains("Cancelled. The bootloader is intact; the sketch on the board is incomplete", error, StringComparison.Ordinal);
            Assert.EndsWith("error: cancelled\n", error, StringComparison.Ordinal);
            var info = ProcessRun.Of(Executable.Linux, ["info", "--usbip", $"127.0.0.1:{board.Port}"]);
            Assert.Contains("dfuIDLE", info.Out, StringComparison.Ordinal);
        }

        var again = ProcessRun.Of(Executable.Linux, Upload(board));

        var (log, flash) = board.Stop();
        Assert.True(again.Status == 0, $"{again}\n{log}");
        Assert.Equal(File.ReadAllBytes(_image), flash[Offset..(Offset + (int)new FileInfo(_image).Length)]);
        Assert.Contains("violations=0", log, StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_image);

    private (int Status, string Error) Interrupted(ServedBoard board, PosixSignalNumber signal, string at, params string[] options)
    {
        // A run in the background of a shell inherits an ignored SIGINT.
        using var process = ProcessRun.Start("env", ["--default-signal=INT", Executable.Linux, .. Upload(board), .. options]);
        process.StandardInput.Close();
        for (var seen = ""; !seen.EndsWith(at, StringComparison.Ordinal);)
        {
            var next = process.StandardError.Read();
            Assert.True(next >= 0, $"it ended before \"{at}\":\n{seen}");
            seen += (char)next;
        }

        ProcessRun.Signal(process, signal);
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }

    private string[] Upload(ServedBoard board) => ["upload", "--usbip", $"127.0.0.1:{board.Port}", "--offset", $"0x{Offset:X}", _image];
}
